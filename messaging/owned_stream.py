"""A Redis stream that this process reads alone while it holds its lease: each entry until it is acknowledged.

Owning a stream is what keeps the order: within a consumer group Redis hands neighbouring entries to whoever asks.
Who takes a stream over begins with what its last owner read and did not acknowledge (XAUTOCLAIM), oldest first.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from messaging.lua import script

GROUP: Final = "waybill"
FIRST: Final = "0-0"
COUNTS: Final = "waybill:subscriber:counts"
"""A hash of `{stream}|handled`, `retried` and `dead`: how many."""
ROUTE_COUNTS: Final = "waybill:subscriber:routes"
"""The same by type of event: a hash whose names are JSON, `[stream, type, "handled"]`."""
UNROUTED: Final = ""
"""In place of the type where nothing here handles the event: publishers' own types would be without number."""


class Entry(NamedTuple):
    id: bytes
    fields: Mapping[bytes, bytes]


class NotOwner(Exception):
    """Another process reads the stream."""


class OwnedStream:
    """Args: lease: seconds for which the stream stays ours without a word from us."""

    def __init__(self, redis: Redis, name: str, *, lease: float, group: str = GROUP) -> None:
        self.name, self.group, self.owner = name, group, uuid4().hex
        self._redis, self._milliseconds = redis, int(lease * 1000)
        self._lease = f"waybill:owner:{group}:{name}"
        self._fetch, self._hold = redis.register_script(script("fetch")), redis.register_script(script("hold"))
        self._release, self._skip = redis.register_script(script("release")), redis.register_script(script("skip"))
        self._claim = FIRST
        self._last = FIRST

    def begin(self) -> None:
        """Start over with whatever is not acknowledged, as after a loss of the lease."""
        self._claim = self._last = FIRST

    async def fetch(self, count: int) -> Sequence[Entry]:
        """At most `count` more entries, none when there are no more for now. Holds or takes the lease.

        Raises:
            NotOwner: another process has it.
        """
        while True:
            arguments: list[str | int] = [
                self.owner,
                self._milliseconds,
                self.group,
                self.owner,
                max(count, 1),
                self._claim,
            ]
            found: Any = await self._fetch(keys=[self._lease, self.name], args=arguments)
            if not found:
                raise NotOwner
            claimed, self._claim = self._claim, _next(found[0])
            entries = [Entry(identity, _pairs(flat)) for identity, flat in found[1]]
            if entries or not claimed:
                break
        if entries and not claimed:
            self._last = entries[-1].id.decode()
        return entries

    async def hold(self) -> None:
        """Keep the lease. Raises NotOwner."""
        if not await self._hold(keys=[self._lease], args=[self.owner, self._milliseconds]):
            raise NotOwner

    async def wait(self, seconds: float) -> None:
        """Wait for an entry that was not read yet; at most so long."""
        if self._last == FIRST:
            self._last = await self._delivered()
        await self._redis.xread({self.name: self._last}, count=1, block=int(seconds * 1000))

    async def head(self) -> str:
        """The entry that was published last."""
        try:
            stream: Any = await self._redis.xinfo_stream(self.name)
        except ResponseError:  # nobody has published yet
            return FIRST
        return str(stream["last-generated-id"].decode())

    async def skip(self, entry: str) -> None:
        """Read nothing up to that entry, and hold or take the lease.

        Raises:
            NotOwner: another process has it.
        """
        arguments: list[str | int] = [self.owner, self._milliseconds, self.group, entry]
        if not await self._skip(keys=[self._lease, self.name], args=arguments):
            raise NotOwner
        self._last = entry

    async def acknowledge(self, *entries: tuple[bytes, str]) -> None:
        """Entries that are handled, each with its event's type."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xack(self.name, self.group, *(entry for entry, _ in entries))
            self._count(pipeline, "handled", [kind for _, kind in entries])
            await pipeline.execute()

    async def give_up(self, entry: bytes, kind: str = UNROUTED) -> None:
        """Acknowledge an entry, of an event of this type, that is a dead letter now."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xack(self.name, self.group, entry)
            self._count(pipeline, "dead", [kind])
            await pipeline.execute()

    async def count_retry(self, kind: str = UNROUTED) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            self._count(pipeline, "retried", [kind])
            await pipeline.execute()

    def _count(self, pipeline: Pipeline, what: str, kinds: Sequence[str]) -> None:
        pipeline.hincrby(COUNTS, f"{self.name}|{what}", len(kinds))
        for kind, count in Counter(kinds).items():
            pipeline.hincrby(ROUTE_COUNTS, json.dumps([self.name, kind, what]), count)

    async def release(self) -> None:
        """Let another process have it at once."""
        await self._release(keys=[self._lease], args=[self.owner])

    async def _delivered(self) -> str:
        """The last entry that the group was given."""
        try:
            groups: Any = await self._redis.xinfo_groups(self.name)
        except ResponseError:  # nobody has published yet
            return FIRST
        last = (group["last-delivered-id"] for group in groups if group["name"] == self.group.encode())
        return next(last, FIRST.encode()).decode()

    async def trim(self, keep: int) -> None:
        """Drop what is handled where the stream has grown beyond about `keep` entries."""
        if await self._redis.xlen(self.name) <= keep:
            return
        pending: Any = await self._redis.xpending(self.name, self.group)
        oldest = pending["min"] or self._last
        await self._redis.xtrim(self.name, minid=oldest, approximate=True)


def _next(position: bytes) -> str:
    """Where to claim on; '' when all is claimed."""
    text = position.decode()
    return "" if text == FIRST else text


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
