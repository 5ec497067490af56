"""What is under way beside an order goes on when its workflow was lost, and each effect happens once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from activities.cases import load_case
from domain.customers.events import CustomerErased
from domain.reconciliation.events import CaseAction
from domain.reconciliation.model import Case, CaseStatus
from ops.aftercare_recovery import Aftercare, Kind
from ops.recovery import Recovery
from tests.support.shop import POLICIES, Shop
from tests.workflows.amending import amend, booked, collected
from tests.workflows.scenarios import captured_twice, forget_the_case
from tests.workflows.test_refunds import given_back, grant
from workflows.case_commands import CaseCommands
from workflows.cases import case_workflow_id
from workflows.contracts import erasure_workflow_id
from workflows.refunds import refund_workflow_id


def once(*keys: Any) -> Any:
    """A page with these keys, and none after it."""

    async def page(before: datetime, after: object) -> Sequence[Any]:
        return [] if after else list(keys)

    return page


async def recover(shop: Shop, kind: Kind) -> None:
    async def nothing_open(before: datetime, after: UUID | None) -> Sequence[UUID]:
        return []

    recovery = Recovery(shop.environment.client, shop.store, nothing_open, POLICIES, rate=1000, aftercare=[kind])
    assert await recovery.resume_aftercare() == {kind.name: 1}


def kinds(shop: Shop) -> Aftercare:
    return Aftercare(shop.store, POLICIES)


async def terminate(shop: Shop, workflow_id: str) -> None:
    await shop.environment.client.get_workflow_handle(workflow_id).terminate("somebody tried the button")


async def ended(shop: Shop, workflow_id: str) -> None:
    await asyncio.wait_for(shop.environment.client.get_workflow_handle(workflow_id).result(), 20)


async def test_a_refund_that_was_on_its_way_is_given_back_once(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    held = shop.payments.faults.hold("refund")
    await grant(shop, order_id, "k")
    await held.entered.wait()
    await terminate(shop, refund_workflow_id(order_id, "k"))
    held.open()
    await recover(shop, kinds(shop).refunds(once((order_id, "k"))))
    await given_back(shop, order_id, "k")
    assert shop.payments.total(order_id, "refund") == 100
    assert shop.types(order_id).count("PaymentRefunded") == 1


async def test_a_refund_that_was_refused_and_parked_is_tried_anew_under_another_key(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", "refused")
    await grant(shop, order_id, "k")
    await shop.stalled(order_id)
    await terminate(shop, refund_workflow_id(order_id, "k"))
    await recover(shop, kinds(shop).refunds(once((order_id, "k"))))
    await given_back(shop, order_id, "k")
    record = await shop.record(order_id)
    assert (record.attention, record.payment.refunded.minor) == (False, 100)
    assert (order_id, "give-back:k#1") in shop.payments.books


async def test_a_refund_lost_between_two_of_its_parts_is_given_back_whole(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    await amend(shop, order_id, {"MUG": 2})
    await collected(shop, order_id, "BER-A1")
    await shop.ended(order_id)
    captured = (await shop.record(order_id)).payment.captured
    shop.payments.faults.plan("refund", "", "down", "down")
    await grant(shop, order_id, "k", captured.minor)
    assert await shop.stalled(order_id) == "give-back:k#1"
    assert 0 < shop.payments.total(order_id, "refund") < captured.minor
    await terminate(shop, refund_workflow_id(order_id, "k"))
    await recover(shop, kinds(shop).refunds(once((order_id, "k"))))
    await given_back(shop, order_id, "k")
    assert shop.payments.total(order_id, "refund") == captured.minor


async def test_a_refund_that_nobody_granted_moves_nothing(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    await recover(shop, kinds(shop).refunds(once((order_id, "k"))))
    await given_back(shop, order_id, "k")
    assert shop.payments.total(order_id, "refund") == 0


async def test_a_case_is_settled(shop: Shop) -> None:
    case = await captured_twice(shop)
    held = shop.payments.faults.hold("refund")
    commands = CaseCommands(shop.environment.client, 10)
    await commands.answer(case.case_id, key="k", action=CaseAction.REFUND, reason="by hand", actor="operator:o")
    await held.entered.wait()
    await terminate(shop, case_workflow_id(case.case_id))
    held.open()
    await recover(shop, kinds(shop).cases(once(case.case_id)))
    await ended(shop, case_workflow_id(case.case_id))
    state = (await load_case(shop.store, case.case_id)).state
    assert isinstance(state, Case)
    assert state.status is CaseStatus.SETTLED
    assert shop.payments.total(case.order_id, "refund") == shop.payments.total(case.order_id, "capture") // 2
    forget_the_case(shop, case)


async def test_an_erasure_is_told_to_the_carrier(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.carrier.faults.plan("forget", *(["down"] * 50))
    await shop.gateway.erase_customer("ada", reason="request 1", actor="admin:eve")
    await terminate(shop, erasure_workflow_id("ada"))
    shop.carrier.faults.planned.clear()
    await recover(shop, kinds(shop).erasures(once("ada")))
    await ended(shop, erasure_workflow_id("ada"))
    erasure = await shop.keys.erasure("ada")
    assert erasure
    assert erasure.forgotten_at
    assert [each.type for each in shop.store.streams["customer/ada"]] == ["CustomerErased", "CustomerForgotten"]


async def test_an_erasure_that_left_only_a_destroyed_key_is_noted(shop: Shop) -> None:
    await shop.keys.destroy("ada")
    await recover(shop, kinds(shop).erasures(once("ada")))
    await ended(shop, erasure_workflow_id("ada"))
    event = shop.store.streams["customer/ada"][0].event
    assert isinstance(event, CustomerErased)
    assert event.requested_by == "system"
