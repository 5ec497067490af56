"""The heart of every step: load the order's stream, look the step up, decide, append; in that order.

A step whose events are found is done, whoever did it: an attempt that was killed between append and answer
finds them on the next attempt and returns what they say. A writer that loses a race loads and decides again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from cachetools import LRUCache
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from activities.contracts import Step
from domain.errors import InvalidValue, NotAllowed
from domain.identifiers import event_id
from domain.record import EMPTY, OrderRecord, OrderStreamEvent, fold_record
from eventstore.store import (
    Appended,
    EventStore,
    NewEvent,
    Recorded,
    StreamReader,
    StreamWrite,
    WrongExpectedVersion,
)

decide_again_on_conflict = retry(
    retry=retry_if_exception_type(WrongExpectedVersion),
    stop=stop_after_attempt(20),
    wait=wait_random_exponential(multiplier=0.001, max=0.03),  # apart, so that not the same ones meet again
    reraise=True,
)
"""A step that lost a race decides again, at most this often; after that the retry is Temporal's."""

Decide = Callable[[OrderRecord], Sequence[OrderStreamEvent]]


@dataclass(frozen=True, slots=True)
class LoadedOrder:
    """An order's stream, folded. `steps` has the events that each step (or command) wrote, with their versions.

    `fingerprints` has a digest of what each command asked for, by its key.
    """

    order_id: UUID
    version: int
    record: OrderRecord
    steps: Mapping[str, tuple[tuple[int, OrderStreamEvent], ...]]
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def check_fingerprint(self, key: str, fingerprint: str | None) -> None:
        """Raises InvalidValue (`idempotency-key-reuse`): the key stands for another command."""
        known = self.fingerprints.get(key)
        if known and fingerprint and known != fingerprint:
            raise key_reused()

    def of_step(self, key: str) -> tuple[OrderStreamEvent, ...]:
        return tuple(event for _, event in self.steps.get(key, ()))

    def version_of(self, key: str) -> int:
        """Version of the step's last event; the stream's when the step wrote none."""
        stored = self.steps.get(key)
        return stored[-1][0] if stored else self.version


def key_reused() -> InvalidValue:
    return InvalidValue("the Idempotency-Key was used for another request", code="idempotency-key-reuse")


def order_stream(order_id: UUID) -> str:
    return f"order/{order_id}"


class RecentOrders:
    """An event store that remembers the orders it was asked for last, so that only what is new is read and folded.

    What it remembers is never trusted to be the present: see `load_order`.
    """

    def __init__(self, store: EventStore, *, capacity: int = 1000) -> None:
        self._store, self._orders = store, LRUCache[UUID, LoadedOrder](capacity)

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        return await self._store.read_stream(stream_id, after=after, limit=limit)

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        return await self._store.append(writes)

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        return await self._store.version_of(stream_id, event_id)

    def recall(self, order_id: UUID) -> LoadedOrder | None:
        return self._orders.get(order_id)

    def remember(self, order: LoadedOrder) -> None:
        self._orders[order.order_id] = order


async def load_order(store: StreamReader, order_id: UUID) -> LoadedOrder:
    """The order as it stands now: what is remembered of it, and every event since."""
    known = (store.recall(order_id) if isinstance(store, RecentOrders) else None) or nothing(order_id)
    return remember(store, _fold(known, await store.read_stream(order_stream(order_id), after=known.version)))


def nothing(order_id: UUID) -> LoadedOrder:
    """An order of which nothing happened yet."""
    return LoadedOrder(order_id, 0, EMPTY, {})


def fold_order(order_id: UUID, stored: Sequence[Recorded]) -> LoadedOrder:
    return _fold(nothing(order_id), stored)


def _fold(known: LoadedOrder, stored: Sequence[Recorded]) -> LoadedOrder:
    if not stored:
        return known
    events = [cast(OrderStreamEvent, recorded.event) for recorded in stored]
    steps, fingerprints = dict(known.steps), dict(known.fingerprints)
    for recorded, event in zip(stored, events, strict=True):
        if key := recorded.metadata.get("step"):
            steps[key] = (*steps.get(key, ()), (recorded.version, event))
            if fingerprint := recorded.metadata.get("fingerprint"):
                fingerprints[key] = fingerprint
    record = fold_record(events, known.record)
    return LoadedOrder(known.order_id, stored[-1].version, record, steps, fingerprints)


def remember(store: StreamReader, order: LoadedOrder) -> LoadedOrder:
    if isinstance(store, RecentOrders):
        store.remember(order)
    return order


def order_write(order: LoadedOrder, step: Step, events: Sequence[OrderStreamEvent]) -> StreamWrite:
    """The write of a step's events at the version they were decided on.

    Event ids count on from those the step wrote before: a request is its event 0, the outcome its event 1.
    """
    return StreamWrite(order_stream(step.order_id), order.version, new_events(order, step, events))


def new_events(order: LoadedOrder, step: Step, events: Sequence[OrderStreamEvent]) -> tuple[NewEvent, ...]:
    first = len(order.steps.get(step.key, ()))
    metadata = {"step": step.key, "actor": step.actor}
    if step.fingerprint:
        metadata["fingerprint"] = step.fingerprint
    return tuple(
        NewEvent(event_id(step.order_id, step.key, first + index), event, metadata)
        for index, event in enumerate(events)
    )


async def run_step(
    store: EventStore, step: Step, decide: Decide, *, known: LoadedOrder | None = None, written: int = 1
) -> LoadedOrder:
    """Make sure that the step's events stand in the stream; return the order with them.

    Args:
        known: The stream as it was just read. It spares the first attempt a read; if it is old, the store says so.
        written: How many events the step has written once it is done: an effect's outcome is its second.

    Raises:
        DomainError: the decider refuses, and the step wrote nothing before; or its key was another command's.
        WrongExpectedVersion: lost the race too often.
    """

    @decide_again_on_conflict
    async def attempt() -> LoadedOrder:
        nonlocal known
        order, known = known or await load_order(store, step.order_id), None
        if len(order.steps.get(step.key, ())) >= written:
            order.check_fingerprint(step.key, step.fingerprint)
            return order
        events = decide(order.record)
        return await append_step(store, order, step, events) if events else order

    return await attempt()


async def check_version(store: StreamReader, step: Step, expected: int | None) -> None:
    """Refuse a command whose caller saw another version of the order; one that is done already is not refused.

    Raises:
        NotAllowed: `version-mismatch`.
    """
    if expected is None:
        return
    order = await load_order(store, step.order_id)
    if step.key not in order.steps and order.version != expected:
        raise NotAllowed(
            f"the order is at version {order.version}, not {expected}; read it again",
            code="version-mismatch",
            details={"version": order.version},
        )


async def append_step(
    store: EventStore, order: LoadedOrder, step: Step, events: Sequence[OrderStreamEvent]
) -> LoadedOrder:
    """Append a step's events and return the order after it.

    When another attempt of the same step was first, its events stand and are what is returned.
    """
    appended = await store.append((order_write(order, step, events),))
    if appended.repeated:
        return await load_order(store, order.order_id)
    return remember(store, advance(order, step, events))


def advance(order: LoadedOrder, step: Step, events: Sequence[OrderStreamEvent]) -> LoadedOrder:
    """The order after `events`, just appended at its version."""
    written = tuple((order.version + index, event) for index, event in enumerate(events, start=1))
    steps = {**order.steps, step.key: (*order.steps.get(step.key, ()), *written)}
    fingerprints = {**order.fingerprints, step.key: step.fingerprint} if step.fingerprint else order.fingerprints
    record = fold_record(events, order.record)
    return LoadedOrder(order.order_id, order.version + len(events), record, steps, fingerprints)
