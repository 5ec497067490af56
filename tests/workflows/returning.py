"""A return as its people drive it."""

import asyncio
from datetime import timedelta
from uuid import UUID

from domain.record import OrderRecord
from domain.returns.events import InspectedItem, ReturnItem, ReturnKind, ReturnTerms
from domain.rma import ReturnRules
from tests.support.shop import Shop
from workflows.return_contracts import return_workflow_id
from workflows.returns_gateway import return_id_of

EVE = "operator:eve"
WINDOW_DAYS = 30


async def request(
    shop: Shop,
    order_id: UUID,
    *items: tuple[str, int],
    key: str = "r",
    kind: ReturnKind = ReturnKind.RETURN,
    rules: ReturnRules | None = None,
) -> UUID:
    """Ask for a return, once per key; its id."""
    await shop.gateway.request_return(
        order_id,
        key=key,
        kind=kind,
        items=[ReturnItem(*item) for item in items],
        reason="too small",
        rules=rules or rules_of(),
        actor="customer:ada",
    )
    return return_id_of(order_id, key)


def rules_of(terms: ReturnTerms | None = None, *, auto_approve: bool = False) -> ReturnRules:
    return ReturnRules(timedelta(days=WINDOW_DAYS), terms or ReturnTerms(), auto_approve)


async def approve(shop: Shop, order_id: UUID, return_id: UUID, key: str = "a") -> None:
    await shop.gateway.approve_return(order_id, return_id, key=key, reason="fine", actor=EVE)


async def receive(shop: Shop, order_id: UUID, return_id: UUID, warehouse: str | None = None) -> None:
    await shop.gateway.receive_return(order_id, return_id, key="v", warehouse=warehouse, actor=EVE)


async def inspect(shop: Shop, order_id: UUID, return_id: UUID, *found: InspectedItem) -> None:
    await shop.gateway.inspect_return(order_id, return_id, key="i", items=found, actor=EVE)


async def closed(shop: Shop, order_id: UUID, return_id: UUID) -> OrderRecord:
    """Wait for the end of the return's workflow."""
    handle = shop.environment.client.get_workflow_handle(return_workflow_id(return_id))
    await asyncio.wait_for(handle.result(), 20)
    return await shop.record(order_id)
