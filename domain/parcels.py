"""Which parcels an order is sent in, and what each captures of the total."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from domain.identifiers import replacement_parcel
from domain.inventory.events import Allocation
from domain.inventory.model import added
from domain.money import Money, total
from domain.orders.model import Order
from domain.payments.decide import capture_shares
from domain.record import OrderRecord
from domain.returns.events import ReplacementPlanned
from domain.shipping.events import PlannedParcel, ShipmentItem

_REVISION: Final = re.compile(r"-A\d+$")
Naming = Callable[[str, tuple[ShipmentItem, ...]], str]
"""A parcel's id, by its warehouse and what it holds."""


def plans_of(record: OrderRecord) -> tuple[PlannedParcel, ...]:
    """Every parcel of the order, those that replace lost or returned goods included; these capture nothing."""
    nothing = Money.zero(record.order.currency)
    again = tuple(
        PlannedParcel(parcel.answer.replacement, parcel.answer.warehouse, parcel.items, nothing)
        for parcel in record.shipments.by_id.values()
        if parcel.answer and parcel.answer.replacement and parcel.answer.warehouse
    )
    returned = tuple(replacement_plan(plan, nothing) for plan in record.returns.replacements)
    return (*first_plans(record), *again, *returned)


def replacement_plan(plan: ReplacementPlanned, nothing: Money) -> PlannedParcel:
    """The parcel that a return's customer gets, for `nothing` in the order's currency."""
    items = tuple(ShipmentItem(item.sku, item.quantity) for item in plan.items)
    return PlannedParcel(replacement_parcel(plan.return_id), plan.warehouse, items, nothing)


def first_plans(record: OrderRecord) -> tuple[PlannedParcel, ...]:
    """The parcels that the order's price is captured with: as they were planned last, else one per warehouse."""
    return record.shipments.plan or plan_parcels(record.order, record.planned)


def plan_parcels(order: Order, allocations: Sequence[Allocation]) -> tuple[PlannedParcel, ...]:
    """One parcel per warehouse, in order of their names, each with its share of the order's total."""
    number = order.placed.order_number
    return _planned(order, allocations, order.totals.total, lambda warehouse, _: f"{number}-{warehouse}")


def replanned(record: OrderRecord, revision: str, *, relabelled: bool) -> tuple[PlannedParcel, ...]:
    """The parcels after an amendment, whose terms and stock the record has already.

    What has left stays as it is, and keeps its share; the others share what is left of the total. A parcel with
    other goods is another parcel: its id ends in the revision, so that no booking is taken for one of other goods.

    Args:
        relabelled: Whether address or shipping method changed, so that every label is another.
    """
    before = first_plans(record)
    left = tuple(plan for plan in before if _has_left(record, plan))
    staying = {plan.warehouse: plan for plan in before if plan not in left}
    rest = added(record.planned, _goods(left), sign=-1)
    money = record.order.totals.total - total((plan.share for plan in left), record.order.currency)
    nothing = Money.zero(record.order.currency)

    def named(warehouse: str, items: tuple[ShipmentItem, ...]) -> str:
        plan = staying.get(warehouse)
        if plan and not relabelled and _content(plan.items) == _content(items):
            return plan.shipment_id
        return f"{record.order.placed.order_number}-{warehouse}-{revision}"

    return (*left, *_planned(record.order, rest, money if money.minor > 0 else nothing, named))


def unrevised(shipment_id: str) -> str:
    """A parcel's id without the revision that an amendment gave it: a hold stays on what the parcel becomes."""
    return _REVISION.sub("", shipment_id)


def surplus(record: OrderRecord) -> tuple[Allocation, ...]:
    """What is reserved for first parcels beyond what they are planned to hold: what an amendment has taken."""
    return added(record.planned, _goods(first_plans(record)), sign=-1)


def _planned(
    order: Order, allocations: Sequence[Allocation], money: Money, named: Naming
) -> tuple[PlannedParcel, ...]:
    prices = {line.sku: line.unit_price for line in order.lines}
    warehouses = sorted({allocation.warehouse for allocation in allocations})
    served = [[part for part in allocations if part.warehouse == warehouse] for warehouse in warehouses]
    goods = [total((prices[part.sku] * part.quantity for part in parts), order.currency) for parts in served]
    contents = [tuple(ShipmentItem(part.sku, part.quantity) for part in parts) for parts in served]
    shares = capture_shares(money, goods) if goods else ()
    return tuple(
        PlannedParcel(named(warehouse, items), warehouse, items, share)
        for warehouse, items, share in zip(warehouses, contents, shares, strict=True)
    )


def _has_left(record: OrderRecord, plan: PlannedParcel) -> bool:
    parcel = record.shipments.by_id.get(plan.shipment_id)
    return parcel is not None and parcel.dispatched


def _goods(plans: Sequence[PlannedParcel]) -> list[Allocation]:
    return [Allocation(plan.warehouse, item.sku, item.quantity) for plan in plans for item in plan.items]


def _content(items: Sequence[ShipmentItem]) -> dict[str, int]:
    return {item.sku: item.quantity for item in items}
