"""Dead letters: messages that a consumer could not handle, and why, until a person replays or drops them.

They are rows of PostgreSQL, committed before Redis is told that the message is done with: a message is in its
stream, among the letters, or for a moment in both, and an emptied Redis takes no letter along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

MAX_SETTLED: Final = 10_000
MAX_NUMBER: Final = 2**63 - 1

KNOWN: Final = text("""
    SELECT number FROM dead_letter
    WHERE stream = :stream AND consumer_group = :group AND entry = :entry AND content_hash = :hash
""")
BURY: Final = text("""
    INSERT INTO dead_letter
        (stream, consumer_group, entry, content_hash, names, contents, consumer, code, detail, attempts)
    SELECT :stream, :group, :entry, :hash, CAST(:names AS bytea[]), CAST(:contents AS bytea[]),
           :consumer, :code, :detail, :attempts
    WHERE (SELECT count(*) FROM dead_letter WHERE settled_at IS NULL) < :limit
    ON CONFLICT DO NOTHING RETURNING number
""")
COUNT: Final = text("SELECT count(*) FROM dead_letter WHERE settled_at IS NULL")
BY_STREAM: Final = text("SELECT stream, count(*) FROM dead_letter WHERE settled_at IS NULL GROUP BY stream")
PAGE: Final = text("""
    SELECT number, stream, names, contents, consumer, code, detail, attempts, failed_at FROM dead_letter
    WHERE settled_at IS NULL AND number > :after ORDER BY number LIMIT :limit
""")
# One at a time settles a letter. An advisory lock, because a row's would assign a transaction id, which holds the
# log's watermark back for as long as Redis takes.
ALONE: Final = text("SELECT pg_advisory_xact_lock(22348, CAST(:number % 2147483647 AS integer))")
OPEN: Final = text("SELECT stream, names, contents FROM dead_letter WHERE number = :number AND settled_at IS NULL")
SETTLE: Final = text("""
    UPDATE dead_letter SET settled_at = clock_timestamp(), action = :action, reason = :reason, actor = :actor
    WHERE number = :number
""")
FORGET: Final = text("""
    DELETE FROM dead_letter WHERE number IN (
        SELECT number FROM dead_letter WHERE settled_at IS NOT NULL ORDER BY settled_at DESC OFFSET :keep
    )
""")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`fields` are the message as it was published; `id` is the letter's own, and begins with its time."""

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
    """What raises an error of PostgreSQL or Redis has changed nothing, or may be done again.

    Args:
        redis: Where the messages came from; what is replayed goes there.
        limit: About so many open letters are kept; then consumers wait, as nothing is thrown away unseen.
    """

    def __init__(self, redis: Redis, engine: AsyncEngine, *, limit: int = 100_000) -> None:
        self._redis, self._engine, self._limit = redis, engine, limit

    async def bury(
        self, stream: str, group: str, entry: bytes, fields: Mapping[bytes, bytes], why: Burial
    ) -> bool:
        """Keep an entry, once however often; to be acknowledged afterwards. False where there are too many."""
        names, contents = list(fields.keys()), list(fields.values())
        key = {"stream": stream.encode(), "group": group, "entry": entry, "hash": _hash(names, contents)}
        letter = {
            "names": names,
            "contents": contents,
            "consumer": why.consumer,
            "code": _storable(why.code),
            "detail": _storable(why.detail),
            "attempts": why.attempts,
        }
        async with self._engine.begin() as connection:
            buried = await connection.execute(BURY, {**key, **letter, "limit": self._limit})
            return buried.first() is not None or (await connection.execute(KNOWN, key)).first() is not None

    async def count(self) -> int:
        """How many are open."""
        async with self._engine.connect() as connection:
            return int((await connection.execute(COUNT)).scalar_one())

    async def by_stream(self) -> Mapping[str, int]:
        """How many are open, by the stream they came from."""
        async with self._engine.connect() as connection:
            found = await connection.execute(BY_STREAM)
            return {stream.decode(errors="replace"): count for stream, count in found}

    async def page(self, *, after: str | None = None, limit: int = 50) -> Sequence[DeadLetter]:
        """Open letters in the order they came, after the one of that id."""
        async with self._engine.connect() as connection:
            found = await connection.execute(PAGE, {"after": _number(after) if after else 0, "limit": limit})
            return [_letter(row) for row in found]

    async def replay(self, letter_id: str, *, reason: str, actor: str) -> bool:
        """Publish the message again, at the end of its stream. False where there is no such letter.

        A process that dies in between leaves the letter open and the message published: who replays it again sends
        the same event again, which consumers find in their inbox.
        """
        return await self._settle(letter_id, "replayed", reason, actor)

    async def drop(self, letter_id: str, *, reason: str, actor: str) -> bool:
        """Give the message up. False where there is no such letter."""
        return await self._settle(letter_id, "dropped", reason, actor)

    async def _settle(self, letter_id: str, action: str, reason: str, actor: str) -> bool:
        number = _number(letter_id)
        async with self._engine.begin() as connection:
            await connection.execute(ALONE, {"number": number})
            letter = (await connection.execute(OPEN, {"number": number})).first()
            if letter is None:
                return False
            if action == "replayed":
                fields: dict[Any, Any] = dict(zip(letter.names, letter.contents, strict=True))
                await self._redis.xadd(letter.stream, fields)
            await _note(connection, number, action, reason, actor)
            return True


async def _note(connection: AsyncConnection, number: int, action: str, reason: str, actor: str) -> None:
    note = {"number": number, "action": action, "reason": _storable(reason), "actor": _storable(actor)}
    await connection.execute(SETTLE, note)
    await connection.execute(FORGET, {"keep": MAX_SETTLED})


def _hash(names: Sequence[bytes], contents: Sequence[bytes]) -> bytes:
    """Over all parts, each with its length before it."""
    return sha256(b"".join(b"%d:%b" % (len(part), part) for part in (*names, *contents))).digest()


def _storable(said: str) -> str:
    """A reason may quote the message, and PostgreSQL keeps neither NUL nor half of a surrogate pair in a text."""
    return said.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _number(letter_id: str) -> int:
    """The letter's number, the last part of its id; -1, which no letter has, where that is none."""
    last = letter_id.rpartition("-")[2]
    return int(last) if last.isdecimal() and last.isascii() and int(last) <= MAX_NUMBER else -1


def _letter(row: Any) -> DeadLetter:
    texts = [[part.decode(errors="replace") for part in parts] for parts in (row.names, row.contents)]
    return DeadLetter(
        id=f"{int(row.failed_at.timestamp() * 1000)}-{row.number}",
        stream=row.stream.decode(errors="replace"),
        consumer=row.consumer,
        code=row.code,
        detail=row.detail,
        failed_at=row.failed_at,
        attempts=row.attempts,
        fields=dict(zip(*texts, strict=True)),
    )
