"""Adoption: an effect that exists outside becomes the outcome of a step that stalled.

The reference that an operator gives is looked up in the books of whoever made the effect, and must fit what the
step asked for. Then the step's key is closed there, so that no attempt that is still on its way can make the
effect a second time. The answer and the outcome are appended together: the step, tried once more, finds itself
done.
"""

from collections.abc import Awaitable, Callable, Sequence

from activities.contracts import AdoptStep, Commanded, Step
from activities.order_stream import (
    LoadedOrder,
    decide_again_on_conflict,
    load_order,
    new_events,
    order_stream,
)
from domain.errors import NotAllowed, refuse_adoption
from domain.orders import decide
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from domain.payments.events import (
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentRefunded,
    PaymentVoided,
)
from domain.record import OrderStreamEvent
from domain.shipping.events import BookingRefused
from eventstore.store import EventStore, StreamWrite

REFUSED = (PaymentActionRefused, BookingRefused)
MONEY_MOVED = (PaymentAuthorized, PaymentCaptured, PaymentVoided, PaymentRefunded)

Outcome = Callable[[LoadedOrder, str], Sequence[OrderStreamEvent]]
"""The outcome's events, from the order and the key of the try that ends; raises where the effect is another."""
Close = Callable[[str], Awaitable[str | None]]
"""Closes a key at the gateway; gives the reference of what was made under it."""


async def adopt(store: EventStore, given: AdoptStep, outcome: Outcome, close: Close) -> Commanded:
    """Append the answer and the outcome, once.

    Raises:
        DomainError: the step does not wait, or the effect is not what it asked for. Nothing was written.
        GatewayError: the key could not be closed.
    """

    @decide_again_on_conflict
    async def attempt() -> LoadedOrder:
        order = await load_order(store, given.step.order_id)
        if given.step.key in order.steps:
            order.check_fingerprint(given.step.key, given.step.fingerprint)
            return order
        key = open_try(order, given.stalled)
        answer, events = _answer(order, given), outcome(order, key)
        await _close(close, key, given.reference)
        step = Step(given.step.order_id, key, given.step.actor)
        written = (*new_events(order, given.step, answer), *new_events(order, step, events))
        await store.append((StreamWrite(order_stream(order.order_id), order.version, written),))
        return await load_order(store, order.order_id)

    order = await attempt()
    cancelling = order.record.status is OrderStatus.CANCELLING
    return Commanded(order.version_of(given.step.key), cancelling)


def open_try(order: LoadedOrder, stalled: str) -> str:
    """The key that the step is tried under next: its own while the outcome is unknown, a new one once refused."""
    label, _, number = stalled.rpartition("#")
    events = order.of_step(stalled)
    refused = bool(events) and isinstance(events[-1], REFUSED)
    return f"{label}#{int(number) + refused}" if number.isdecimal() else stalled


def references(order: LoadedOrder) -> set[str]:
    """The gateways' references that stand in the order's books."""
    events = (event for key in order.steps for event in order.of_step(key))
    return {event.reference for event in events if isinstance(event, MONEY_MOVED)}


def _answer(order: LoadedOrder, given: AdoptStep) -> Sequence[OrderStreamEvent]:
    return decide.resolve_step(
        order.record.order_state,
        step=given.stalled,
        action=StepAction.ADOPT,
        reason=given.reason,
        resolved_by=given.step.actor,
        dispatched=order.record.shipments.any_dispatched,
        reference=given.reference,
    )


async def _close(close: Close, key: str, reference: str) -> None:
    made = await close(key)
    if made not in (None, reference):
        raise refuse_adoption(reference, f"the step's own attempt made {made}; adopt that, or retry")


def no_request(given: AdoptStep) -> NotAllowed:
    return refuse_adoption(given.reference, "the step has asked nothing of the gateway yet; retry it")


def unknown_reference(given: AdoptStep) -> NotAllowed:
    return refuse_adoption(given.reference, "the books of this order outside have no such reference")
