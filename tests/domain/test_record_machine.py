"""An order through all contexts, its steps in any order: it can always be ended, and its books close with it."""

from collections.abc import Callable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.errors import DomainError
from domain.inventory.events import Allocation, StockReleased, StockReserved
from domain.ledger import balances_of, disagreements
from domain.orders import decide as orders
from domain.orders import holds
from domain.orders.events import HoldPlaced, HoldScope
from domain.orders.model import OrderStatus
from domain.payments import decide as payments
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from domain.record import EMPTY, OrderRecord, OrderStreamEvent, fold_record
from domain.shipping import decide as shipping
from domain.shipping.events import ShipmentItem
from domain.shipping.model import FulfilmentStatus
from tests.support.samples import NOON, PLACE, TOTAL, eur

PARCELS = {"BER": 2, "MUC": 1}
SHARES = dict(zip(PARCELS, payments.capture_shares(TOTAL, [eur("20.00"), eur("5.00")]), strict=True))
RESERVED = (Allocation("BER", "MUG", 2), Allocation("MUC", "TEA", 1))
SKUS = {"BER": "MUG", "MUC": "TEA"}
warehouses = st.sampled_from(sorted(PARCELS))
Decision = Callable[[OrderRecord], Sequence[OrderStreamEvent]]


def in_status(*allowed: OrderStatus) -> Callable[["Record"], bool]:
    return lambda machine: machine.record.order.status in allowed


placed, confirmed = in_status(OrderStatus.PLACED), in_status(OrderStatus.CONFIRMED)
cancelling = in_status(OrderStatus.CANCELLING)


class Record(RuleBasedStateMachine):
    """Takes steps as the saga would, each under its own key; the gateway answers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.record = EMPTY
        self.log: list[OrderStreamEvent] = []
        self.captured: set[str] = set()
        self.steps = 0

    def ask(self, decision: Decision) -> bool:
        try:
            events = decision(self.record)
        except DomainError:
            return False
        self.log += events
        self.record = fold_record(events, self.record)
        for event in events:
            self.answer(event)
        return True

    def answer(self, event: OrderStreamEvent) -> None:
        match event:
            case CaptureRequested(step, _, amount):
                self.ask(lambda _: [PaymentCaptured(step, "cap", amount)])
            case VoidRequested(step, amount):
                self.ask(lambda _: [PaymentVoided(step, "void", amount)])
            case RefundRequested(step, amount):
                self.ask(lambda _: [PaymentRefunded(step, "ref", amount)])
            case _:
                pass  # nothing that waits for an answer

    def key(self, name: str) -> str:
        self.steps += 1
        return f"{name}#{self.steps}"

    @initialize()
    def place(self) -> None:
        self.ask(lambda record: orders.place(record.order_state, PLACE, NOON))

    @precondition(lambda self: placed(self) and not self.record.reserved)
    @rule()
    def reserve(self) -> None:
        self.ask(lambda _: [StockReserved(RESERVED)])

    @precondition(placed)
    @rule(agreed=st.booleans())
    def authorize(self, agreed: bool) -> None:
        key = self.key("authorize")

        def asked(record: OrderRecord) -> Sequence[OrderStreamEvent]:
            return payments.request_authorization(record.payment_state, key, method="sim_ok", amount=TOTAL)

        if self.ask(asked):
            answer = PaymentAuthorized(key, "auth", TOTAL) if agreed else PaymentDeclined(key, "declined", "No")
            assert isinstance(self.log[-1], PaymentRequested)
            self.ask(lambda _: [answer])

    @rule()
    def confirm(self) -> None:
        self.ask(lambda r: orders.confirm(r.order_state, reserved=r.secured, authorized=r.payment.open))

    @precondition(confirmed)
    @rule(at=warehouses)
    def book(self, at: str) -> None:
        items = (ShipmentItem(SKUS[at], PARCELS[at]),)
        self.ask(lambda r: shipping.book(r.shipments, at, warehouse=at, items=items, booking="b", tracking="T"))

    @rule(at=warehouses)
    def cancel_booking(self, at: str) -> None:
        self.ask(lambda record: shipping.cancel_booking(record.shipments, at))

    @rule(at=warehouses)
    def dispatch(self, at: str) -> None:
        self.ask(lambda record: shipping.dispatch(record.shipments, at))

    @rule(at=warehouses)
    def capture(self, at: str) -> None:
        if self.record.parcel_dispatched(at) and at not in self.captured and confirmed(self):
            key = self.key(f"capture:{at}")
            assert self.ask(
                lambda r: payments.request_capture(r.payment_state, key, shipment_id=at, amount=SHARES[at])
            )
            self.captured.add(at)

    @rule(at=warehouses)
    def deliver(self, at: str) -> None:
        self.ask(lambda record: shipping.deliver(record.shipments, at))

    @rule()
    def request_cancellation(self) -> None:
        self.ask(
            lambda record: orders.request_cancellation(
                record.order_state, dispatched=record.shipments.any_dispatched, reason="r", requested_by="c-1"
            )
        )

    @precondition(lambda self: cancelling(self) and self.record.shipments.any_dispatched)
    @rule()
    def reject_cancellation(self) -> None:
        assert self.ask(lambda record: orders.reject_cancellation(record.order_state, reason="gone"))

    @precondition(lambda self: cancelling(self) and not self.record.shipments.any_booked)
    @rule()
    def undo_payment(self) -> None:
        void, refund = self.key("void"), self.key("refund")
        assert self.ask(lambda record: payments.request_void(record.payment_state, void))
        if paid := self.record.payment.paid:
            assert self.ask(lambda r: payments.request_refund(r.payment_state, refund, amount=paid))

    @precondition(lambda self: cancelling(self) and self.record.reserved and not self.record.shipments.any_booked)
    @rule()
    def release(self) -> None:
        self.ask(lambda _: [StockReleased(RESERVED)])

    @rule(number=st.integers(1, 3), scope=st.sampled_from((HoldScope.ORDER, HoldScope.PAYMENT)))
    def hold(self, number: int, scope: HoldScope) -> None:
        placed = HoldPlaced(f"h-{number}", scope, None, "r", "operator:eve", None)
        self.ask(lambda r: holds.place_hold(r.order_state, placed, parcels=(), at=NOON))

    @rule(number=st.integers(1, 3))
    def release_hold(self, number: int) -> None:
        self.ask(lambda r: holds.release_hold(r.order_state, f"h-{number}", reason="r", released_by="o"))

    @rule()
    def close_cancelled(self) -> None:
        self.ask(lambda r: orders.cancel(r.order_state, held=r.payment.held, reserved=r.reserved))

    @rule()
    def complete(self) -> None:
        self.ask(
            lambda r: orders.complete(
                r.order_state, delivered=r.all_delivered, paid=r.payment.paid, authorized=r.payment.open
            )
        )

    @invariant()
    def an_order_is_on_hold_only_while_it_is_open_and_held_whole(self) -> None:
        if self.log and self.record.status is OrderStatus.ON_HOLD:
            assert self.record.order.on_hold
            assert self.record.order.status in (OrderStatus.PLACED, OrderStatus.CONFIRMED)
        if self.log and self.record.status.terminal:
            assert not self.record.order.holds

    @invariant()
    def a_cancelled_order_holds_nothing(self) -> None:
        if self.log and self.record.status is OrderStatus.CANCELLED:
            assert not self.record.payment.held
            assert not self.record.reserved
            assert not self.record.amounts.due
            assert not self.record.shipments.any_dispatched

    @invariant()
    def a_completed_order_is_paid_and_delivered(self) -> None:
        if self.log and self.record.status is OrderStatus.COMPLETED:
            assert self.record.payment.paid == self.record.order.owed
            assert not self.record.amounts.due
            assert self.record.fulfilment_status is FulfilmentStatus.DELIVERED

    @invariant()
    def the_ledger_balances_and_agrees_with_the_sums(self) -> None:
        if self.log:
            assert not disagreements(balances_of(self.log), self.record)

    def teardown(self) -> None:
        """From wherever it is, the order can be brought to exactly one end."""
        if not self.log:
            return
        self.request_cancellation()
        if cancelling(self) and self.record.shipments.any_dispatched:
            self.reject_cancellation()
        if cancelling(self):
            self.undo()
        else:
            self.fulfil()
        assert self.record.status.terminal

    def undo(self) -> None:
        for at in PARCELS:
            self.cancel_booking(at)
        self.undo_payment()
        if self.record.reserved:
            self.release()
        self.close_cancelled()

    def fulfil(self) -> None:
        for at in PARCELS:
            for step in (self.book, self.dispatch, self.capture, self.deliver):
                step(at)
        self.complete()


TestRecord = Record.TestCase
TestRecord.settings = settings(max_examples=80, stateful_step_count=30)
