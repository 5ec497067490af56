"""How the subscriber fares: what is waiting on each stream, and what came of the rest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from messaging.inbound import INBOUND
from messaging.owned_stream import COUNTS, GROUP, ROUTE_COUNTS

MAX_STREAMS: Final = 64


@dataclass(frozen=True, slots=True)
class Subscription:
    """`lag`: entries not read yet. `pending`: read, and neither handled nor dead. The rest are counts.

    `consumed`: whether a process reads the stream now.
    """

    stream: str
    length: int
    lag: int
    pending: int
    handled: int
    retried: int
    dead: int
    consumed: bool


@dataclass(frozen=True, slots=True)
class RouteCount:
    """So many events of a type on a stream were `handled`, `retried` or `dead` since Redis began.

    The type is empty for events that nothing here handles.
    """

    stream: str
    type: str
    outcome: str
    count: int


async def inbound_streams(redis: Redis, contexts: Sequence[str]) -> Sequence[str]:
    """The streams of these contexts, and any other that somebody publishes to."""
    found = {f"{INBOUND}{context}" for context in contexts}
    async for name in redis.scan_iter(match=f"{INBOUND}*", count=1000, _type="stream"):
        found.add(name.decode())
    return sorted(found)[:MAX_STREAMS]


class Subscriptions:
    def __init__(self, redis: Redis, contexts: Sequence[str], *, group: str = GROUP) -> None:
        self._redis, self._contexts, self._group = redis, contexts, group

    async def list(self) -> Sequence[Subscription]:
        """Every inbound stream."""
        return [await self._of(name) for name in await inbound_streams(self._redis, self._contexts)]

    async def routes(self) -> Sequence[RouteCount]:
        """What came of the events of each stream and type, the relay's own streams among them."""
        counts: Any = await self._redis.hgetall(ROUTE_COUNTS)
        found = [(json.loads(name), int(count)) for name, count in counts.items()]
        return [RouteCount(stream, kind, outcome, count) for (stream, kind, outcome), count in sorted(found)]

    async def _of(self, name: str) -> Subscription:
        group = await self._group_of(name)
        length = int(await self._redis.xlen(name))
        handled, retried, dead = await self._counts(name)
        lag = group.get("lag")
        return Subscription(
            stream=name,
            length=length,
            lag=length if not group else int(lag or 0),
            pending=int(group.get("pending", 0)),
            handled=handled,
            retried=retried,
            dead=dead,
            consumed=bool(await self._redis.exists(f"waybill:owner:{self._group}:{name}")),
        )

    async def _group_of(self, name: str) -> dict[str, Any]:
        try:
            groups: Any = await self._redis.xinfo_groups(name)
        except ResponseError:  # nobody has published yet
            return {}
        return next((group for group in groups if group["name"] == self._group.encode()), {})

    async def _counts(self, name: str) -> tuple[int, int, int]:
        kinds = [f"{name}|{kind}" for kind in ("handled", "retried", "dead")]
        handled, retried, dead = await self._redis.hmget(COUNTS, kinds)
        return int(handled or 0), int(retried or 0), int(dead or 0)
