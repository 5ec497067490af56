"""The subscriber: reads streams of events that others publish, and takes each event's effect once.

Within a stream, events about the same thing (a lane) are handled one after the other, and lanes side by side. A
failure that says nothing about the event, such as a database that is away, is waited out for as long as it takes.
What cannot be handled goes to the dead letters with its reason, and the events behind it go on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import DomainError
from messaging.dead_letters import Burial, DeadLetters
from messaging.effects import Effect
from messaging.inbound import InboundEvent, Rejected, read_event
from messaging.owned_stream import GROUP, UNROUTED, Entry, NotOwner, OwnedStream
from messaging.tasks import end

POLL_SECONDS: Final = 1.0
STANDBY_SECONDS: Final = 0.5
FIND_SECONDS: Final = 5.0
GATHER_SECONDS: Final = 0.005
ASLEEP_SECONDS: Final = 0.5

Wanted = Callable[[], Awaitable[bool]]
"""Whether anybody wants what is published from now on. While nobody does, it is not even read."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SubscriberLimits:
    """How a stream is consumed.

    `in_flight`: most entries read and not yet acknowledged. `attempts`: failures that no outage explains, after
    which an event is a dead letter. `first_pause`, `longest_pause`: seconds between attempts, doubling. `lease`:
    seconds after which a silent owner's stream is taken over. `keep`: about how many entries stay once they are
    handled. `transient`: exceptions that say nothing about the event.
    """

    in_flight: int = 256
    attempts: int = 5
    first_pause: float = 0.1
    longest_pause: float = 10.0
    lease: float = 10.0
    keep: int = 1_000_000
    transient: tuple[type[Exception], ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """An entry and what it says, or why it cannot be handled."""

    entry: Entry
    event: InboundEvent | None = None
    rejected: Rejected | None = None

    @property
    def kind(self) -> str:
        """The type of an event that is handled here."""
        return self.event.type if self.event else UNROUTED


@dataclass(slots=True)
class StreamSubscriber:
    """Consumes one stream while it owns it, and stands by while another does."""

    stream: OwnedStream
    consumer: str
    effect: Effect
    letters: DeadLetters
    limits: SubscriberLimits = field(default_factory=SubscriberLimits)
    wanted: Wanted | None = None
    _lanes: dict[str, deque[Work]] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _in_flight: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _handled: list[tuple[bytes, str]] = field(default_factory=list)
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; then finish what is being handled, and let another process have the stream."""
        pause = self.limits.first_pause
        while not stop.is_set():
            try:
                await self._own(stop)
                pause = self.limits.first_pause
            except NotOwner:
                await _sleep(stop, STANDBY_SECONDS)
            except (RedisError, OSError) as error:
                log.warning("the subscriber waits for Redis", stream=self.stream.name, error=repr(error))
                await _sleep(stop, pause)
                pause = min(pause * 2, self.limits.longest_pause)

    async def _own(self, stop: asyncio.Event) -> None:
        """Consume for as long as the stream is ours; leave no lane behind."""
        self.stream.begin()
        self._stopping = False
        holding = asyncio.create_task(self._hold())
        consuming = asyncio.create_task(self._consume())
        acknowledging = asyncio.create_task(self._acknowledge())
        told = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                {holding, consuming, acknowledging, told}, return_when=asyncio.FIRST_COMPLETED
            )
            if told in done:
                await end({consuming})
                await self._finish()
                await end({holding, acknowledging})
                await self._flush()
                await self.stream.release()
            failures = [error for task in done - {told} if (error := task.exception())]
            if failures:
                raise failures[0]
        finally:
            await end({holding, consuming, acknowledging, told, *self._tasks})
            self._tasks.clear()
            self._lanes.clear()
            self._handled.clear()
            self._in_flight = 0

    async def _hold(self) -> None:
        """Keep the lease while lanes are slow. The first fetch takes it."""
        while True:
            await asyncio.sleep(self.limits.lease / 3)
            await self.stream.hold()

    async def _consume(self) -> None:
        await self._sleep_unwanted()
        while True:
            free = self.limits.in_flight - self._in_flight
            if not free:
                self._room.clear()
                await self._room.wait()
                continue
            if free < self.limits.in_flight // 2:
                await asyncio.sleep(GATHER_SECONDS)  # a few more, so that each fetch brings many
                free = self.limits.in_flight - self._in_flight
            entries = await self.stream.fetch(free)
            for entry in entries:
                self._admit(self._read(entry))
            if not entries:
                await self._sleep_unwanted()
                await self.stream.trim(self.limits.keep)
                await self.stream.wait(POLL_SECONDS)

    async def _sleep_unwanted(self) -> None:
        """Pass over what is published until somebody wants it: all that was there before they did."""
        while self.wanted is not None and not self._in_flight:
            head = await self.stream.head()
            try:
                if await self.wanted():
                    return
            except self.limits.transient as error:
                log.warning(
                    "the subscriber cannot tell who wants what", stream=self.stream.name, error=repr(error)
                )
            else:
                await self.stream.skip(head)
            await asyncio.sleep(ASLEEP_SECONDS)

    async def _acknowledge(self) -> None:
        """Acknowledge what lanes have handled, many at a time. What is lost comes again, and is found handled."""
        while True:
            await self._told.wait()
            await self._flush()

    async def _flush(self) -> None:
        self._told.clear()
        handled, self._handled = self._handled, []
        if handled:
            await self.stream.acknowledge(*handled)

    async def _finish(self) -> None:
        """Let each lane finish the event in hand."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks)

    # Lanes

    def _read(self, entry: Entry) -> tuple[str, Work]:
        try:
            event = read_event(entry.fields)
            return self.effect.lane(event), Work(entry, event)
        except Rejected as rejected:
            return "", Work(entry, rejected=rejected)

    def _admit(self, admitted: tuple[str, Work]) -> None:
        name, work = admitted
        self._in_flight += 1
        if name in self._lanes:
            self._lanes[name].append(work)
            return
        self._lanes[name] = deque([work])
        task = asyncio.create_task(self._drain(name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, name: str) -> None:
        lane = self._lanes[name]
        while lane and not self._stopping:
            await self._settle(lane[0])
            lane.popleft()
            self._in_flight -= 1
            self._room.set()
        if not lane:
            del self._lanes[name]

    async def _settle(self, work: Work) -> None:
        """Handle the entry until it has an outcome: its effect, or a dead letter."""
        attempts, failures, pause = 0, 0, self.limits.first_pause
        passing: tuple[type[Exception], ...] = (*self.limits.transient, RedisError, OSError)
        while not self._stopping or not attempts:
            attempts += 1
            try:
                why = await self._attempt(work, attempts)
                if why is None:
                    return self._done(work)
                if await self._bury(work, why):
                    return None
                log.error("the dead letters are full: settle some", stream=self.stream.name)
            except passing as error:
                log.warning("an event waits", stream=self.stream.name, entry=work.entry.id, error=repr(error))
            except Exception as error:
                failures += 1
                log.warning("an event failed", entry=work.entry.id, failures=failures, error=type(error).__name__)
                if failures == self.limits.attempts:
                    work = replace(work, rejected=Rejected("failed", f"{type(error).__name__}: {error}"[:500]))
                    continue
            await self._pause(work, pause)
            pause = min(pause * 2, self.limits.longest_pause)
        return None

    async def _pause(self, work: Work, seconds: float) -> None:
        with suppress(RedisError, OSError):
            await self.stream.count_retry(work.kind)
        await asyncio.sleep(seconds)

    async def _attempt(self, work: Work, attempts: int) -> Burial | None:
        """Take the effect; give the reason where there will never be one."""
        if work.rejected:
            return Burial(self.consumer, work.rejected.code, work.rejected.detail, attempts)
        assert work.event
        try:
            await self.effect.apply(work.event)
        except Rejected as rejected:
            return Burial(self.consumer, rejected.code, rejected.detail, attempts)
        except DomainError as refused:
            return Burial(self.consumer, refused.code, refused.message, attempts)
        return None

    def _done(self, work: Work) -> None:
        self._handled.append((work.entry.id, work.kind))
        self._told.set()

    async def _bury(self, work: Work, why: Burial) -> bool:
        buried = await self.letters.bury(
            self.stream.name, self.stream.group, work.entry.id, work.entry.fields, why
        )
        if buried:
            await self.stream.give_up(work.entry.id, work.kind)
            log.warning("an event is a dead letter", stream=self.stream.name, code=why.code, detail=why.detail)
        return buried


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, but no longer than until `stop`."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


class Subscriber:
    """Consumes every stream that `find` gives, each by whichever process comes first."""

    def __init__(
        self,
        redis: Redis,
        find: Callable[[], Awaitable[Sequence[str]]],
        consumer: str,
        effect: Effect,
        letters: DeadLetters,
        limits: SubscriberLimits | None = None,
        group: str = GROUP,
        wanted: Wanted | None = None,
    ) -> None:
        self._redis, self._find, self._consumer, self._effect = redis, find, consumer, effect
        self._letters, self._limits = letters, limits or SubscriberLimits()
        self._group, self._wanted = group, wanted
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, and finish what is in hand."""
        while not stop.is_set():
            try:
                for name in await self._find():
                    if name not in self._running:
                        self._running[name] = asyncio.create_task(self._of(name).run(stop))
            except (RedisError, OSError) as error:
                log.warning("the subscriber looks for streams again", error=repr(error))
            await _sleep(stop, FIND_SECONDS)
            for task in self._running.values():
                if task.done() and not stop.is_set():
                    task.result()  # a defect: the process ends, loudly
        await asyncio.gather(*self._running.values())

    def _of(self, name: str) -> StreamSubscriber:
        stream = OwnedStream(self._redis, name, lease=self._limits.lease, group=self._group)
        return StreamSubscriber(stream, self._consumer, self._effect, self._letters, self._limits, self._wanted)
