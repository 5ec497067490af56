"""What a workflow that starts over an existing stream has to know: the next try of each step, and the parcels."""

from collections.abc import Iterable

from activities.contracts import SYSTEM, Resumed
from activities.order_stream import LoadedOrder
from domain.orders import decide
from domain.orders.events import OrderCancellationRejected, OrderEvent, OrderStepStalled, StepAction
from domain.orders.model import OrderStatus, of_aftercare
from domain.parcels import first_plans
from domain.payments.events import PaymentActionRefused
from domain.record import OrderRecord
from domain.shipping.events import BookingRefused, ShipmentBooked, ShipmentBookingCancelled, TrackingStatus

# After these a step has had its outcome, and its label is only called for something new.
_OVER = (
    PaymentActionRefused,
    BookingRefused,
    ShipmentBooked,
    ShipmentBookingCancelled,
    OrderCancellationRejected,
    OrderStepStalled,
)

_REPEATED = frozenset({"take-up"})
"""Labels that are called again and again, each time for something new."""


def answer_stalls(record: OrderRecord) -> list[OrderEvent]:
    """An order's workflow that starts again tries what was stalled once more. Aftercare is not its own."""
    return _answered(record, [step for step in record.order.stalled if not of_aftercare(step)])


def answer_stalls_of(record: OrderRecord, label: str) -> list[OrderEvent]:
    """The same of one step, by its label."""
    return _answered(record, [step for step in record.order.stalled if step.rpartition("#")[0] == label])


def _answered(record: OrderRecord, steps: Iterable[str]) -> list[OrderEvent]:
    return [
        event
        for step in steps
        for event in decide.resolve_step(
            record.order_state,
            step=step,
            action=StepAction.RETRY,
            reason="the workflow was started again",
            resolved_by=SYSTEM,
            dispatched=record.shipments.any_dispatched,
        )
    ]


def resumed(order: LoadedOrder) -> Resumed:
    state, shipments = order.record.order, order.record.shipments.by_id
    secured = state.resumed is OrderStatus.CONFIRMED  # nothing is booked before the order is confirmed
    return Resumed(
        cancelling=state.status is OrderStatus.CANCELLING,
        tries=next_tries(order),
        parcels=first_plans(order.record) if secured else (),
        tracking={
            parcel.shipment_id: parcel.status
            for parcel in shipments.values()
            if parcel.status is not TrackingStatus.CANCELLED
        },
        holds=tuple(state.holds.values()),
        methods_chosen=len(order.record.payment.chosen),
        payment_expires_at=order.record.payment.expires_at,
        amending=state.amendment is not None,
        amended=state.amendments > 0,
    )


def next_tries(order: LoadedOrder) -> dict[str, int]:
    """The number of the next try of each step label that the stream knows.

    A step whose outcome still stands keeps its number, so that it is found done; one that was refused, or whose
    effect was undone or may come again, counts on.
    """
    tries: dict[str, int] = {}
    for key in order.steps:
        label, _, number = key.rpartition("#")
        if label and number.isdecimal():
            over = label in _REPEATED or isinstance(order.of_step(key)[-1], _OVER)
            tries[label] = max(tries.get(label, 0), int(number) + over)
    return tries
