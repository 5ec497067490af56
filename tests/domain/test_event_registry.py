"""Every event class is registered once and belongs to its context's union: nobody forgets one."""

from dataclasses import is_dataclass
from types import ModuleType
from typing import get_args, get_type_hints

import pytest

from domain import record
from domain.catalog import events as catalog
from domain.credit import events as credit
from domain.customers import events as customers
from domain.inventory import events as inventory
from domain.orders import events as orders
from domain.payments import events as payments
from domain.reconciliation import events as reconciliation
from domain.returns import events as returns
from domain.shipping import events as shipping

VALUES = {
    "Money",
    "Address",
    "OrderLine",
    "Totals",
    "Terms",
    "Allocation",
    "Shortage",
    "Backorder",
    "ShipmentItem",
    "PlannedParcel",
    "ReturnItem",
    "InspectedItem",
    "ReturnTerms",
    "ProductAttribute",
    "ProductImage",
}  # parts of events

UNIONS: dict[ModuleType, tuple[type, ...]] = {
    catalog: get_args(catalog.CatalogEvent | catalog.TaxonomyEvent),
    credit: get_args(credit.CreditEvent),
    customers: get_args(customers.CustomerEvent),
    inventory: get_args(inventory.StockEvent | inventory.OrderStockEvent),
    orders: get_args(orders.OrderEvent),
    payments: get_args(payments.PaymentEvent),
    reconciliation: get_args(reconciliation.CaseEvent),
    returns: get_args(returns.ReturnEvent),
    shipping: get_args(shipping.ShippingEvent),
}
CONTEXTS = [pytest.param(module, union, id=module.__name__.split(".")[1]) for module, union in UNIONS.items()]


@pytest.mark.parametrize(("module", "union"), CONTEXTS)
def test_the_registered_events_are_the_members_of_the_union(module: ModuleType, union: tuple[type, ...]) -> None:
    assert union == module.EVENTS


@pytest.mark.parametrize(("module", "union"), CONTEXTS)
def test_every_dataclass_of_the_module_is_an_event_or_a_part_of_one(
    module: ModuleType, union: tuple[type, ...]
) -> None:
    classes = {value for value in vars(module).values() if isinstance(value, type) and is_dataclass(value)}
    assert {kind.__name__ for kind in classes - set(union)} <= VALUES


@pytest.mark.parametrize(("module", "union"), CONTEXTS)
def test_events_are_frozen_slotted_and_fully_annotated(module: ModuleType, union: tuple[type, ...]) -> None:
    for kind in union:
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert hasattr(kind, "__slots__")
        assert set(get_type_hints(kind)) == set(kind.__dataclass_fields__)  # type: ignore[attr-defined]


def test_event_names_are_unique_across_contexts() -> None:
    names = [kind.__name__ for union in UNIONS.values() for kind in union]
    assert len(set(names)) == len(names)


def test_the_orders_stream_holds_every_event_but_those_of_stock_and_catalogue() -> None:
    everything = {kind for union in UNIONS.values() for kind in union}
    elsewhere = {
        *get_args(catalog.CatalogEvent | catalog.TaxonomyEvent),
        *get_args(inventory.StockEvent),
        *get_args(reconciliation.CaseEvent),
        *get_args(customers.CustomerEvent),
        *get_args(credit.CreditEvent),
    }
    assert set(get_args(record.OrderStreamEvent)) == everything - elsewhere
