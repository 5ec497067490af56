"""Dead letters: messages that a consumer could not handle, and why, until a person replays or drops them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from redis.asyncio import Redis

from messaging.lua import script
from messaging.owned_stream import COUNTS

LETTERS: Final = "waybill.dead-letters"
SETTLED: Final = "waybill.dead-letters.settled"
MAX_SETTLED: Final = 10_000
PREFIX: Final = b"f."
MAX_FIELDS: Final = 1000
"""Of one message; a CloudEvent has a dozen, and a script takes some thousands of arguments."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`fields` are the message as it was published; `id` is the letter's own, and ends with its time."""

    id: str
    stream: str
    consumer: str
    code: str
    detail: str
    failed_at: datetime
    attempts: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Burial:
    """Why an entry becomes a dead letter."""

    consumer: str
    code: str
    detail: str
    attempts: int


class DeadLetters:
    """Args: limit: most letters kept; when it is reached consumers wait, as nothing is thrown away unseen."""

    def __init__(self, redis: Redis, *, limit: int = 100_000) -> None:
        self._redis, self._limit = redis, limit
        self._bury, self._settle = redis.register_script(script("bury")), redis.register_script(script("settle"))

    async def bury(
        self, stream: str, group: str, entry: bytes, fields: Mapping[bytes, bytes], why: Burial
    ) -> bool:
        """Move an entry here, off its group's pending ones. False where there are too many letters."""
        letter: dict[bytes | str, bytes | str | int] = {
            "stream": stream,
            "consumer": why.consumer,
            "code": why.code,
            "detail": why.detail,
            "attempts": why.attempts,
        }
        letter |= {PREFIX + name: value for name, value in islice(fields.items(), MAX_FIELDS)}
        flat = [part for pair in letter.items() for part in pair]
        return bool(await self._bury(keys=[stream, LETTERS, COUNTS], args=[group, entry, self._limit, *flat]))

    async def count(self) -> int:
        return int(await self._redis.xlen(LETTERS))

    async def page(self, *, after: str | None = None, limit: int = 50) -> Sequence[DeadLetter]:
        """Letters in the order they came, after the one of that id."""
        found: Any = await self._redis.xrange(LETTERS, min=f"({after}" if after else "-", count=limit)
        return [_letter(identity, fields) for identity, fields in found]

    async def replay(self, letter_id: str, *, reason: str, actor: str) -> bool:
        """Publish the message again, at the end of its stream. False where there is no such letter."""
        found: Any = await self._redis.xrange(LETTERS, min=letter_id, max=letter_id)
        if not found:
            return False
        stream = found[0][1][b"stream"]
        return await self._take(letter_id, "replayed", reason, actor, stream)

    async def drop(self, letter_id: str, *, reason: str, actor: str) -> bool:
        """Give the message up. False where there is no such letter."""
        return await self._take(letter_id, "dropped", reason, actor)

    async def _take(self, letter_id: str, action: str, reason: str, actor: str, *stream: bytes) -> bool:
        note = ("letter", letter_id, "action", action, "reason", reason, "actor", actor)
        return bool(await self._settle(keys=[LETTERS, SETTLED, *stream], args=[letter_id, MAX_SETTLED, *note]))


def _letter(identity: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    text = {name.decode(): value.decode(errors="replace") for name, value in fields.items() if name[:2] != PREFIX}
    milliseconds = int(identity.partition(b"-")[0])
    return DeadLetter(
        id=identity.decode(),
        stream=text["stream"],
        consumer=text["consumer"],
        code=text["code"],
        detail=text["detail"],
        failed_at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        attempts=int(text["attempts"]),
        fields={
            name[2:].decode(errors="replace"): value.decode(errors="replace")
            for name, value in fields.items()
            if name[:2] == PREFIX
        },
    )
