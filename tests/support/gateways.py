"""A payment gateway and a carrier in memory, with books, idempotency keys, and faults on demand."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from activities.gateways.protocol import (
    AlreadyDispatched,
    Booking,
    Declined,
    Parcel,
    PaymentEffect,
    Refused,
    Unknown,
)
from domain.money import Money
from domain.shipping.events import TrackingStatus

Fault = str  # "down" | "lost" | "declined" | "refused"


class Gate:
    """Holds calls open: each says that it came, and goes on when the gate is opened."""

    def __init__(self) -> None:
        self.arrivals = 0
        self.entered = asyncio.Event()
        self._open = asyncio.Event()

    async def passed(self) -> None:
        self.arrivals += 1
        self.entered.set()
        await self._open.wait()

    def open(self) -> None:
        self._open.set()


class Faults:
    """Faults by call (`authorize`, `capture`, …) and how many times each still happens."""

    def __init__(self) -> None:
        self.planned: dict[str, list[Fault]] = {}
        self.gates: dict[str, Gate] = {}
        self.calls: Counter[str] = Counter()

    def plan(self, call: str, *faults: Fault) -> None:
        self.planned.setdefault(call, []).extend(faults)

    def hold(self, call: str) -> Gate:
        """Every such call waits at this gate before anything happens."""
        self.gates[call] = Gate()
        return self.gates[call]

    async def arrive(self, call: str) -> Fault | None:
        """Wait at the call's gate, if it has one; then give its fault."""
        if gate := self.gates.get(call):
            await gate.passed()
        return self.next(call)

    def next(self, call: str) -> Fault | None:
        self.calls[call] += 1
        waiting = self.planned.get(call)
        return waiting.pop(0) if waiting else None


class MemoryPayments:
    def __init__(self) -> None:
        self.faults = Faults()
        self.books: dict[tuple[UUID, str], PaymentEffect] = {}
        self.closed: set[tuple[UUID, str]] = set()
        self.expired: set[str] = set()

    async def authorize(self, order_id: UUID, key: str, *, method: str, amount: Money) -> PaymentEffect:
        return await self._act("authorize", "authorization", order_id, key, None, amount)

    def expire(self, order_id: UUID) -> None:
        """What is authorised for the order now can no longer be captured."""
        self.expired |= {each.payment for each in self.books.values() if each.order_id == order_id}

    async def capture(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        if payment in self.expired:
            raise Refused("authorization-expired", "the authorisation has expired")
        return await self._act("capture", "capture", order_id, key, payment, amount)

    async def void(self, order_id: UUID, key: str, *, payment: str) -> PaymentEffect:
        mine = [each for each in self.books.values() if each.payment == payment]
        sums = Counter({each.kind: 0 for each in mine})
        for each in mine:
            sums[each.kind] += each.amount.minor
        left = sums["authorization"] - sums["void"] - sums["capture"]
        return await self._act("void", "void", order_id, key, payment, Money(left, mine[0].amount.currency))

    async def refund(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        return await self._act("refund", "refund", order_id, key, payment, amount)

    async def find(self, order_id: UUID, key: str) -> PaymentEffect | None:
        if await self.faults.arrive("find") == "down":
            raise Unknown("the gateway is down")
        return self.books.get((order_id, key))

    async def abandon(self, order_id: UUID, key: str) -> PaymentEffect | None:
        found = await self.find(order_id, key)
        self.closed.add((order_id, key))
        return found

    async def effects(self) -> AsyncIterator[PaymentEffect]:
        for each in list(self.books.values()):
            yield each

    async def list_effects(self, order_id: UUID | None = None) -> Sequence[PaymentEffect]:
        return [each for each in self.books.values() if order_id in (None, each.order_id)]

    async def order_of(self, payment: str) -> UUID | None:
        return next((each.order_id for each in self.books.values() if each.payment == payment), None)

    def total(self, order_id: UUID, kind: str) -> int:
        """Minor units of one kind of effect in the order's books."""
        return sum(
            each.amount.minor for each in self.books.values() if each.order_id == order_id and each.kind == kind
        )

    async def _act(
        self, call: str, kind: str, order_id: UUID, key: str, payment: str | None, amount: Money
    ) -> PaymentEffect:
        fault = await self.faults.arrive(call)
        if fault == "down":
            raise Unknown("the gateway is down")
        if fault == "declined":
            raise Declined("card-declined", "the card was declined")
        if fault == "refused":
            raise Refused("not-now", "the gateway refuses")
        effect = self.books.get((order_id, key))
        if effect is None and (order_id, key) in self.closed:
            raise Refused("abandoned", "this key was abandoned")
        if effect is None:
            reference = f"{kind}-{len(self.books) + 1}"
            effect = PaymentEffect(kind, reference, payment or reference, order_id, key, amount)
            self.books[order_id, key] = effect
        if fault == "lost":
            raise Unknown("the answer was lost")
        return effect


class MemoryCarrier:
    """`on_booked` is told of every new booking; tests drive the parcels on from there."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.books: dict[tuple[UUID, str], Booking] = {}
        self.closed: set[tuple[UUID, str]] = set()
        self.labels: dict[UUID, Parcel] = {}
        self.on_booked: Callable[[Booking], None] = lambda booking: None

    async def book(self, key: str, parcel: Parcel) -> Booking:
        fault = await self.faults.arrive("book")
        if fault == "down":
            raise Unknown("the carrier is down")
        if fault == "refused":
            raise Refused("no-collection", "the carrier does not collect there")
        booking = self.books.get((parcel.order_id, key))
        if booking is None and (parcel.order_id, key) in self.closed:
            raise Refused("abandoned", "this key was abandoned")
        if booking is None:
            number = f"T{len(self.books) + 1}"
            booking = Booking(number, parcel.reference, parcel.order_id, key, number, TrackingStatus.BOOKED)
            self.books[parcel.order_id, key] = booking
            self.labels[parcel.order_id] = parcel
            self.on_booked(booking)
        if fault == "lost":
            raise Unknown("the answer was lost")
        return booking

    async def cancel(self, key: str, *, booking: str) -> None:
        fault = await self.faults.arrive("cancel")
        if fault == "down":
            raise Unknown("the carrier is down")
        if self._by_reference(booking).status.rank >= TrackingStatus.DISPATCHED.rank:
            raise AlreadyDispatched("already-dispatched", "the parcel was collected")
        self.move(booking, TrackingStatus.CANCELLED)
        if fault == "lost":
            raise Unknown("the answer was lost")

    async def find(self, order_id: UUID, key: str) -> Booking | None:
        if await self.faults.arrive("find") == "down":
            raise Unknown("the carrier is down")
        return self.books.get((order_id, key))

    async def abandon(self, order_id: UUID, key: str) -> Booking | None:
        found = await self.find(order_id, key)
        self.closed.add((order_id, key))
        return found

    async def track(self, booking: str) -> Booking:
        if await self.faults.arrive("track") == "down":
            raise Unknown("the carrier is down")
        return self._by_reference(booking)

    async def forget(self, order_id: UUID) -> None:
        if await self.faults.arrive("forget") == "down":
            raise Unknown("the carrier is down")
        self.labels.pop(order_id, None)

    async def list_bookings(self, order_id: UUID | None = None) -> Sequence[Booking]:
        return [each for each in self.books.values() if order_id in (None, each.order_id)]

    def move(self, booking: str, status: TrackingStatus) -> None:
        """The parcel is now in this state."""
        for key, each in self.books.items():
            if each.reference == booking:
                self.books[key] = replace(each, status=status)

    def _by_reference(self, booking: str) -> Booking:
        return next(each for each in self.books.values() if each.reference == booking)
