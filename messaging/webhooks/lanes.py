"""How far each order is at each endpoint, who sends it now, and the log of what was attempted.

Every statement decides on the row as it is: two senders, a replay and a pause may meet on it in any order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from eventstore.store import StoredEvent
from messaging.webhooks.endpoints import PAUSE
from messaging.webhooks.sending import Attempt, Message

LOOK_AFTER: Final = 60.0  # seconds until somebody must have looked after a lane that waits

# An order that an endpoint has no lane of begins where the endpoint does.
WANT: Final = text("""
    INSERT INTO webhook_lane AS lane (endpoint_id, order_id, delivered, wanted, due_at)
    SELECT endpoint.endpoint_id, :order_id, coalesce((
               SELECT max(e.version) FROM event AS e JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq
               WHERE e.stream_id = :stream_id AND l.position <= endpoint.from_position
           ), 0), head.version, now() + make_interval(secs => :look_after)
    FROM webhook_endpoint AS endpoint, (
        SELECT max(e.version) AS version, max(l.position) AS position
        FROM event AS e JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq WHERE e.stream_id = :stream_id
    ) AS head
    WHERE head.position > endpoint.from_position
        AND (endpoint.event_types = '{}' OR CAST(:type AS text) = ANY (endpoint.event_types))
    ORDER BY endpoint.endpoint_id
    ON CONFLICT (endpoint_id, order_id) DO UPDATE SET wanted = greatest(lane.wanted, excluded.wanted),
        due_at = CASE WHEN lane.delivered < lane.wanted THEN lane.due_at ELSE excluded.due_at END
    RETURNING endpoint_id, retrying, delivered < wanted AS waiting
""")
CLAIM: Final = text("""
    UPDATE webhook_lane SET claim = :claim, claimed_until = now() + make_interval(secs => :seconds),
        retrying = retrying OR :retrying, due_at = now() + make_interval(secs => :due)
    WHERE endpoint_id = :endpoint_id AND order_id = :order_id AND (claim IS NULL OR claimed_until < now())
    RETURNING delivered, failures
""")
EXISTS: Final = text("SELECT 1 FROM webhook_lane WHERE endpoint_id = :endpoint_id AND order_id = :order_id")
PASS: Final = text("""
    UPDATE webhook_lane SET delivered = :version
    WHERE endpoint_id = :endpoint_id AND order_id = :order_id AND claim = :claim
""")
DELIVERED: Final = text("""
    UPDATE webhook_lane SET delivered = :version, failures = 0, failing_since = NULL,
        claimed_until = now() + make_interval(secs => :seconds),
        due_at = now() + make_interval(secs => :due)
    WHERE endpoint_id = :endpoint_id AND order_id = :order_id AND claim = :claim
""")
FAILED: Final = text("""
    UPDATE webhook_lane SET failures = failures + 1, failing_since = coalesce(failing_since, now()),
        retrying = true, claim = NULL, claimed_until = NULL,
        due_at = now() + make_interval(secs => :due)
    WHERE endpoint_id = :endpoint_id AND order_id = :order_id AND claim = :claim
    RETURNING failing_since < now() - make_interval(secs => :give_up) AS expired
""")
FINISH: Final = text("""
    UPDATE webhook_lane SET claim = NULL, claimed_until = NULL, retrying = false
    WHERE endpoint_id = :endpoint_id AND order_id = :order_id AND claim = :claim AND wanted <= delivered
""")
LET_GO: Final = text("""
    UPDATE webhook_lane SET claim = NULL, claimed_until = NULL
    WHERE endpoint_id = :endpoint_id AND order_id = :order_id AND claim = :claim
""")
REST: Final = text("""
    UPDATE webhook_lane SET retrying = false WHERE endpoint_id = :endpoint_id AND order_id = :order_id
""")
HAND_OVER: Final = text("""
    UPDATE webhook_lane SET retrying = true WHERE endpoint_id = :endpoint_id AND order_id = :order_id
""")
DUE: Final = text("""
    UPDATE webhook_lane AS lane SET due_at = now() + make_interval(secs => :look_after)
    FROM (
        SELECT l.endpoint_id, l.order_id FROM webhook_lane AS l JOIN webhook_endpoint AS e USING (endpoint_id)
        WHERE l.delivered < l.wanted AND l.due_at <= now() AND e.state = 'active'
        ORDER BY l.due_at LIMIT :most FOR UPDATE OF l SKIP LOCKED
    ) AS found
    WHERE (lane.endpoint_id, lane.order_id) = (found.endpoint_id, found.order_id)
    RETURNING lane.endpoint_id, lane.order_id
""")
# Whoever sends now loses its claim, so that what it notes does not undo this.
REPLAY: Final = text("""
    INSERT INTO webhook_lane AS lane (endpoint_id, order_id, delivered, wanted, due_at)
    SELECT :endpoint_id, CAST(substr(e.stream_id, 7) AS uuid), min(e.version) - 1, max(e.version), now()
    FROM log AS l JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq
    WHERE l.position > :after AND starts_with(e.stream_id, 'order/')
    GROUP BY e.stream_id ORDER BY e.stream_id
    ON CONFLICT (endpoint_id, order_id) DO UPDATE SET delivered = least(lane.delivered, excluded.delivered),
        wanted = greatest(lane.wanted, excluded.wanted), due_at = now(), claim = NULL, claimed_until = NULL
""")
EVENTS: Final = text("""
    SELECT l.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.recorded_at, e.metadata,
        e.data
    FROM event AS e JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq
    WHERE e.stream_id = :stream_id AND e.version > :after ORDER BY e.version LIMIT :most
""")
LOG: Final = text("""
    INSERT INTO webhook_delivery (endpoint_id, order_id, message_id, position, sequence, type, attempt, succeeded,
        status, error, milliseconds, body_sha256)
    SELECT endpoint_id, :order_id, :message_id, :position, :sequence, :type, :attempt, :succeeded, :status, :error,
        :milliseconds, :body_sha256
    FROM webhook_endpoint WHERE endpoint_id = :endpoint_id
""")
PAGE: Final = text("""
    SELECT delivery_id, order_id, message_id, position, sequence, type, attempt, succeeded, status, error,
        milliseconds, body_sha256, attempted_at
    FROM webhook_delivery
    WHERE endpoint_id = :endpoint_id AND delivery_id < coalesce(CAST(:before AS bigint), 9223372036854775807)
    ORDER BY delivery_id DESC LIMIT :most
""")
PRUNE: Final = text("""
    DELETE FROM webhook_delivery WHERE attempted_at < now() - make_interval(secs => :seconds)
""")
WORKED: Final = text("UPDATE webhook_endpoint SET failures = 0 WHERE endpoint_id = :endpoint_id AND failures > 0")
DID_NOT: Final = text("""
    UPDATE webhook_endpoint SET failures = failures + 1 WHERE endpoint_id = :endpoint_id RETURNING failures
""")
STANDING: Final = text("""
    SELECT (SELECT count(*) FROM webhook_endpoint WHERE state = 'active') AS active,
        (SELECT count(*) FROM webhook_endpoint WHERE state = 'paused') AS paused,
        count(*) AS waiting, count(*) FILTER (WHERE retrying) AS retrying,
        coalesce(extract(epoch FROM now() - min(failing_since)), 0)::float AS failing_seconds
    FROM webhook_lane WHERE delivered < wanted
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lane that an event concerns. `waiting`: there is something to send; `retrying`: a workflow does."""

    endpoint_id: UUID
    retrying: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lane that is ours. `delivered`: the last version sent; `failures`: attempts at the next one so far."""

    endpoint_id: UUID
    order_id: UUID
    claim: UUID
    delivered: int
    failures: int

    @property
    def key(self) -> dict[str, object]:
        return {"endpoint_id": self.endpoint_id, "order_id": self.order_id, "claim": self.claim}


@dataclass(frozen=True, slots=True)
class Failure:
    """`expired`: it has failed for as long as is tried. `in_a_row`: attempts at the endpoint."""

    expired: bool
    in_a_row: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt. `order_id`, `position` and `sequence` are None for a test."""

    delivery_id: int
    order_id: UUID | None
    message_id: str
    position: int | None
    sequence: int | None
    type: str
    attempt: int
    succeeded: bool
    status: int | None
    error: str | None
    milliseconds: int
    body_sha256: str
    attempted_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Endpoints by state; orders that wait, and how many of them are retried; seconds that the oldest fails."""

    active: int
    paused: int
    waiting: int
    retrying: int
    failing_seconds: float


def order_stream(order_id: UUID) -> str:
    return f"order/{order_id}"


@dataclass(frozen=True, slots=True)
class Lanes:
    """Args: hold: seconds a claim lasts without a word, longer than any attempt."""

    engine: AsyncEngine
    hold: float

    async def want(self, order_id: UUID, event_type: str) -> Sequence[Wanted]:
        """Note that the order has an event of this type; gives the lanes of the endpoints that take it."""
        values = {"order_id": order_id, "stream_id": order_stream(order_id), "type": event_type}
        async with self.engine.begin() as connection:
            rows = (await connection.execute(WANT, {**values, "look_after": LOOK_AFTER})).mappings().all()
        return [Wanted(**row) for row in rows]

    async def claim(self, endpoint_id: UUID, order_id: UUID, *, retrying: bool) -> Claimed | None:
        """None while another has it."""
        claim = uuid4()
        values = {
            "endpoint_id": endpoint_id,
            "order_id": order_id,
            "claim": claim,
            "retrying": retrying,
            "seconds": self.hold,
            "due": self.hold + LOOK_AFTER,
        }
        async with self.engine.begin() as connection:
            row = (await connection.execute(CLAIM, values)).mappings().first()
        return Claimed(endpoint_id, order_id, claim, row["delivered"], row["failures"]) if row else None

    async def exists(self, endpoint_id: UUID, order_id: UUID) -> bool:
        async with self.engine.connect() as connection:
            found = await connection.execute(EXISTS, {"endpoint_id": endpoint_id, "order_id": order_id})
            return found.first() is not None

    async def events(self, order_id: UUID, *, after: int, most: int) -> Sequence[StoredEvent]:
        """The order's events of higher versions, in order, as far as they have their place in the log."""
        values = {"stream_id": order_stream(order_id), "after": after, "most": most}
        async with self.engine.connect() as connection:
            return [StoredEvent(*row) for row in (await connection.execute(EVENTS, values)).all()]

    async def passed(self, lane: Claimed, version: int) -> bool:
        """Nobody asked for the events up to there. False when the lane is not ours any more."""
        return await self._run(PASS, **lane.key, version=version)

    async def delivered(self, lane: Claimed, event: StoredEvent, message: Message, attempt: Attempt) -> bool:
        """Note a success. False when the lane is not ours any more; the attempt is in the log all the same."""
        values = {**lane.key, "version": event.version, "seconds": self.hold, "due": self.hold + LOOK_AFTER}
        async with self.engine.begin() as connection:
            await connection.execute(LOG, _logged(lane, event, message, attempt))
            ours = (await connection.execute(DELIVERED, values)).rowcount == 1
            await connection.execute(WORKED, {"endpoint_id": lane.endpoint_id})
        return ours

    async def failed(
        self,
        lane: Claimed,
        event: StoredEvent,
        message: Message,
        attempt: Attempt,
        *,
        pause: float,
        give_up: float,
    ) -> Failure:
        """Note a failure; from here on the lane is a workflow's, and claimed by nobody."""
        values = {**lane.key, "due": pause + LOOK_AFTER, "give_up": give_up}
        async with self.engine.begin() as connection:
            await connection.execute(LOG, _logged(lane, event, message, attempt))
            row = (await connection.execute(FAILED, values)).first()
            counted = (await connection.execute(DID_NOT, {"endpoint_id": lane.endpoint_id})).first()
        return Failure(bool(row and row.expired), counted.failures if counted else 0)

    async def finish(self, lane: Claimed) -> bool:
        """Let the lane go, if nothing has come meanwhile."""
        return await self._run(FINISH, **lane.key)

    async def let_go(self, lane: Claimed) -> None:
        await self._run(LET_GO, **lane.key)

    async def rest(self, endpoint_id: UUID, order_id: UUID) -> None:
        """No workflow has it any more; it is found again when it is due."""
        await self._run(REST, endpoint_id=endpoint_id, order_id=order_id)

    async def hand_over(self, endpoint_id: UUID, order_id: UUID) -> None:
        """A workflow has it."""
        await self._run(HAND_OVER, endpoint_id=endpoint_id, order_id=order_id)

    async def pause(self, endpoint_id: UUID, reason: str) -> bool:
        return await self._run(PAUSE, endpoint_id=endpoint_id, reason=reason)

    async def due(self, *, most: int) -> Sequence[tuple[UUID, UUID]]:
        """Lanes that wait and nobody looked after: (endpoint, order). Each is given once in a while."""
        async with self.engine.begin() as connection:
            rows = (await connection.execute(DUE, {"most": most, "look_after": LOOK_AFTER})).all()
        return [(row.endpoint_id, row.order_id) for row in rows]

    async def replay(self, endpoint_id: UUID, *, after: int) -> int:
        """Send every event behind that position again; gives how many orders have some."""
        async with self.engine.begin() as connection:
            return (await connection.execute(REPLAY, {"endpoint_id": endpoint_id, "after": after})).rowcount

    async def log_test(self, endpoint_id: UUID, kind: str, message: Message, attempt: Attempt) -> None:
        none: Mapping[str, Any] = dict.fromkeys(("order_id", "position", "sequence"))
        values = {"endpoint_id": endpoint_id, "type": kind, "attempt": 1, **none, **_outcome(message, attempt)}
        await self._run(LOG, **values)

    async def deliveries(self, endpoint_id: UUID, *, before: int | None, most: int) -> Sequence[Delivery]:
        """The newest first."""
        async with self.engine.connect() as connection:
            values = {"endpoint_id": endpoint_id, "before": before, "most": most}
            return [Delivery(**row) for row in (await connection.execute(PAGE, values)).mappings()]

    async def prune(self, *, seconds: float) -> int:
        """Forget attempts longer ago than that; gives how many."""
        async with self.engine.begin() as connection:
            return (await connection.execute(PRUNE, {"seconds": seconds})).rowcount

    async def standing(self) -> Standing:
        async with self.engine.connect() as connection:
            return Standing(**(await connection.execute(STANDING)).mappings().one())

    async def _run(self, statement: Any, **values: object) -> bool:
        async with self.engine.begin() as connection:
            return bool((await connection.execute(statement, values)).rowcount)


def _outcome(message: Message, attempt: Attempt) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "body_sha256": message.sha256,
        "succeeded": attempt.succeeded,
        "status": attempt.status,
        "error": attempt.error,
        "milliseconds": attempt.milliseconds,
    }


def _logged(lane: Claimed, event: StoredEvent, message: Message, attempt: Attempt) -> dict[str, object]:
    return {
        "endpoint_id": lane.endpoint_id,
        "order_id": lane.order_id,
        "position": event.position,
        "sequence": event.version,
        "type": event.type,
        "attempt": lane.failures + 1,
        **_outcome(message, attempt),
    }
