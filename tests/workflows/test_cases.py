"""A case is answered once and settled in the end, whatever the gateway does meanwhile."""

from uuid import UUID, uuid4

import pytest

from activities.cases import load_case
from domain.errors import NotAllowed, NotFound
from domain.reconciliation.events import CaseAction
from domain.reconciliation.model import Case, CaseStatus
from tests.support.shop import Shop
from tests.workflows.scenarios import captured_twice, forget_the_case
from workflows.case_commands import CaseCommands
from workflows.cases import case_workflow_id


async def answered(shop: Shop, case_id: UUID, action: CaseAction, key: str) -> None:
    commands = CaseCommands(shop.environment.client, 10)
    await commands.answer(case_id, key=key, action=action, reason="by hand", actor="operator:o")


async def test_a_refund_is_made_once_the_gateway_is_back(shop: Shop) -> None:
    case = await captured_twice(shop)
    shop.payments.faults.plan("find", "down")
    await answered(shop, case.case_id, CaseAction.REFUND, "k")
    with pytest.raises(NotAllowed):
        await answered(shop, case.case_id, CaseAction.DISMISS, "k2")
    await shop.environment.client.get_workflow_handle(case_workflow_id(case.case_id)).result()
    await answered(shop, case.case_id, CaseAction.REFUND, "k")

    state = (await load_case(shop.store, case.case_id)).state
    assert isinstance(state, Case)
    assert state.status is CaseStatus.SETTLED
    assert shop.payments.total(case.order_id, "refund") == shop.payments.total(case.order_id, "capture") // 2
    forget_the_case(shop, case)


async def test_a_case_that_never_was_ends_its_workflow(shop: Shop) -> None:
    unknown = uuid4()
    with pytest.raises(NotFound):
        await answered(shop, unknown, CaseAction.DISMISS, "k")
    await shop.environment.client.get_workflow_handle(case_workflow_id(unknown)).result()
