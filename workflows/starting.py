"""What every run of an order's workflow is started with, the first as well as those after it."""

from typing import Any

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from activities.contracts import TaskQueue
from domain.orders.decide import PlaceOrder
from domain.orders.model import OrderStatus
from workflows.contracts import ATTENTION, CUSTOMER, ORDER_NUMBER, STATUS, order_workflow_id


def shown(command: PlaceOrder, status: OrderStatus = OrderStatus.PLACED) -> dict[str, Any]:
    """Its id and queue, and what Temporal's lists and UI show of the order."""
    return {
        "id": order_workflow_id(command.order_id),
        "task_queue": TaskQueue.ORDERS,
        "search_attributes": _search_attributes(command, status),
        "static_summary": f"{command.order_number}: {command.totals.total}",
        "static_details": _details(command),
    }


def _search_attributes(command: PlaceOrder, status: OrderStatus) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATUS, status),
            SearchAttributePair(ATTENTION, False),
            SearchAttributePair(ORDER_NUMBER, command.order_number),
            SearchAttributePair(CUSTOMER, command.customer_id),
        ]
    )


def _details(command: PlaceOrder) -> str:
    """What the Temporal UI shows of the order; no personal data."""
    lines = "\n".join(f"- {line.quantity} × `{line.sku}` at {line.unit_price}" for line in command.lines)
    return f"Paid by `{command.payment_method}`\n\n{lines}"
