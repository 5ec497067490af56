"""Reads that keep promises: caught up with a position, and silent about other customers' orders."""

import asyncio
from uuid import UUID

from activities.aggregates import Committed
from activities.order_stream import order_stream
from api import positions
from api.auth import Principal, Scope
from api.dependencies import ApiDependencies
from api.errors import Problem
from domain.errors import NotFound
from readmodels import orders
from readmodels.views import OrderView


async def catch_up(deps: ApiDependencies, projection: str, min_position: str | None) -> None:
    """Wait until the projection has applied a position. Raises Problem (`read-not-caught-up`), InvalidValue."""
    if min_position is not None:
        await wait_until(deps, projection, positions.decode(min_position))


async def wait_until(deps: ApiDependencies, projection: str, wanted: Committed) -> None:
    """Raises Problem (`read-not-caught-up`)."""
    if not await applied(deps, projection, wanted, deps.rules.read_wait):
        raise Problem("read-not-caught-up", "the read has not seen this position yet; repeat it in a moment")


async def applied(deps: ApiDependencies, projection: str, wanted: Committed, timeout: float) -> bool:
    return await deps.queries.wait_for(projection, wanted.stream_id, wanted.version, timeout=timeout)


async def visible_order(deps: ApiDependencies, caller: Principal, order_id: UUID) -> OrderView:
    """The order, if the caller may know of it. One placed a moment ago is waited for.

    Another customer's order takes as long to be refused as one that does not exist.

    Raises:
        NotFound: there is no such order, or it is another customer's.
    """
    view = await deps.queries.order(order_id)
    if view is None:
        await applied(deps, orders.NAME, Committed(order_stream(order_id), 1), deps.rules.grace)
        view = await deps.queries.order(order_id)
    elif not owns(caller, view.record.order.placed.customer_id):
        await asyncio.sleep(deps.rules.grace)
    if view is None or not owns(caller, view.record.order.placed.customer_id):
        raise NotFound("there is no order of this id", code="order-not-found")
    return view


def owns(caller: Principal, customer_id: str) -> bool:
    return caller.may(Scope.ALL_CUSTOMERS) or caller.subject == customer_id
