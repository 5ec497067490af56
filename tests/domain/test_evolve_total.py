"""`evolve` is total: any events in any order load, however little sense they make together."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import record
from domain.catalog import model as catalog
from domain.catalog import taxonomy
from domain.catalog.events import CatalogEvent, TaxonomyEvent
from domain.decider import fold
from domain.drafts import model as drafts
from domain.drafts.events import DraftEvent
from domain.inventory import model as inventory
from domain.inventory.events import OrderStockEvent, StockEvent
from domain.orders import model as orders
from domain.orders.events import OrderEvent
from domain.payments import model as payments
from domain.payments.events import PaymentEvent
from domain.reconciliation import model as reconciliation
from domain.reconciliation.events import CaseEvent
from domain.shipping import model as shipping
from domain.shipping.events import ShippingEvent
from tests.support.strategies import any_of, built, order_streams, placed_streams

FOLDS = [
    pytest.param(catalog.evolve, catalog.INITIAL, get_args(CatalogEvent), id="catalog"),
    pytest.param(drafts.evolve, drafts.INITIAL, get_args(DraftEvent), id="drafts"),
    pytest.param(taxonomy.evolve, taxonomy.INITIAL, get_args(TaxonomyEvent), id="taxonomy"),
    pytest.param(inventory.evolve, inventory.StockItem(), get_args(StockEvent), id="stock"),
    pytest.param(
        inventory.evolve_reservation, inventory.NO_RESERVATION, get_args(OrderStockEvent), id="reservation"
    ),
    pytest.param(orders.evolve, orders.INITIAL, get_args(OrderEvent), id="orders"),
    pytest.param(payments.evolve, payments.INITIAL, get_args(PaymentEvent), id="payments"),
    pytest.param(reconciliation.evolve, reconciliation.INITIAL, get_args(CaseEvent), id="cases"),
    pytest.param(shipping.evolve, shipping.INITIAL, get_args(ShippingEvent), id="shipping"),
]
Evolve = Callable[[Any, Any], Any]


@pytest.mark.parametrize(("evolve", "initial", "kinds"), FOLDS)
@given(data=st.data())
def test_any_events_in_any_order_load(
    evolve: Evolve, initial: object, kinds: tuple[type, ...], data: st.DataObject
) -> None:
    events = data.draw(st.lists(any_of(kinds), max_size=25))
    state = fold(evolve, initial, events)
    assert fold(evolve, fold(evolve, initial, events[:5]), events[5:]) == state


@pytest.mark.parametrize(("evolve", "initial", "kinds"), FOLDS)
@settings(max_examples=10)
@given(data=st.data())
def test_each_event_alone_and_after_each_other_loads(
    evolve: Evolve, initial: object, kinds: tuple[type, ...], data: st.DataObject
) -> None:
    one_of_each = [data.draw(built(kind)) for kind in kinds]
    for first in one_of_each:
        for second in one_of_each:
            evolve(evolve(initial, first), second)


@given(order_streams)
def test_any_stream_of_an_order_loads(events: list[record.OrderStreamEvent]) -> None:
    half = len(events) // 2
    assert record.fold_record(events[half:], record.fold_record(events[:half])) == record.fold_record(events)


@given(placed_streams)
def test_whatever_happened_to_a_placed_order_can_be_read(events: list[record.OrderStreamEvent]) -> None:
    state = record.fold_record(events)
    assert state.status in orders.OrderStatus
    assert state.payment_status in payments.PaymentStatus
    assert state.fulfilment_status in shipping.FulfilmentStatus
    assert state.amounts.due == state.owed - state.amounts.captured + state.amounts.refunded
    assert isinstance(state.reserved, bool)
