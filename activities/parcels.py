"""Which parcels an order is sent in, and what each captures of the total."""

from collections.abc import Sequence

from activities.contracts import PlannedParcel
from domain.identifiers import replacement_parcel
from domain.inventory.events import Allocation
from domain.money import Money, total
from domain.orders.model import Order
from domain.payments.decide import capture_shares
from domain.record import OrderRecord
from domain.returns.events import ReplacementPlanned
from domain.shipping.events import ShipmentItem


def plans_of(record: OrderRecord) -> tuple[PlannedParcel, ...]:
    """Every parcel of the order, those that replace lost or returned goods included; these capture nothing."""
    nothing = Money.zero(record.order.currency)
    again = tuple(
        PlannedParcel(parcel.answer.replacement, parcel.answer.warehouse, parcel.items, nothing)
        for parcel in record.shipments.by_id.values()
        if parcel.answer and parcel.answer.replacement and parcel.answer.warehouse
    )
    returned = tuple(replacement_plan(plan, nothing) for plan in record.returns.replacements)
    return (*plan_parcels(record.order, record.planned), *again, *returned)


def replacement_plan(plan: ReplacementPlanned, nothing: Money) -> PlannedParcel:
    """The parcel that a return's customer gets, for `nothing` in the order's currency."""
    items = tuple(ShipmentItem(item.sku, item.quantity) for item in plan.items)
    return PlannedParcel(replacement_parcel(plan.return_id), plan.warehouse, items, nothing)


def plan_parcels(order: Order, allocations: Sequence[Allocation]) -> tuple[PlannedParcel, ...]:
    """One parcel per warehouse, in order of their names, each with its share of the order's total."""
    prices = {line.sku: line.unit_price for line in order.lines}
    warehouses = sorted({allocation.warehouse for allocation in allocations})
    served = [[part for part in allocations if part.warehouse == warehouse] for warehouse in warehouses]
    goods = [total((prices[part.sku] * part.quantity for part in parts), order.currency) for parts in served]
    shares = capture_shares(order.totals.total, goods)
    return tuple(
        PlannedParcel(
            shipment_id=f"{order.placed.order_number}-{warehouse}",
            warehouse=warehouse,
            items=tuple(ShipmentItem(part.sku, part.quantity) for part in parts),
            share=share,
        )
        for warehouse, parts, share in zip(warehouses, served, shares, strict=True)
    )
