"""Saga steps: the state that each event gives its step, and the list of those that wait for an operator."""

from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest

from domain.errors import InvalidValue
from domain.inventory.events import Shortage, StockReleased, StockUnavailable
from domain.orders.events import (
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderStepResolved,
    OrderStepStalled,
    StepAction,
)
from domain.payments.events import (
    PaymentAbandoned,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentRefunded,
    PaymentVoided,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)
from domain.record import OrderStreamEvent, fold_record
from domain.shipping.events import ShipmentBookingCancelled
from readmodels.queries import ReadModels
from readmodels.saga_steps import OF_NO_STEP, STATES, StepState
from readmodels.views import SagaStep, StalledStep
from tests.readmodels.conftest import Happen
from tests.support.histories import Happened, completed, declined
from tests.support.samples import AUTHORIZED, NOON, NUMBER, ORDER, OTHER_ORDER, PLACED, TOTAL, booked, eur

STREAM = f"order/{ORDER}"
STALL = OrderStepStalled("book:s-1#0", "CarrierDown", "no answer")


def resolved(action: StepAction) -> OrderStepResolved:
    return OrderStepResolved("book:s-1#0", action, "because", "operator:1")


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def states(models: ReadModels, order_id: UUID = ORDER) -> dict[str, str]:
    return {step.step: step.state for step in await models.saga(order_id)}


def test_every_event_of_an_order_says_something_of_a_step() -> None:
    kinds = {kind for part in get_args(OrderStreamEvent) for kind in (get_args(part) or (part,))}
    assert kinds == {*STATES, *OF_NO_STEP, OrderStepResolved}


async def test_a_completed_order_in_the_order_of_its_steps(happen: Happen, models: ReadModels) -> None:
    await happen(*completed(ORDER))
    parcel = f"{NUMBER}-BER"
    assert list((await states(models)).items()) == [
        ("place", "done"),
        ("reserve#0", "done"),
        ("authorize#0", "done"),
        ("confirm#0", "done"),
        (f"book:{parcel}#0", "done"),
        (f"dispatch:{parcel}#0", "done"),
        (f"capture:{parcel}#0", "done"),
        (f"deliver:{parcel}#0", "done"),
        ("complete#0", "done"),
    ]


async def test_a_declined_payment_is_refused_and_the_rest_compensated(happen: Happen, models: ReadModels) -> None:
    await happen(*declined(ORDER))
    steps = {step.step: step for step in await models.saga(ORDER)}
    refused = steps["authorize#0"]
    assert (refused.state, refused.error_type, refused.error) == (
        "refused",
        "insufficient_funds",
        "not enough money",
    )
    assert steps["release#0"].state == "compensated"
    assert steps["cancel#0"].state == "done"


@pytest.mark.parametrize(
    ("event", "step", "state"),
    [
        (AUTHORIZED[0], "authorize#1", "requested"),
        (AUTHORIZED[1], "authorize#1", "done"),
        (PaymentAbandoned("authorize#1"), "authorize#1", "compensated"),
        (PaymentActionRefused("refund#0", "no", "no"), "refund#0", "refused"),
        (VoidRequested("void#0", TOTAL), "void#0", "requested"),
        (RefundRequested("refund#0", TOTAL), "refund#0", "requested"),
        (PaymentVoided("void#0", "v", TOTAL), "void#0", "compensated"),
        (StockUnavailable((Shortage("MUG", 2, 1),)), "here#0", "refused"),
        (StockReleased(()), "here#0", "compensated"),
        (booked(), "here#0", "done"),
        (ShipmentBookingCancelled("s-1", "b"), "here#0", "compensated"),
        (OrderCancellationRequested("r", "c"), "here#0", "done"),
        (STALL, "book:s-1#0", "stalled"),
        (resolved(StepAction.RETRY), "book:s-1#0", "retrying"),
        (resolved(StepAction.COMPENSATE), "book:s-1#0", "compensated"),
    ],
)
async def test_the_state_after_one_event(
    happen: Happen, models: ReadModels, event: object, step: str, state: str
) -> None:
    await happen(Happened(STREAM, PLACED), Happened(STREAM, event, "here#0"))
    assert await states(models) == {step: state}


async def test_a_step_keeps_when_it_began(happen: Happen, models: ReadModels) -> None:
    """Whether its events come in one batch or in several."""
    await happen(Happened(STREAM, PLACED), Happened(STREAM, AUTHORIZED[0]))
    await happen(Happened(STREAM, AUTHORIZED[1]))
    (step,) = await models.saga(ORDER)
    assert step == SagaStep("authorize#1", "done", None, None, at(2), at(3))


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("end", "state"),
    [
        (OrderCancellationRequested("late", "c"), StepState.COMPENSATED),
        (OrderCancelled("late"), StepState.COMPENSATED),
        (OrderCompleted(), StepState.DONE),
    ],
)
async def test_an_order_that_goes_another_way_waits_for_nobody(
    happen: Happen, models: ReadModels, end: object, state: str, together: bool
) -> None:
    events = [Happened(STREAM, PLACED), Happened(STREAM, STALL), Happened(STREAM, end)]
    for part in [events] if together else [events[:2], events[2:]]:
        await happen(*part)
    assert (await states(models))["book:s-1#0"] == state
    assert (await models.stalled(limit=10, cursor=None)).items == []


async def test_the_stalled_list_names_step_and_order(happen: Happen, models: ReadModels) -> None:
    await happen(Happened(STREAM, PLACED), Happened(STREAM, STALL, "stall#0"))
    (stalled,) = (await models.stalled(limit=10, cursor=None)).items
    assert stalled == StalledStep(ORDER, NUMBER, "book:s-1#0", "CarrierDown", "no answer", at(2))
    await happen(Happened(STREAM, resolved(StepAction.RETRY), "resolve:k"))
    assert (await models.stalled(limit=10, cursor=None)).items == []
    await happen(Happened(STREAM, booked(), "book:s-1#0"))
    assert await states(models) == {"book:s-1#0": "done"}


async def test_stalled_pages_longest_waiting_first(happen: Happen, models: ReadModels) -> None:
    steps = [f"capture:p-{number}#0" for number in range(5)]
    await happen(Happened(STREAM, PLACED), Happened(f"order/{OTHER_ORDER}", PLACED))
    for number, step in enumerate(steps):
        stream = STREAM if number % 2 else f"order/{OTHER_ORDER}"
        await happen(Happened(stream, OrderStepStalled(step, "T", "e")))
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = await models.stalled(limit=2, cursor=cursor)
        seen += [item.step for item in page.items]
        cursor = page.next_cursor
    assert (seen, cursor) == (steps, None)
    with pytest.raises(InvalidValue):
        await models.stalled(limit=2, cursor="x")


async def test_stalled_steps_are_those_that_the_order_waits_for(happen: Happen, models: ReadModels) -> None:
    """The order's attention and the list of stalled steps are two folds of one stream."""
    events: list[OrderStreamEvent] = [
        PLACED,
        STALL,
        OrderStepStalled("void#0", "T", "e"),
        resolved(StepAction.RETRY),
    ]
    for count in range(1, len(events) + 1):
        await happen(Happened(STREAM, events[count - 1]))
        waiting = {item.step for item in (await models.stalled(limit=10, cursor=None)).items}
        assert waiting == set(fold_record(events[:count]).order.stalled)


async def test_an_undo_settles_the_step_it_undoes(happen: Happen, models: ReadModels) -> None:
    """The void finds the authorisation whose answer was lost, records it, and voids it."""
    found = PaymentAuthorized("authorize#1", "a-1", TOTAL)
    events = [AUTHORIZED[0], found, VoidRequested("void#0", TOTAL), PaymentVoided("void#0", "v-1", TOTAL)]
    await happen(Happened(STREAM, PLACED), Happened(STREAM, events[0], "authorize#1"))
    await happen(*(Happened(STREAM, event, "void#0") for event in events[1:]))
    assert await states(models) == {"authorize#1": "done", "void#0": "compensated"}


async def test_what_was_stalled_is_closed_by_the_first_event_of_a_batch_that_closes(
    happen: Happen, models: ReadModels
) -> None:
    await happen(Happened(STREAM, PLACED, "place#0"), Happened(STREAM, STALL, "stall#0"))

    await happen(
        Happened(STREAM, OrderCancellationRequested("late", "ada"), "cancel:k"),
        Happened(STREAM, OrderCompleted(), "complete#0"),
    )

    [stalled] = [step for step in await models.saga(ORDER) if step.step == STALL.step]
    assert stalled.state == StepState.COMPENSATED


async def test_aftercare_that_stalled_outlives_the_order_and_is_found_until_it_is_given_back(
    happen: Happen, models: ReadModels
) -> None:
    step = "give-back:k%_#0"
    granted = RefundGranted("k%_", eur("1.00"), "chipped", "operator:1")
    early, late = NOON - timedelta(days=1), NOON + timedelta(days=1)
    await happen(
        *completed(ORDER),
        Happened(STREAM, granted, "grant-refund:k%_"),
        Happened(STREAM, OrderStepStalled(step, "GatewayDown", "no answer"), "stall:1#0"),
        Happened(STREAM, OrderCompleted(), "complete#1"),
    )
    assert [each.step for each in (await models.stalled(limit=10, cursor=None)).items] == [step]
    assert await models.unfinished_refunds(late, None) == [(ORDER, "k%_")]
    assert await models.unfinished_refunds(early, None) == []
    assert await models.unfinished_refunds(late, (ORDER, "k%_")) == []
    await happen(Happened(STREAM, PaymentRefunded(step, "r", eur("1.00")), step))
    assert await models.unfinished_refunds(late, None) == []
    assert not (await models.stalled(limit=10, cursor=None)).items


async def test_a_refund_of_several_captures_is_found_until_its_last_part(
    happen: Happen, models: ReadModels
) -> None:
    late = NOON + timedelta(days=1)
    granted = RefundGranted("k", eur("1.00"), "chipped", "operator:1")
    await happen(*completed(ORDER), Happened(STREAM, granted, "grant-refund:k"))
    for number, part in enumerate(("0.60", "0.40")):
        assert await models.unfinished_refunds(late, None) == [(ORDER, "k")]
        step = f"give-back:k#{number}"
        await happen(Happened(STREAM, RefundRequested(step, eur(part), f"pay-{number}"), step))
        assert await models.unfinished_refunds(late, None) == [(ORDER, "k")]
        await happen(Happened(STREAM, PaymentRefunded(step, f"r-{number}", eur(part)), step))
    assert await models.unfinished_refunds(late, None) == []
