"""What lies outside of a test's world: a gateway with strict books, a carrier, a store that fails."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from activities.gateways.protocol import PaymentEffect, Refused
from domain.money import Money
from eventstore.store import Appended, NewEvent, Recorded, StoreUnavailable, StreamWrite
from tests.support.gateways import Fault, Faults, MemoryCarrier, MemoryPayments
from tests.support.memory_store import MemoryEventStore

LIFETIME: Final = timedelta(days=7)
"""So long the gateway can capture what it has authorised."""

Clock = Callable[[], datetime]


class OneFault(Faults):
    """The next call that can have the fault has it, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: Fault | None = None

    async def arrive(self, call: str) -> Fault | None:
        looks = call in ("find", "track")
        if self.fault is None or (looks and self.fault != "down"):
            return None
        fault, self.fault = self.fault, None
        return "refused" if fault == "declined" and call != "authorize" else fault


class StrictPayments(MemoryPayments):
    """Never moves more than an authorisation holds: who asks for that has a defect, and the test fails."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.faults: OneFault = OneFault()
        self.of_order: dict[UUID, list[PaymentEffect]] = defaultdict(list)
        self.sums: dict[str, Counter[str]] = defaultdict(Counter)
        self._clock = clock
        self.until: dict[str, datetime] = {}

    async def authorize(self, order_id: UUID, key: str, *, method: str, amount: Money) -> PaymentEffect:
        made = await super().authorize(order_id, key, method=method, amount=amount)
        self.until.setdefault(made.payment, self._clock() + LIFETIME)
        return made

    async def capture(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        if (order_id, key) not in self.books:
            if self._clock() >= self.until.get(payment, self._clock() + LIFETIME):
                raise Refused("authorization-expired", "the authorisation has expired")
            assert 0 < amount.minor <= self.open(payment), f"{key} captures {amount} of {self.open(payment)}"
        return await super().capture(order_id, key, payment=payment, amount=amount)

    async def void(self, order_id: UUID, key: str, *, payment: str) -> PaymentEffect:
        if (order_id, key) not in self.books:
            assert self.open(payment) > 0, f"{key} voids nothing"
        return await super().void(order_id, key, payment=payment)

    async def refund(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        if (order_id, key) not in self.books:
            sums = self.sums[payment]
            left = sums["capture"] - sums["refund"]
            assert 0 < amount.minor <= left, f"{key} refunds {amount} of {left}"
        return await super().refund(order_id, key, payment=payment, amount=amount)

    def open(self, payment: str) -> int:
        """Minor units that can still be captured."""
        sums = self.sums[payment]
        return sums["authorization"] - sums["capture"] - sums["void"]

    async def _act(
        self, call: str, kind: str, order_id: UUID, key: str, payment: str | None, amount: Money
    ) -> PaymentEffect:
        new = (order_id, key) not in self.books
        try:
            return await super()._act(call, kind, order_id, key, payment, amount)
        finally:
            if new and (made := self.books.get((order_id, key))):
                self.of_order[order_id].append(made)
                self.sums[made.payment][kind] += made.amount.minor


class WorldCarrier(MemoryCarrier):
    def __init__(self) -> None:
        super().__init__()
        self.faults: OneFault = OneFault()


class WorldStore(MemoryEventStore):
    """Remembers event ids, counts what is written, and loses an append on demand.

    `lose` says at which append from now on, and whether it was written before its answer was lost.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.written = 0
        self.touched: set[str] = set()
        self.lose: tuple[int, bool] | None = None
        self._clock = clock
        self._versions: dict[UUID, tuple[str, int]] = {}

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        lost, self.lose = self.lose, None
        if lost and lost[0] > 0:
            self.lose = (lost[0] - 1, lost[1])
        elif lost and not lost[1]:
            raise StoreUnavailable("nothing was written")
        ids = [new.event_id for write in writes for new in write.events]
        known = [self._versions[each] for each in ids if each in self._versions]
        if known:
            assert len(known) == len(ids), "a part of the events was written before"
            return Appended(dict(known), repeated=True)
        for write in writes:
            self._check(write)
        appended = Appended({write.stream_id: self._note(write) for write in writes})
        if lost and not lost[0]:
            raise StoreUnavailable("the answer was lost")
        return appended

    def _note(self, write: StreamWrite) -> int:
        stream = self.streams.setdefault(write.stream_id, [])
        for new in write.events:
            stream.append(self._recorded(write.stream_id, len(stream) + 1, new))
            self._versions[new.event_id] = (write.stream_id, len(stream))
        self.written += len(write.events)
        self.touched.add(write.stream_id)
        return len(stream)

    def _recorded(self, stream_id: str, version: int, new: NewEvent) -> Recorded:
        return Recorded(
            stream_id=stream_id,
            version=version,
            event_id=new.event_id,
            type=type(new.event).__name__,
            event=new.event,
            metadata=dict(new.metadata),
            recorded_at=self._clock(),
        )
