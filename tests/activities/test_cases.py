"""Settling cases: at the gateway or in the order, once, whatever is killed in between."""

from dataclasses import replace
from uuid import UUID

import pytest

from activities.cases import CaseActivities, CaseAnswer, change_case, close_case, load_case, open_case
from activities.contracts import Step
from activities.gateways.protocol import PaymentEffect, Unknown
from activities.payment_contracts import CaptureStep
from activities.reconciling import OrderMoney, differences
from domain.money import Money
from domain.reconciliation import decide
from domain.reconciliation.events import CaseAction, CaseOpened
from domain.reconciliation.model import Case, CaseStatus
from eventstore.store import StoreUnavailable
from tests.support.backend import Backend
from tests.support.samples import NOON, eur


class Desk:
    """An operator's desk over one shop."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.steps = CaseActivities(backend.store, backend.gateway)

    async def differences(self, order_id: UUID) -> list[CaseOpened]:
        effects = await self.backend.gateway.list_effects(order_id)
        stored = await self.backend.store.read_stream(f"order/{order_id}")
        known = OrderMoney.of(stored) if stored else None
        return differences(order_id, known, effects, now=NOON, grace=NOON - NOON)

    async def case(self, order_id: UUID) -> CaseOpened:
        (case,) = await self.differences(order_id)
        assert await open_case(self.backend.store, case)
        return case

    async def answer(self, case: CaseOpened, action: CaseAction, key: str = "k") -> None:
        given = CaseAnswer(case.case_id, f"answer:{key}", action, "by hand", "operator:o")
        await self.steps.answer_case(given)

    async def state(self, case: CaseOpened) -> Case:
        state = (await load_case(self.backend.store, case.case_id)).state
        assert isinstance(state, Case)
        return state


@pytest.fixture
async def desk() -> Desk:
    backend = Backend()
    await backend.stock("MUG", 10)
    return Desk(backend)


async def captured(desk: Desk) -> UUID:
    order_id, _ = await desk.backend.confirmed(("MUG", 1))
    total = (await desk.backend.load(order_id)).record.order.owed
    await desk.backend.payments.capture_payment(
        CaptureStep(Step(order_id, "capture:p#0"), "p", Money(total.minor - 5, "EUR"))
    )
    return order_id


async def by_hand(desk: Desk, order_id: UUID, kind: str, like: str, minor: int | None = None) -> PaymentEffect:
    """Somebody makes an effect in the gateway's own console."""
    books = desk.backend.gateway.books
    model = next(each for each in books.values() if each.order_id == order_id and each.kind == like)
    amount = model.amount if minor is None else Money(minor, "EUR")
    effect = replace(model, kind=kind, reference=f"{kind}-by-hand", idempotency_key=kind, amount=amount)
    books[order_id, kind] = effect
    return effect


async def test_a_capture_made_twice_is_given_back_once(desk: Desk) -> None:
    order_id = await captured(desk)
    twice = await by_hand(desk, order_id, "capture", "capture")
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.REFUND)
    desk.backend.gateway.faults.plan("refund", "lost")
    with pytest.raises(Unknown):
        await desk.steps.settle_case(case.case_id)
    await desk.steps.settle_case(case.case_id)
    await desk.steps.settle_case(case.case_id)

    assert (await desk.state(case)).status is CaseStatus.SETTLED
    assert desk.backend.gateway.total(order_id, "refund") == twice.amount.minor
    assert [each.case_id for each in await desk.differences(order_id)] == [case.case_id]
    assert not await open_case(desk.backend.store, case)


async def test_a_charge_without_an_order_is_voided(desk: Desk) -> None:
    order_id = UUID(int=1)
    await desk.backend.gateway.authorize(order_id, "authorize#0", method="sim_ok", amount=eur("9.00"))
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.REFUND)
    await desk.steps.settle_case(case.case_id)
    assert desk.backend.gateway.total(order_id, "void") == 900


async def test_a_capture_made_elsewhere_is_adopted_once(desk: Desk) -> None:
    order_id = await captured(desk)
    await by_hand(desk, order_id, "capture", "capture", minor=3)
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.ADOPT)
    before = (await desk.backend.load(order_id)).record.payment.captured.minor
    desk.backend.store.lose_before("CaseSettled")  # the order takes it, and the process dies before the case knows
    with pytest.raises(StoreUnavailable):
        await desk.steps.settle_case(case.case_id)
    await desk.steps.settle_case(case.case_id)
    assert (await desk.backend.load(order_id)).record.payment.captured.minor == before + 3
    assert (await desk.state(case)).status is CaseStatus.SETTLED
    assert await desk.differences(order_id) == []


async def test_what_does_not_fit_the_order_leaves_the_case_open_with_the_reason(desk: Desk) -> None:
    order_id = await captured(desk)
    await by_hand(desk, order_id, "capture", "capture", minor=6)
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.ADOPT)
    await desk.steps.settle_case(case.case_id)
    state = await desk.state(case)
    assert state.status is CaseStatus.OPEN
    assert state.refused
    assert state.refused.code == "does-not-fit"
    await desk.answer(case, CaseAction.REFUND, key="k2")
    await desk.steps.settle_case(case.case_id)
    assert desk.backend.gateway.total(order_id, "refund") == 6


async def test_an_effect_that_the_gateway_lost_cannot_be_adopted(desk: Desk) -> None:
    order_id = await captured(desk)
    await by_hand(desk, order_id, "capture", "capture", minor=3)
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.ADOPT)
    del desk.backend.gateway.books[order_id, "capture"]
    await desk.steps.settle_case(case.case_id)
    refused = (await desk.state(case)).refused
    assert refused
    assert refused.code == "effect-gone"


async def test_a_missing_refund_is_made_under_its_own_step(desk: Desk) -> None:
    order_id = await captured(desk)
    await desk.backend.payments.refund_payment(Step(order_id, "refund#0"))
    lost = desk.backend.gateway.books.pop((order_id, "refund#0"))
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.REFUND)
    await desk.steps.settle_case(case.case_id)
    assert desk.backend.gateway.books[order_id, "refund#0"].amount == lost.amount
    assert await desk.differences(order_id) == []


async def test_answers_and_openings_are_repeated_safely(desk: Desk) -> None:
    order_id = await captured(desk)
    await by_hand(desk, order_id, "capture", "capture")
    case = await desk.case(order_id)
    await desk.answer(case, CaseAction.DISMISS)
    await desk.answer(case, CaseAction.DISMISS)
    assert not await close_case(desk.backend.store, case.case_id)
    _, changed = await change_case(desk.backend.store, case.case_id, "close#9", "system", decide.close)
    assert not changed
    assert (await desk.state(case)).status is CaseStatus.DISMISSED
