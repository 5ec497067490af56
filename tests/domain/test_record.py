"""The whole stream of an order: statuses, amounts and reservation are read off all contexts together."""

import pytest

from domain.errors import NotFound
from domain.inventory.events import Allocation, Shortage, StockReleased, StockReserved, StockUnavailable
from domain.money import Money
from domain.orders.events import (
    OrderCancellationRejected,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
)
from domain.payments.events import (
    ChargebackOpened,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
)
from domain.record import EMPTY, Amounts, OrderRecord, OrderStreamEvent, evolve, fold_record
from domain.shipping.events import ShipmentBookingCancelled, ShipmentDelivered, ShipmentDispatched
from tests.support.samples import AUTHORIZED, PLACED, TOTAL, booked, eur

NOTHING = eur("0")
SOME, REST = eur("10.00"), TOTAL - eur("10.00")
RESERVED = StockReserved((Allocation("BER", "MUG", 2), Allocation("MUC", "TEA", 1)))
RELEASED = StockReleased(RESERVED.allocations)
CONFIRMED = (PLACED, RESERVED, *AUTHORIZED, OrderConfirmed())
BOOKED = (*CONFIRMED, booked("s-1", "BER", 2))
BOTH = (*BOOKED, booked("s-2", "MUC", 1, "TEA"))
SENT = (*BOTH, ShipmentDispatched("s-1"), PaymentCaptured("capture:s-1#1", "cap-1", SOME))
ALL_SENT = (*SENT, ShipmentDispatched("s-2"), PaymentCaptured("capture:s-2#1", "cap-2", REST))
ARRIVED = (*ALL_SENT, ShipmentDelivered("s-1"))
COMPLETED = (*ARRIVED, ShipmentDelivered("s-2"), OrderCompleted())
CANCELLING = (*CONFIRMED, OrderCancellationRequested("changed my mind", "customer:c-1"))
FREED = (*CANCELLING, PaymentVoided("void#1", "void-1", TOTAL), RELEASED)
CANCELLED = (*FREED, OrderCancelled("changed my mind"))
DECLINED = (PLACED, RESERVED, AUTHORIZED[0], PaymentDeclined("authorize#1", "card_declined", "No"))
REFUNDED = (*COMPLETED, PaymentRefunded("refund#1", "ref-1", TOTAL))
CHARGED_BACK = (*COMPLETED, ChargebackOpened("dp-1", SOME, "fraudulent"))

LIVES: dict[str, tuple[tuple[OrderStreamEvent, ...], str, str, str, bool]] = {
    "placed": ((PLACED,), "placed", "pending", "unfulfilled", False),
    "out of stock": (
        *((PLACED, StockUnavailable((Shortage("MUG", 2, 0),))), "placed", "pending", "unfulfilled", False),
    ),
    "reserved": ((PLACED, RESERVED), "placed", "pending", "unfulfilled", True),
    "asked for money": ((PLACED, RESERVED, AUTHORIZED[0]), "placed", "pending", "unfulfilled", True),
    "declined": (DECLINED, "placed", "failed", "unfulfilled", True),
    "authorised": (CONFIRMED[:-1], "placed", "authorized", "unfulfilled", True),
    "confirmed": (CONFIRMED, "confirmed", "authorized", "unfulfilled", True),
    "booked": (BOOKED, "fulfilling", "authorized", "unfulfilled", True),
    "booking cancelled": (
        *((*BOOKED, ShipmentBookingCancelled("s-1", "b-s-1")), "confirmed", "authorized", "unfulfilled", True),
    ),
    "one parcel sent": (SENT, "fulfilling", "partially_captured", "partially_shipped", True),
    "all sent": (ALL_SENT, "fulfilling", "captured", "shipped", False),
    "one arrived": (ARRIVED, "fulfilling", "captured", "partially_delivered", False),
    "all arrived": (COMPLETED[:-1], "fulfilling", "captured", "delivered", False),
    "completed": (COMPLETED, "completed", "captured", "delivered", False),
    "refunded": (REFUNDED, "completed", "refunded", "delivered", False),
    "cancelling": (CANCELLING, "cancelling", "authorized", "unfulfilled", True),
    "freed": (FREED, "cancelling", "voided", "unfulfilled", False),
    "cancelled": (CANCELLED, "cancelled", "voided", "unfulfilled", False),
    "cancelled with a booking": (
        *((*BOOKED, OrderCancellationRequested("late", "c-1")), "cancelling", "authorized", "unfulfilled", True),
    ),
    "resumed": (
        *((*BOOKED, OrderCancellationRequested("late", "c-1"), OrderCancellationRejected("gone")), "fulfilling"),
        *("authorized", "unfulfilled", True),
    ),
}


@pytest.mark.parametrize("life", LIVES)
def test_the_statuses_of_a_life(life: str) -> None:
    events, status, payment, fulfilment, reserved = LIVES[life]
    record = fold_record(events)
    assert (record.status, record.payment_status, record.fulfilment_status) == (status, payment, fulfilment)
    assert record.reserved is reserved
    assert record.all_delivered is (fulfilment == "delivered")


@pytest.mark.parametrize(
    ("events", "authorized", "voided", "captured", "refunded", "charged_back", "due"),
    [
        ((PLACED,), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, TOTAL),
        (CONFIRMED, TOTAL, NOTHING, NOTHING, NOTHING, NOTHING, TOTAL),
        (SENT, TOTAL, NOTHING, SOME, NOTHING, NOTHING, REST),
        (COMPLETED, TOTAL, NOTHING, TOTAL, NOTHING, NOTHING, NOTHING),
        (REFUNDED, TOTAL, NOTHING, TOTAL, TOTAL, NOTHING, TOTAL),
        (FREED, TOTAL, TOTAL, NOTHING, NOTHING, NOTHING, TOTAL),
        (CANCELLED, TOTAL, TOTAL, NOTHING, NOTHING, NOTHING, NOTHING),
        (CHARGED_BACK, TOTAL, NOTHING, TOTAL, NOTHING, SOME, NOTHING),
    ],
)
def test_lifetime_sums_and_what_is_due(
    events: tuple[OrderStreamEvent, ...],
    authorized: Money,
    voided: Money,
    captured: Money,
    refunded: Money,
    charged_back: Money,
    due: Money,
) -> None:
    assert fold_record(events).amounts == Amounts(authorized, voided, captured, refunded, charged_back, due)


def test_a_warehouse_has_sent_its_parcel() -> None:
    record = fold_record(SENT)
    assert record.parcel_dispatched("BER")
    assert not record.parcel_dispatched("MUC")
    assert not fold_record(BOTH).parcel_dispatched("BER")


def test_a_split_stream_folds_to_the_same_record() -> None:
    for cut in range(len(COMPLETED)):
        assert fold_record(COMPLETED[cut:], fold_record(COMPLETED[:cut])) == fold_record(COMPLETED)


def test_each_event_changes_its_own_context_only() -> None:
    record = EMPTY
    for event in COMPLETED:
        after = evolve(record, event)
        changed = [
            name for name in OrderRecord.__dataclass_fields__ if getattr(after, name) != getattr(record, name)
        ]
        assert len(changed) == 1, event
        record = after


@pytest.mark.parametrize(
    "part", ["order", "payment", "status", "payment_status", "fulfilment_status", "amounts", "all_delivered"]
)
def test_an_order_nobody_placed_is_not_found(part: str) -> None:
    for record in (EMPTY, fold_record((RESERVED, OrderConfirmed(), booked()))):
        with pytest.raises(NotFound) as refused:
            getattr(record, part)
        assert refused.value.code == "order-not-found"


def test_money_asked_for_before_the_order_is_still_money() -> None:
    """Streams begin with `OrderPlaced`; one that does not still loads."""
    record = fold_record((PaymentRequested("authorize#1", "sim_ok", TOTAL),))
    assert set(record.payment.pending) == {"authorize#1"}


def quantities(*events: OrderStreamEvent) -> dict[str, tuple[int, ...]]:
    return {
        each.line.sku: (each.ordered, each.reserved, each.allocated, each.shipped, each.delivered, each.cancelled)
        for each in fold_record(events).lines
    }


def test_the_pieces_of_each_line_are_followed_through_the_house() -> None:
    assert quantities(PLACED) == {"MUG": (2, 0, 0, 0, 0, 0), "TEA": (1, 0, 0, 0, 0, 0)}
    assert quantities(*BOOKED) == {"MUG": (2, 2, 2, 0, 0, 0), "TEA": (1, 1, 0, 0, 0, 0)}
    assert quantities(*SENT) == {"MUG": (2, 0, 0, 2, 0, 0), "TEA": (1, 1, 1, 0, 0, 0)}
    assert quantities(*ARRIVED) == {"MUG": (2, 0, 0, 2, 2, 0), "TEA": (1, 0, 0, 1, 0, 0)}
    assert quantities(*CANCELLED) == {"MUG": (2, 0, 0, 0, 0, 2), "TEA": (1, 0, 0, 0, 0, 1)}


def test_what_is_released_in_part_is_held_in_part() -> None:
    record = fold_record((PLACED, RESERVED, StockReleased((Allocation("BER", "MUG", 1),))))
    assert record.held == (Allocation("BER", "MUG", 1), Allocation("MUC", "TEA", 1))
    assert not record.secured
    assert fold_record((PLACED, RESERVED)).secured
