"""`waybill reconcile` on a real store: streams and books side by side, both ways, again and again."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from activities.cases import CaseActivities, CaseAnswer, load_case
from activities.gateways.protocol import PaymentEffect
from domain.identifiers import order_number
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from domain.reconciliation.events import CaseAction, CaseKind
from domain.reconciliation.model import Case, CaseStatus
from eventstore.store import Expected, NewEvent, StreamWrite
from ops.bootstrap import Backend, open_backend
from ops.config import Settings
from ops.reconcile import Reconciliation
from tests.support.gateways import MemoryPayments
from tests.support.samples import PLACED, TOTAL

HOUR = timedelta(hours=1)


class Shop:
    def __init__(self, backend: Backend) -> None:
        self.backend, self.payments, self.now = backend, MemoryPayments(), datetime.now(UTC)

    def reconciliation(self) -> Reconciliation:
        return Reconciliation(
            self.backend.pool, self.backend.codec, self.backend.store, self.payments, HOUR, lambda: self.now
        )

    async def append(self, order_id: UUID, events: Sequence[object]) -> None:
        new = tuple(NewEvent(uuid4(), event, {"step": getattr(event, "step", "")}) for event in events)
        await self.backend.store.append((StreamWrite(f"order/{order_id}", Expected.ANY, new),))

    def book(self, order_id: UUID, kind: str, key: str, reference: str) -> None:
        effect = PaymentEffect(kind, reference, f"a-{order_id}", order_id, key, TOTAL)
        self.payments.books[order_id, reference] = effect

    async def paid(self, *, booked: Sequence[str] = ("authorization", "capture")) -> UUID:
        """An order that was authorised and captured in full; the books have what is `booked`."""
        order_id = uuid4()
        await self.append(
            order_id,
            [
                replace(PLACED, order_id=order_id, order_number=order_number(order_id)),
                PaymentRequested("authorize#0", "sim_ok", TOTAL),
                PaymentAuthorized("authorize#0", f"a-{order_id}", TOTAL),
                CaptureRequested("capture:p#0", "p", TOTAL),
                PaymentCaptured("capture:p#0", f"c-{order_id}", TOTAL),
            ],
        )
        keys = {"authorization": ("authorize#0", f"a-{order_id}"), "capture": ("capture:p#0", f"c-{order_id}")}
        for kind in booked:
            self.book(order_id, kind, *keys[kind])
        return order_id


@pytest.fixture
async def shop(test_settings: Settings) -> AsyncIterator[Shop]:
    async with open_backend(test_settings, name="test-reconcile") as backend:
        yield Shop(backend)


async def test_each_difference_is_a_case_once_and_gone_when_it_is_gone(shop: Shop) -> None:
    for _ in range(20):
        await shop.paid()
    twice, unbooked, refunded = await shop.paid(), await shop.paid(booked=["authorization"]), await shop.paid()
    shop.book(twice, "capture", "by-hand", "c-again")
    stranger = uuid4()
    shop.book(stranger, "authorization", "authorize#0", "a-stranger")
    refund = [RefundRequested("refund#0", TOTAL), PaymentRefunded("refund#0", "r-1", TOTAL)]
    await shop.append(refunded, refund)

    first = await shop.reconciliation().run()
    assert {(case.kind, case.order_id) for case in first.differing} == {
        (CaseKind.CAPTURED_TWICE, twice),
        (CaseKind.NOT_BOOKED, unbooked),
        (CaseKind.REFUND_MISSING, refunded),
        (CaseKind.CHARGED_NO_ORDER, stranger),
    }
    assert (first.orders, first.opened, first.closed, first.waiting) == (24, 4, 0, 4)

    again = await shop.reconciliation().run()
    assert (len(again.differing), again.opened, again.closed, again.waiting) == (4, 0, 0, 4)

    shop.book(unbooked, "capture", "capture:p#0", f"c-{unbooked}")
    shop.book(refunded, "refund", "refund#0", "r-1")
    gone = await shop.reconciliation().run()
    assert (len(gone.differing), gone.opened, gone.closed, gone.waiting) == (2, 0, 2, 2)


async def test_an_answered_case_stays_answered(shop: Shop) -> None:
    order_id = await shop.paid()
    shop.book(order_id, "capture", "by-hand", "c-again")
    report = await shop.reconciliation().run()
    case = report.differing[0]
    desk = CaseActivities(shop.backend.store, shop.payments)
    await desk.answer_case(CaseAnswer(case.case_id, "answer:k", CaseAction.REFUND, "r", "operator:o"))
    await desk.settle_case(case.case_id)
    assert shop.payments.total(order_id, "refund") == TOTAL.minor

    after = await shop.reconciliation().run()
    assert (after.opened, after.closed, after.waiting) == (0, 0, 0)
    state = (await load_case(shop.backend.store, case.case_id)).state
    assert isinstance(state, Case)
    assert state.status is CaseStatus.SETTLED


async def test_what_is_on_its_way_is_no_case_until_its_time_is_over(shop: Shop) -> None:
    order_id = uuid4()
    placed = replace(PLACED, order_id=order_id, order_number=order_number(order_id))
    await shop.append(order_id, [placed, PaymentRequested("authorize#0", "sim_ok", TOTAL)])
    shop.book(order_id, "authorization", "authorize#0", "a-1")
    assert not (await shop.reconciliation().run()).differing
    shop.now += 2 * HOUR
    dry = await shop.reconciliation().run(dry=True)
    assert [case.kind for case in dry.differing] == [CaseKind.NOT_RECORDED]
    assert (dry.opened, dry.waiting) == (0, 0)


async def test_what_happens_while_it_looks_is_no_case(shop: Shop) -> None:
    """The books are read first; an order placed and paid after that has events that they lack."""
    before = shop.payments.effects

    async def slow() -> AsyncIterator[PaymentEffect]:
        async for effect in before():
            yield effect
        await shop.paid()

    shop.payments.effects = slow  # type: ignore[method-assign]
    report = await shop.reconciliation().run()
    assert (report.orders, report.differing) == (1, [])
