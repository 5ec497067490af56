"""The relay: the log, published to Redis Streams as CloudEvents 1.0, in order and at least once.

The position reached is kept in Redis and moves in the same transaction as the events it stands for. So a relay
that is killed repeats nothing, and a Redis that lost everything is filled again from the beginning of the log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from redis.asyncio import Redis

from eventstore.codec import Codec
from eventstore.store import LogReader, Recorded, Undecodable

POSITION: Final = "waybill:relay:position"
SOURCE: Final = "/waybill/{context}"


class Relay:
    """Run one at a time.

    Args:
        batch: Most events published in one transaction.
        keep: About how many events each stream keeps.
        pause: Seconds between two publications. Under load each carries more, at less cost per event.
    """

    def __init__(
        self,
        log: LogReader,
        codec: Codec,
        redis: Redis,
        *,
        batch: int = 500,
        keep: int = 1_000_000,
        pause: float = 0.05,
    ) -> None:
        self._log, self._codec, self._redis = log, codec, redis
        self._batch, self._keep, self._pause = batch, keep, pause

    async def run(self) -> None:
        """Publish whatever the log gains, until cancelled."""
        async for _ in self._log.wakeups():
            while await self.publish_next():
                await asyncio.sleep(self._pause)

    async def publish_next(self) -> int:
        """Publish the next events after the position reached; 0 when there are none."""
        after = int(await self._redis.get(POSITION) or 0)
        events = await self._log.read_log(after=after, limit=self._batch)
        if events:
            await self._publish(events)
        return len(events)

    async def _publish(self, events: Sequence[Recorded]) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            for recorded in events:
                stream = f"waybill.{context_of(recorded)}"
                fields: dict[Any, Any] = dict(cloud_event(recorded, self._codec))  # the client's type is invariant
                pipeline.xadd(stream, fields, maxlen=self._keep, approximate=True)
            pipeline.set(POSITION, events[-1].position or 0)
            await pipeline.execute()


def context_of(recorded: Recorded) -> str:
    """The domain context that owns the event: `orders`, `payments`, …"""
    if isinstance(recorded.event, Undecodable):
        return "undecodable"
    return type(recorded.event).__module__.split(".")[1]


def cloud_event(recorded: Recorded, codec: Codec) -> Mapping[str, str | bytes]:
    """CloudEvents 1.0 attributes, one stream field each; `id` is the event's, `subject` its stream."""
    return {
        "specversion": "1.0",
        "id": str(recorded.event_id),
        "source": SOURCE.format(context=context_of(recorded)),
        "type": f"waybill.{context_of(recorded)}.{recorded.type}",
        "subject": recorded.stream_id,
        "time": recorded.recorded_at.isoformat(),
        "datacontenttype": "application/json",
        "sequence": str(recorded.version),
        "position": str(recorded.position),
        "metadata": orjson.dumps(dict(recorded.metadata)),
        "data": recorded.event.data
        if isinstance(recorded.event, Undecodable)
        else codec.encode(recorded.event).data,
    }
