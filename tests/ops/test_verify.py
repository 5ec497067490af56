"""`waybill verify` sees each kind of damage: a check that cannot fail proves nothing."""

from collections import Counter
from dataclasses import replace
from uuid import uuid4

from pydantic import TypeAdapter

from activities.gateways.protocol import PaymentEffect
from activities.order_stream import LoadedOrder
from domain.inventory.events import Allocation, StockReceived, StockReserved
from domain.inventory.model import StockItem
from domain.orders.events import OrderCancelled, OrderCompleted, OrderStepStalled
from domain.payments.events import PaymentAuthorized, PaymentCaptured, PaymentRequested
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.vault import Vault
from ops.bootstrap import open_backend
from ops.config import Settings
from ops.verify import (
    Check,
    Live,
    check_bookings,
    check_books,
    check_endings,
    check_money,
    check_privacy,
    check_read_models,
    check_stock,
    check_unbooked,
    verify_log,
)
from tests.eventstore.samples import sequence
from tests.support.gateways import MemoryPayments
from tests.support.memory_keys import MemoryKeys
from tests.support.samples import ORDER, OTHER_ORDER, PLACED, TOTAL, eur
from workflows.contracts import order_workflow_id

AUTHORIZED = (
    PaymentRequested("authorize#0", "sim_ok", TOTAL),
    PaymentAuthorized("authorize#0", "a1", TOTAL),
)
CAPTURED = PaymentCaptured("capture:x#0", "c1", TOTAL)
BOOKS = [
    PaymentEffect("authorization", "a1", "a1", ORDER, "authorize#0", TOTAL),
    PaymentEffect("capture", "c1", "a1", ORDER, "capture:x#0", TOTAL),
]


def live(*events: OrderStreamEvent, stock: dict[str, StockItem] | None = None) -> Live:
    """One order with these events after its placing, each under the step it names."""
    steps: dict[str, tuple[tuple[int, OrderStreamEvent], ...]] = {}
    for version, event in enumerate((PLACED, *events), start=1):
        key = getattr(event, "step", "")
        steps[key] = (*steps.get(key, ()), (version, event))
    order = LoadedOrder(ORDER, len(events) + 1, fold_record((PLACED, *events)), steps)
    return Live({ORDER: order}, stock or {})


def broken(check: Check) -> bool:
    assert check.checked
    return bool(check.faults)


def test_an_open_order_without_a_workflow_is_found_unless_it_needs_attention() -> None:
    assert broken(check_endings(live(), running=set()))
    assert not broken(check_endings(live(), running={order_workflow_id(ORDER)}))
    assert not broken(check_endings(live(OrderStepStalled("book#0", "Unknown", "down")), running=set()))
    assert not broken(check_endings(live(OrderCancelled("declined")), running=set()))


def test_money_held_by_a_cancelled_order_is_found() -> None:
    assert broken(check_money(live(*AUTHORIZED, OrderCancelled("no"))))
    assert not broken(check_money(live(*AUTHORIZED)))


def test_a_completed_order_that_is_not_paid_in_full_is_found() -> None:
    assert broken(check_money(live(*AUTHORIZED, OrderCompleted())))
    assert not broken(check_money(live(*AUTHORIZED, CAPTURED, OrderCompleted())))


def test_more_captured_than_authorised_is_found() -> None:
    assert broken(check_money(live(*AUTHORIZED, CAPTURED, replace(CAPTURED, reference="c2"))))


def test_a_charge_without_an_order_or_captured_twice_is_found() -> None:
    whole = live(*AUTHORIZED, CAPTURED)
    assert not broken(check_books(whole, BOOKS))
    assert broken(check_books(whole, [*BOOKS, replace(BOOKS[1], reference="c2")]))
    assert broken(check_books(whole, [*BOOKS, replace(BOOKS[0], order_id=OTHER_ORDER)]))
    assert broken(check_books(whole, [BOOKS[0], replace(BOOKS[1], amount=eur("1.00"))]))


def test_what_settles_a_case_is_no_difference_and_an_adopted_effect_is_known_by_its_reference() -> None:
    back = replace(BOOKS[1], kind="refund", reference="r1", idempotency_key="case:1#1")
    by_hand = replace(BOOKS[1], idempotency_key="by-hand")
    assert not broken(check_books(live(*AUTHORIZED, CAPTURED), [BOOKS[0], by_hand, back]))


async def test_an_adopted_effect_is_in_the_books_by_its_reference() -> None:
    check = Check("books")
    by_hand = replace(BOOKS[1], idempotency_key="by-hand")
    await check_unbooked(live(*AUTHORIZED, CAPTURED), [BOOKS[0], by_hand], MemoryPayments(), check)
    assert not broken(check)


def test_an_effect_whose_step_is_on_its_way_is_no_difference() -> None:
    assert not broken(check_books(live(AUTHORIZED[0]), BOOKS[:1]))


async def test_an_effect_that_the_gateway_never_made_is_found() -> None:
    check = Check("books")
    await check_unbooked(live(*AUTHORIZED, CAPTURED), BOOKS[:1], MemoryPayments(), check)
    assert broken(check)


async def test_an_effect_younger_than_the_books_that_were_read_is_looked_up() -> None:
    payments, check = MemoryPayments(), Check("books")
    payments.books = {(effect.order_id, effect.idempotency_key): effect for effect in BOOKS}
    await check_unbooked(live(*AUTHORIZED, CAPTURED), BOOKS[:1], payments, check)
    assert not broken(check)


def test_a_step_with_two_bookings_is_found() -> None:
    assert broken(check_bookings(live(), Counter({(ORDER, "book:x#0"): 2})))
    assert broken(check_bookings(live(), Counter({(OTHER_ORDER, "book:x#0"): 1})))
    assert not broken(check_bookings(live(), Counter({(ORDER, "book:x#0"): 1})))


def test_oversold_stock_and_forgotten_reservations_are_found() -> None:
    reserved = StockReserved((Allocation("BER", "MUG", 2),))
    held = {"stock/BER/MUG": StockItem(on_hand=5, holds={ORDER: 2})}
    assert not broken(check_stock(live(reserved, stock=held)))
    assert broken(check_stock(live(reserved, OrderCancelled("no"), stock={"s": StockItem(1, {ORDER: 2})})))
    assert broken(check_stock(live(stock=held)))
    assert broken(check_stock(live(reserved, stock={"s": StockItem(5, {OTHER_ORDER: 1})})))


def test_a_row_that_is_not_the_fold_of_its_stream_is_found() -> None:
    adapter = TypeAdapter(OrderRecord)
    there = live(*AUTHORIZED)
    row = {
        "order_id": ORDER,
        "version": 3,
        "status": "placed",
        "state": adapter.dump_json(there.orders[ORDER].record),
    }
    assert not broken(check_read_models(there, [row]))
    assert broken(check_read_models(there, [{**row, "status": "confirmed"}]))
    assert broken(check_read_models(there, [{**row, "state": adapter.dump_json(live().orders[ORDER].record)}]))


async def test_what_an_erased_customer_left_in_clear_is_found() -> None:
    customer = PLACED.customer_id
    assert not broken(check_privacy(live(), erased=()))
    assert broken(check_privacy(live(), erased={customer}))
    sealed = await Vault(MemoryKeys()).seal(customer, PLACED)
    order = LoadedOrder(ORDER, 1, fold_record((sealed,)), {})
    assert not broken(check_privacy(Live({ORDER: order}, {}), erased={customer}))


async def test_the_log_alone_names_the_first_altered_event(test_settings: Settings) -> None:
    async with open_backend(test_settings, name="waybill-test") as backend:
        received = tuple(NewEvent(uuid4(), StockReceived(1, "delivery")) for _ in range(3))
        await backend.store.append((StreamWrite("stock/BER/MUG", Expected.ANY, received),))
        await sequence(test_settings.dsn, 3)
        (whole,) = await verify_log(test_settings)
        assert (whole.checked, whole.faults) == (3, [])
        await backend.pool.execute("UPDATE event SET data = data || ' ' WHERE version = 2")
        (damaged,) = await verify_log(test_settings)
    assert "position 2" in damaged.faults[0]
