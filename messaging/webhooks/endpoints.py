"""Webhook endpoints and their secrets, in the database."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import InvalidValue
from eventstore.privacy import DataKey, MasterKeys

ACTIVE: Final = "active"
PAUSED: Final = "paused"
BY_OPERATOR: Final = "operator"

INSERT: Final = text("""
    INSERT INTO webhook_endpoint
        (endpoint_id, url, description, event_types, state, from_position, created_by, asked)
    SELECT :endpoint_id, :url, :description, :event_types, 'active', position, :created_by, :asked FROM sequencer
    WHERE (SELECT count(*) FROM webhook_endpoint) < :most
    ON CONFLICT (endpoint_id) DO NOTHING
    RETURNING endpoint_id
""")
# Only now that subscribers see the endpoint, nothing behind the log's head can miss it.
BEGIN: Final = text("""
    UPDATE webhook_endpoint SET from_position = (SELECT position FROM sequencer) WHERE endpoint_id = :endpoint_id
""")
_SHOWN: Final = """
    SELECT endpoint_id, url, description, event_types, state, paused_reason, paused_at, failures, from_position,
        created_by, created_at
    FROM webhook_endpoint
"""
FIND: Final = text(f"{_SHOWN} WHERE endpoint_id = :endpoint_id")
LIST: Final = text(f"{_SHOWN} ORDER BY created_at, endpoint_id")
ASKED: Final = text("SELECT asked FROM webhook_endpoint WHERE endpoint_id = :endpoint_id")
ANY: Final = text("SELECT EXISTS (SELECT FROM webhook_endpoint)")
CHANGE: Final = text("""
    UPDATE webhook_endpoint SET url = coalesce(:url, url), description = coalesce(:description, description),
        event_types = coalesce(:event_types, event_types)
    WHERE endpoint_id = :endpoint_id
""")
DELETE: Final = text("DELETE FROM webhook_endpoint WHERE endpoint_id = :endpoint_id")
PAUSE: Final = text("""
    UPDATE webhook_endpoint SET state = 'paused', paused_reason = :reason, paused_at = now()
    WHERE endpoint_id = :endpoint_id AND state = 'active'
""")
RESUME: Final = text("""
    UPDATE webhook_endpoint SET state = 'active', paused_reason = NULL, paused_at = NULL, failures = 0
    WHERE endpoint_id = :endpoint_id
""")
TAKE_UP: Final = text("""
    UPDATE webhook_lane SET due_at = now(), failures = 0, failing_since = NULL
    WHERE endpoint_id = :endpoint_id AND delivered < wanted
""")
SECRET: Final = text("""
    INSERT INTO webhook_secret (key_id, endpoint_id, master, wrapped)
    VALUES (:key_id, :endpoint_id, :master, :wrapped)
""")
OUTDATE: Final = text("""
    UPDATE webhook_secret
    SET expires_at = least(expires_at, now() + make_interval(secs => :overlap))
    WHERE endpoint_id = :endpoint_id
""")
EXPIRED: Final = text("DELETE FROM webhook_secret WHERE endpoint_id = :endpoint_id AND expires_at <= now()")
SECRETS: Final = text("""
    SELECT key_id, master, wrapped FROM webhook_secret
    WHERE endpoint_id = :endpoint_id AND (expires_at IS NULL OR expires_at > now()) ORDER BY created_at DESC
""")
WRAPPED_OTHERWISE: Final = text("SELECT * FROM webhook_secret WHERE master <> :master FOR UPDATE")
REWRAP: Final = text("UPDATE webhook_secret SET master = :master, wrapped = :wrapped WHERE key_id = :key_id")
MAX_SECRETS: Final = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`event_types`: those that are sent, all of them when there are none. `failures`: attempts in a row."""

    endpoint_id: UUID
    url: str
    description: str
    event_types: Sequence[str]
    state: str
    paused_reason: str | None
    paused_at: datetime | None
    failures: int
    from_position: int
    created_by: str
    created_at: datetime

    def takes(self, event_type: str) -> bool:
        return not self.event_types or event_type in self.event_types


@dataclass(frozen=True, slots=True)
class NewSecret:
    """`secret` is told once, in the form of Standard Webhooks."""

    endpoint_id: UUID
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Args: most: endpoints there may be."""

    engine: AsyncEngine
    masters: MasterKeys
    most: int = 100

    async def create(
        self, endpoint_id: UUID, *, url: str, description: str, event_types: Sequence[str], created_by: str
    ) -> NewSecret | None:
        """None when there are as many as there may be. Made again, it is the same, and tells a secret that signs.

        Raises:
            InvalidValue: `idempotency-key-reuse`, another endpoint was asked for under this id.
        """
        given = {"url": url, "description": description, "event_types": list(event_types)}
        asked = sha256(json.dumps(given, sort_keys=True).encode()).digest()
        values = {**given, "endpoint_id": endpoint_id, "created_by": created_by, "asked": asked, "most": self.most}
        async with self.engine.begin() as connection:
            if (await connection.execute(INSERT, values)).first() is None:
                return await self._made_before(connection, endpoint_id, asked)
            secret = await self._add_secret(connection, endpoint_id)
        async with self.engine.begin() as connection:
            await connection.execute(BEGIN, {"endpoint_id": endpoint_id})
        return secret

    async def _made_before(self, connection: AsyncConnection, endpoint_id: UUID, asked: bytes) -> NewSecret | None:
        found = (await connection.execute(ASKED, {"endpoint_id": endpoint_id})).first()
        if found is None:
            return None
        if found.asked != asked:
            raise InvalidValue("this Idempotency-Key stands for another endpoint", code="idempotency-key-reuse")
        rows = (await connection.execute(SECRETS, {"endpoint_id": endpoint_id})).mappings().all()
        return NewSecret(endpoint_id, _shown(self._unwrapped(endpoint_id, rows[0])))

    async def list(self) -> Sequence[Endpoint]:
        async with self.engine.connect() as connection:
            return [_endpoint(row) for row in (await connection.execute(LIST)).mappings()]

    async def any(self) -> bool:
        """Whether there is one, in whatever state."""
        async with self.engine.connect() as connection:
            return bool(await connection.scalar(ANY))

    async def find(self, endpoint_id: UUID) -> Endpoint | None:
        async with self.engine.connect() as connection:
            row = (await connection.execute(FIND, {"endpoint_id": endpoint_id})).mappings().first()
        return _endpoint(row) if row else None

    async def change(
        self,
        endpoint_id: UUID,
        *,
        url: str | None = None,
        description: str | None = None,
        event_types: Sequence[str] | None = None,
    ) -> bool:
        """Change what is given; whether there is such an endpoint."""
        types = None if event_types is None else list(event_types)
        return await self._run(
            CHANGE, endpoint_id=endpoint_id, url=url, description=description, event_types=types
        )

    async def delete(self, endpoint_id: UUID) -> bool:
        """With its log and all that waits for it."""
        return await self._run(DELETE, endpoint_id=endpoint_id)

    async def pause(self, endpoint_id: UUID, reason: str = BY_OPERATOR) -> bool:
        """Whether it was active. What happens meanwhile waits."""
        return await self._run(PAUSE, endpoint_id=endpoint_id, reason=reason)

    async def resume(self, endpoint_id: UUID) -> bool:
        """Send again, beginning with what waits."""
        async with self.engine.begin() as connection:
            found = (await connection.execute(RESUME, {"endpoint_id": endpoint_id})).rowcount == 1
            await connection.execute(TAKE_UP, {"endpoint_id": endpoint_id})
        return found

    async def rotate(self, endpoint_id: UUID, *, overlap: float) -> NewSecret | None:
        """A new secret; those before it sign beside it for `overlap` more seconds. None without the endpoint."""
        async with self.engine.begin() as connection:
            values = {"endpoint_id": endpoint_id}
            locked = text("SELECT 1 FROM webhook_endpoint WHERE endpoint_id = :endpoint_id FOR UPDATE")
            if (await connection.execute(locked, values)).first() is None:
                return None
            await connection.execute(OUTDATE, {**values, "overlap": overlap})
            await connection.execute(EXPIRED, values)
            return await self._add_secret(connection, endpoint_id)

    async def secrets(self, endpoint_id: UUID) -> Sequence[str]:
        """Those that sign now, the newest first; at most `MAX_SECRETS`."""
        async with self.engine.connect() as connection:
            rows = (await connection.execute(SECRETS, {"endpoint_id": endpoint_id})).mappings().all()
        return [_shown(self._unwrapped(endpoint_id, row)) for row in rows[:MAX_SECRETS]]

    async def rewrap(self) -> int:
        """Wrap every secret with the current master key; gives how many were under another.

        Raises:
            MasterKeyMissing: one is under a master key that was not given; nothing is changed.
        """
        async with self.engine.begin() as connection:
            rows = (await connection.execute(WRAPPED_OTHERWISE, {"master": self.masters.current})).mappings().all()
            for row in rows:
                key = self._unwrapped(row["endpoint_id"], row)
                values = {"master": self.masters.current, "wrapped": self.masters.wrap(key)}
                await connection.execute(REWRAP, {**values, "key_id": key.key_id})
        return len(rows)

    async def _add_secret(self, connection: AsyncConnection, endpoint_id: UUID) -> NewSecret:
        key = DataKey.new(_owner(endpoint_id))
        wrapped = {"master": self.masters.current, "wrapped": self.masters.wrap(key)}
        await connection.execute(SECRET, {"key_id": key.key_id, "endpoint_id": endpoint_id, **wrapped})
        return NewSecret(endpoint_id, _shown(key))

    def _unwrapped(self, endpoint_id: UUID, row: Mapping[Any, Any]) -> DataKey:
        return self.masters.unwrap(row["master"], row["key_id"], _owner(endpoint_id), bytes(row["wrapped"]))

    async def _run(self, statement: Any, **values: object) -> bool:
        async with self.engine.begin() as connection:
            return bool((await connection.execute(statement, values)).rowcount)


def _owner(endpoint_id: UUID) -> str:
    return f"webhook/{endpoint_id}"


def _shown(key: DataKey) -> str:
    return "whsec_" + b64encode(key.secret).decode()


def _endpoint(row: Mapping[Any, Any]) -> Endpoint:
    return Endpoint(**row)
