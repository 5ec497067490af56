"""Steps on the money of an order that took more than one authorisation, each one effect at the gateway."""

from uuid import UUID

import pytest

from activities.contracts import Effect, EffectOutcome, Step
from activities.gateways.protocol import Unknown
from activities.payment_contracts import AuthorizeMoreStep, CaptureStep, VoidMoreStep
from activities.refunds import GrantedRefundStep, GrantStep, RefundActivities
from domain.money import Money
from tests.support.backend import Backend

MORE = Money(500, "EUR")


def more(order_id: UUID, number: int = 0) -> AuthorizeMoreStep:
    return AuthorizeMoreStep(Step(order_id, f"authorize-more:a#{number}"), MORE, "amendment")


async def topped_up(backend: Backend) -> tuple[UUID, Money]:
    """An order with two authorisations, and all that they hold."""
    order_id, _ = await backend.confirmed()
    assert (await backend.payments.authorize_more(more(order_id))).outcome is EffectOutcome.DONE
    return order_id, (await backend.load(order_id)).record.payment.open


async def capture(backend: Backend, order_id: UUID, share: Money, number: int) -> Effect:
    step = Step(order_id, f"capture:P#{number}")
    return await backend.payments.capture_payment(CaptureStep(step, "P", share))


def drawn(backend: Backend, kind: str) -> list[tuple[str, int]]:
    """The effects of a kind: on which authorisation, how much."""
    return [(each.payment, each.amount.minor) for each in backend.gateway.books.values() if each.kind == kind]


async def test_more_is_an_authorisation_of_its_own_once(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    backend.gateway.faults.plan("authorize", "lost")
    with pytest.raises(Unknown):
        await backend.payments.authorize_more(more(order_id))
    first, again = [await backend.payments.authorize_more(more(order_id)) for _ in range(2)]
    assert first == again
    assert len(drawn(backend, "authorization")) == 2


async def test_a_declined_extra_changes_nothing_of_what_is_authorised(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    before = (await backend.load(order_id)).record.payment
    backend.gateway.faults.plan("authorize", "declined")
    effect = await backend.payments.authorize_more(more(order_id))
    assert (effect.outcome, effect.code) == (EffectOutcome.REFUSED, "card-declined")
    assert (await backend.load(order_id)).record.payment == before


async def test_a_share_is_captured_and_given_back_over_both(backend: Backend) -> None:
    order_id, whole = await topped_up(backend)
    first = await capture(backend, order_id, whole, 0)
    assert (first.outcome, first.more) == (EffectOutcome.DONE, True)
    second = await capture(backend, order_id, whole, 1)
    assert (second.outcome, second.more) == (EffectOutcome.DONE, False)
    assert (await capture(backend, order_id, whole, 2)).outcome is EffectOutcome.NOTHING
    captures = drawn(backend, "capture")
    assert [amount for _, amount in captures] == [whole.minor - MORE.minor, MORE.minor]

    grants = RefundActivities(backend.store)
    await grants.grant_refund(GrantStep(Step(order_id, "grant-refund:g"), "g", "late", whole))
    parts = []
    for number in range(3):
        step = GrantedRefundStep(Step(order_id, f"refund:g#{number}"), "g")
        parts.append(await backend.payments.refund_granted(step))
    assert [part.more for part in parts] == [True, False, False]
    assert drawn(backend, "refund") == captures


async def test_a_capture_moves_what_was_asked_for_first_whatever_the_caller_says_now(backend: Backend) -> None:
    order_id, whole = await topped_up(backend)
    backend.gateway.faults.plan("capture", "down")
    with pytest.raises(Unknown):
        await capture(backend, order_id, Money(700, "EUR"), 0)
    await capture(backend, order_id, whole, 0)
    assert [amount for _, amount in drawn(backend, "capture")] == [700]


async def test_an_undoing_voids_both_the_unknown_one_too(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    backend.gateway.faults.plan("authorize", "lost")
    with pytest.raises(Unknown):
        await backend.payments.authorize_more(more(order_id))
    voids = [await backend.payments.void_payment(Step(order_id, f"void#{number}")) for number in range(2)]
    assert [void.more for void in voids] == [True, False]
    assert not (await backend.load(order_id)).record.payment.held
    assert drawn(backend, "void") == drawn(backend, "authorization")


async def test_one_that_is_not_needed_any_more_is_voided_alone(backend: Backend) -> None:
    order_id, whole = await topped_up(backend)
    given = VoidMoreStep(Step(order_id, "void:a#0"), "authorize-more:a#0")
    for _ in range(2):
        assert (await backend.payments.void_more(given)).outcome is EffectOutcome.DONE
    assert (await backend.load(order_id)).record.payment.open == whole - MORE


async def test_one_that_was_never_made_is_closed(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    backend.gateway.faults.plan("authorize", "down")
    with pytest.raises(Unknown):
        await backend.payments.authorize_more(more(order_id))
    given = VoidMoreStep(Step(order_id, "void:a#0"), "authorize-more:a#0")
    assert (await backend.payments.void_more(given)).outcome is EffectOutcome.NOTHING
    assert not (await backend.load(order_id)).record.payment.pending
    assert (await backend.payments.authorize_more(more(order_id))).outcome is EffectOutcome.REFUSED


async def test_the_rest_is_freed_once_the_price_is_captured_and_not_before(backend: Backend) -> None:
    order_id, whole = await topped_up(backend)
    assert (await backend.payments.void_rest(Step(order_id, "void#0"))).outcome is EffectOutcome.NOTHING
    part, price = Money(700, "EUR"), whole - MORE
    assert not (await capture(backend, order_id, part, 0)).rest
    rest = CaptureStep(Step(order_id, "capture:Q#0"), "Q", price - part)
    assert (await backend.payments.capture_payment(rest)).rest
    assert (await backend.payments.void_rest(Step(order_id, "void#0"))).outcome is EffectOutcome.DONE
    assert [amount for _, amount in drawn(backend, "void")] == [MORE.minor]
