"""Attempts at a money effect that are killed anywhere, or run at once: one effect, one outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from activities.contracts import CancelStep, Effect, EffectOutcome, Step
from activities.gateways.protocol import Unknown
from activities.payment_contracts import AuthorizeStep, CaptureStep
from domain.errors import DomainError
from domain.payments.events import PaymentActionRefused, PaymentDeclined
from eventstore.store import StoreUnavailable
from tests.support.backend import Backend

Attempt = Callable[[], Awaitable[Effect]]
CALLS = {"authorize": "PaymentAuthorized", "capture": "PaymentCaptured", "void": "PaymentVoided"}


async def prepared(backend: Backend, call: str) -> tuple[UUID, Attempt]:
    """An order that is ready for this money effect, and an attempt at it."""
    services = backend.payments
    if call == "authorize":
        order_id, _ = await backend.reserved()
        return order_id, lambda: services.authorize_payment(AuthorizeStep(Step(order_id, "authorize#0")))
    order_id, reserved = await backend.confirmed()
    if call == "void":
        return order_id, lambda: services.void_payment(Step(order_id, "void#0"))
    share = reserved.parcels[0].share
    capture = CaptureStep(Step(order_id, "capture:P#0"), "P", share)
    if call == "refund":
        await services.capture_payment(capture)
        return order_id, lambda: services.refund_payment(Step(order_id, "refund#0"))
    return order_id, lambda: services.capture_payment(capture)


@pytest.mark.parametrize(("call", "event"), [*CALLS.items(), ("refund", "PaymentRefunded")])
async def test_killed_between_effect_and_append(backend: Backend, call: str, event: str) -> None:
    order_id, attempt = await prepared(backend, call)
    backend.store.lose_before(event)
    with pytest.raises(StoreUnavailable):
        await attempt()
    assert event not in backend.types(order_id)

    assert (await attempt()).outcome is EffectOutcome.DONE
    assert backend.gateway.faults.calls[call] == 1  # the second attempt found it by its key
    assert backend.types(order_id).count(event) == 1


@pytest.mark.parametrize(("call", "event"), [*CALLS.items(), ("refund", "PaymentRefunded")])
async def test_killed_between_append_and_answer(backend: Backend, call: str, event: str) -> None:
    order_id, attempt = await prepared(backend, call)
    backend.store.lose_after(event)
    with pytest.raises(StoreUnavailable):
        await attempt()
    calls = backend.gateway.faults.calls.copy()

    first, second = await attempt(), await attempt()
    assert first == second
    assert backend.gateway.faults.calls == calls  # the stream says it all
    assert backend.types(order_id).count(event) == 1


@pytest.mark.parametrize("call", CALLS)
async def test_killed_after_the_request(backend: Backend, call: str) -> None:
    order_id, attempt = await prepared(backend, call)
    backend.gateway.faults.plan(call, "down")
    with pytest.raises(Unknown):
        await attempt()
    assert (await backend.load(order_id)).record.payment.pending

    assert (await attempt()).outcome is EffectOutcome.DONE
    assert not (await backend.load(order_id)).record.payment.pending


@pytest.mark.parametrize(("call", "event"), CALLS.items())
async def test_two_attempts_at_once(backend: Backend, call: str, event: str) -> None:
    order_id, attempt = await prepared(backend, call)
    gate = backend.gateway.faults.hold(call)
    first = asyncio.ensure_future(attempt())
    await gate.entered.wait()
    second = asyncio.ensure_future(attempt())
    while backend.gateway.faults.calls["find"] == 0:
        await asyncio.sleep(0)
    gate.open()

    assert await first == await second
    assert backend.types(order_id).count(event) == 1
    assert len([each for each in backend.gateway.books.values() if each.kind.startswith(call[:4])]) == 1


async def test_an_outcome_is_appended_whatever_happened_to_the_order_meanwhile(backend: Backend) -> None:
    order_id, attempt = await prepared(backend, "authorize")
    gate = backend.gateway.faults.hold("authorize")
    running = asyncio.ensure_future(attempt())
    await gate.entered.wait()
    await backend.orders.request_cancellation(CancelStep(Step(order_id, "cancel:k"), "no"))
    gate.open()
    assert (await running).outcome is EffectOutcome.DONE


@pytest.mark.parametrize(
    ("call", "fault", "kind"),
    [
        ("authorize", "declined", PaymentDeclined),
        ("authorize", "refused", PaymentDeclined),
        ("capture", "refused", PaymentActionRefused),
    ],
)
async def test_a_refusal_is_an_outcome_and_stays_one(
    backend: Backend, call: str, fault: str, kind: type[PaymentDeclined | PaymentActionRefused]
) -> None:
    order_id, attempt = await prepared(backend, call)
    backend.gateway.faults.plan(call, fault)
    first = await attempt()
    assert first.outcome is EffectOutcome.REFUSED
    assert await attempt() == first
    assert backend.gateway.faults.calls[call] == 1
    assert backend.types(order_id)[-1] == kind.__name__


async def test_there_may_be_nothing_to_give_back(backend: Backend) -> None:
    order_id, _ = await backend.reserved()
    before = backend.types(order_id)
    void = Step(order_id, "void#0")
    assert (await backend.payments.void_payment(void)).outcome is EffectOutcome.NOTHING
    assert (await backend.payments.refund_payment(Step(order_id, "refund#0"))).outcome is EffectOutcome.NOTHING
    assert backend.types(order_id) == before
    assert not backend.gateway.faults.calls


@pytest.mark.parametrize("charged", [True, False])
async def test_an_unknown_authorisation_is_settled_before_the_void(backend: Backend, charged: bool) -> None:
    order_id, attempt = await prepared(backend, "authorize")
    backend.gateway.faults.plan("authorize", "lost" if charged else "down")
    with pytest.raises(Unknown):
        await attempt()
    undone = await backend.payments.void_payment(Step(order_id, "void#0"))

    assert undone.outcome is (EffectOutcome.DONE if charged else EffectOutcome.NOTHING)
    assert not (await backend.load(order_id)).record.payment.held
    late = await attempt()  # an attempt that was thought lost comes back
    assert [each.kind for each in backend.gateway.books.values()] == (["authorization", "void"] if charged else [])
    assert late.outcome is (EffectOutcome.DONE if charged else EffectOutcome.REFUSED)


async def test_more_than_is_authorised_is_never_captured(backend: Backend) -> None:
    order_id, reserved = await backend.confirmed()
    share = reserved.parcels[0].share
    await backend.payments.capture_payment(CaptureStep(Step(order_id, "capture:P#0"), "P", share))
    with pytest.raises(DomainError) as refused:
        await backend.payments.capture_payment(CaptureStep(Step(order_id, "capture:Q#0"), "Q", share))
    assert refused.value.code == "amount-above-authorized"
