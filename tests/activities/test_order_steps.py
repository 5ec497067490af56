"""Steps on the order's own stream: decided again when a race is lost, written once whatever is repeated."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from activities.contracts import CancelStep, PlaceStep, RejectStep, ResolveStep, StallStep, Step
from activities.order_stream import append_step, order_stream, order_write
from domain.errors import DomainError, NotFound
from domain.orders.events import OrderStepStalled, StepAction
from eventstore.store import StoreUnavailable, WrongExpectedVersion
from tests.support.backend import Backend
from tests.support.shop import order


async def test_placing_again_finds_the_order_that_was_placed(backend: Backend) -> None:
    command = order(("MUG", 1))
    given = PlaceStep(Step(command.order_id, "place#0"), command)
    backend.store.lose_after("OrderPlaced")
    with pytest.raises(StoreUnavailable):
        await backend.orders.place_order(given)
    first = await backend.orders.place_order(given)
    other = PlaceStep(given.step, replace(command, fingerprint="0" * 64))
    assert await backend.orders.place_order(other) == first
    assert first.fingerprint == "f" * 64


async def test_two_placings_at_once_place_one_order(backend: Backend) -> None:
    command = order(("MUG", 1))
    gate = backend.store.hold("OrderPlaced")
    given = PlaceStep(Step(command.order_id, "place#0"), command)
    placing = [asyncio.ensure_future(backend.orders.place_order(given)) for _ in range(2)]
    await gate.entered.wait()
    gate.open()
    first, second = await asyncio.gather(*placing)
    assert first == second
    assert backend.types(command.order_id) == ["OrderPlaced"]


async def test_a_step_that_lost_a_race_decides_again(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    gate = backend.store.hold("OrderCancellationRequested")
    cancelling = asyncio.ensure_future(
        backend.orders.request_cancellation(CancelStep(Step(order_id, "cancel:k"), "no"))
    )
    await gate.entered.wait()
    await backend.orders.record_stall(StallStep(Step(order_id, "stall#0"), "book:P#0", "Unknown", "down"))
    gate.open()
    done = await cancelling
    assert done.cancelling
    assert backend.types(order_id)[-2:] == ["OrderStepStalled", "OrderCancellationRequested"]
    assert done.version == len(backend.types(order_id))


async def test_a_decision_that_the_race_made_wrong_is_refused(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    gate = backend.store.hold("OrderCancellationRequested")
    asked = [CancelStep(Step(order_id, f"cancel:{key}"), "no") for key in "ab"]
    twins = [asyncio.ensure_future(backend.orders.request_cancellation(each)) for each in asked]
    await gate.entered.wait()
    gate.open()
    answers = await asyncio.gather(*twins, return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["Commanded", "NotAllowed"]


async def test_a_race_that_is_lost_for_ever_is_told(backend: Backend) -> None:
    order_id = await backend.placed()
    stale = await backend.load(order_id)
    await backend.orders.request_cancellation(CancelStep(Step(order_id, "cancel:k"), "no"))
    stall = OrderStepStalled("book:P#0", "Unknown", "down")
    with pytest.raises(WrongExpectedVersion):
        await append_step(backend.store, stale, Step(order_id, "stall#0"), [stall])
    assert order_write(stale, Step(order_id, "stall#0"), [stall]).stream_id == order_stream(order_id)


async def test_the_version_the_caller_saw_is_checked_once(backend: Backend) -> None:
    order_id = await backend.placed()
    step = Step(order_id, "cancel:k", "customer:ada")
    with pytest.raises(DomainError) as refused:
        await backend.orders.request_cancellation(CancelStep(step, "no", expected_version=7))
    assert (refused.value.code, refused.value.details) == ("version-mismatch", {"version": 1})
    done = await backend.orders.request_cancellation(CancelStep(step, "no", expected_version=1))
    assert await backend.orders.request_cancellation(CancelStep(step, "no", expected_version=1)) == done


async def test_an_old_cancellation_tells_what_the_order_is_now(backend: Backend) -> None:
    order_id = await backend.placed()
    given = CancelStep(Step(order_id, "cancel:k"), "no")
    assert (await backend.orders.request_cancellation(given)).cancelling
    await backend.orders.reject_cancellation(RejectStep(Step(order_id, "reject#0"), "too late"))
    again = await backend.orders.request_cancellation(given)
    assert (again.version, again.cancelling) == (2, False)


async def test_an_unknown_order_is_not_found(backend: Backend) -> None:
    with pytest.raises(NotFound):
        await backend.orders.request_cancellation(CancelStep(Step(uuid4(), "cancel:k"), "no"))


async def test_resuming_answers_stalls_and_counts_on(backend: Backend) -> None:
    order_id, reserved = await backend.confirmed()
    for number, step in enumerate(("book:P#0", "book:Q#0")):
        await backend.orders.record_stall(StallStep(Step(order_id, f"stall#{number}"), step, "Unknown", "down"))
    await backend.orders.resolve_step(
        ResolveStep(Step(order_id, "resolve:odd#9"), "book:P#0", StepAction.RETRY, "up again")
    )
    resumed = await backend.orders.resume_order(Step(order_id, "resume:run"))

    assert await backend.orders.resume_order(Step(order_id, "resume:run")) == resumed
    assert not (await backend.load(order_id)).record.order.attention
    assert backend.types(order_id).count("OrderStepResolved") == 2
    assert resumed.parcels == reserved.parcels
    assert not resumed.cancelling
    assert resumed.tries["stall"] == 2
    assert resumed.tries["authorize"] == resumed.tries["confirm"] == 0
