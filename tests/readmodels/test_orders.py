"""The order's row is the fold of its stream, and its lists are pages that hold still."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import InvalidValue
from domain.identifiers import order_number
from domain.orders.events import OrderConfirmed, OrderStepStalled
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.shipping.model import FulfilmentStatus
from eventstore.store import Recorded
from readmodels.engine import Projector
from readmodels.orders import NOTHING, Folded, StreamBroken, advance
from readmodels.projections import projections
from readmodels.queries import ReadModels
from readmodels.views import OrderFilter, OrderSort, OrderSummary
from tests.readmodels.conftest import Happen
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened, completed, declined
from tests.support.samples import AUTHORIZED, NOON, NUMBER, ORDER, OTHER_ORDER, PLACED, TOTAL
from tests.support.strategies import placed_streams

STREAM = f"order/{ORDER}"
EVERYTHING = OrderFilter()


def placed(order_id: UUID, customer: str = "c-1", minutes: int = 0) -> Happened:
    at = NOON + timedelta(minutes=minutes)
    event = replace(
        PLACED, order_id=order_id, order_number=order_number(order_id), customer_id=customer, placed_at=at
    )
    return Happened(f"order/{order_id}", event)


async def everything(models: ReadModels, where: OrderFilter, limit: int) -> list[OrderSummary]:
    found: list[OrderSummary] = []
    cursor, more = None, True
    while more:
        page = await models.orders(where, limit=limit, cursor=cursor)
        found += page.items
        cursor, more = page.next_cursor, page.next_cursor is not None
    return found


async def test_an_order_is_shown_in_full(happen: Happen, models: ReadModels) -> None:
    events: list[OrderStreamEvent] = [PLACED, *AUTHORIZED, OrderConfirmed()]
    await happen(*(Happened(STREAM, event) for event in events))
    view = await models.order(ORDER)
    assert view is not None
    assert (view.order_id, view.version, view.record) == (ORDER, 4, fold_record(events))
    assert (view.placed_at, view.updated_at) == (NOON, NOON + timedelta(seconds=4))
    assert await models.order_by_number(NUMBER) == view


async def test_what_does_not_exist_is_none(models: ReadModels) -> None:
    assert await models.order(ORDER) is None
    assert await models.order_by_number(NUMBER) is None


async def test_a_list_shows_statuses_and_money(happen: Happen, models: ReadModels) -> None:
    await happen(*completed(ORDER))
    (summary,) = (await models.orders(EVERYTHING, limit=10, cursor=None)).items
    assert summary == OrderSummary(
        order_id=ORDER,
        order_number=NUMBER,
        customer_id="c-1",
        status=OrderStatus.COMPLETED,
        payment_status=PaymentStatus.CAPTURED,
        fulfilment_status=FulfilmentStatus.DELIVERED,
        attention=False,
        total=TOTAL,
        placed_at=NOON,
        updated_at=summary.updated_at,
        version=11,
    )


async def test_a_row_written_by_another_process_is_folded_on(
    engine: AsyncEngine, happen: Happen, log: MemoryLog
) -> None:
    """The second projector remembers nothing, so it loads what the first wrote."""
    await happen(*(Happened(STREAM, event) for event in (PLACED, *AUTHORIZED)))
    log.append(Happened(STREAM, OrderConfirmed()))
    await Projector(engine, log, projections()).catch_up()
    view = await ReadModels(engine).order(ORDER)
    assert view is not None
    assert view.record == fold_record([PLACED, *AUTHORIZED, OrderConfirmed()])


async def test_filters(happen: Happen, models: ReadModels) -> None:
    a, b, c = (uuid5(ORDER, name) for name in "abc")
    await happen(placed(a, "anna"), placed(b, "bert", minutes=1), placed(c, "anna-maria", minutes=2))
    await happen(
        Happened(f"order/{b}", OrderConfirmed()), Happened(f"order/{c}", OrderStepStalled("s#0", "T", "e"))
    )

    async def found(**where: object) -> list[UUID]:
        return [item.order_id for item in await everything(models, OrderFilter(**where), 2)]  # type: ignore[arg-type]

    assert await found() == [c, b, a]
    assert await found(status=OrderStatus.CONFIRMED) == [b]
    assert await found(customer_id="anna") == [a]
    assert await found(attention=True) == [c]
    assert await found(attention=False) == [b, a]
    assert await found(placed_after=NOON) == [c, b]
    assert await found(q="anna") == [c, a]
    assert await found(q="an%") == []
    assert await found(q=order_number(b).lower()) == [b]
    assert await found(q=order_number(b)[:14], customer_id="anna") == []


async def test_filters_by_money_status_and_sku(happen: Happen, models: ReadModels) -> None:
    await happen(*completed(ORDER), *declined(OTHER_ORDER))

    async def found(**where: object) -> set[UUID]:
        return {item.order_id for item in await everything(models, OrderFilter(**where), 1)}  # type: ignore[arg-type]

    both = {ORDER, OTHER_ORDER}
    total = PLACED.totals.total.minor
    assert await found(payment_status=PaymentStatus.CAPTURED) == {ORDER}
    assert await found(fulfilment_status=FulfilmentStatus.DELIVERED) == {ORDER}
    assert await found(sku="MUG") == both
    assert await found(sku="NONE") == set()
    assert await found(placed_before=NOON) == set()
    assert await found(placed_before=NOON + timedelta(days=1)) == both
    assert await found(currency="EUR", least_total=total, most_total=total) == both
    assert await found(currency="EUR", least_total=total + 1) == set()
    assert await found(currency="USD") == set()
    with pytest.raises(InvalidValue):
        await found(least_total=1)


@pytest.mark.parametrize("sort", list(OrderSort))
async def test_every_sort_pages_through_all_of_them(happen: Happen, models: ReadModels, sort: OrderSort) -> None:
    ids = [uuid4() for _ in range(5)]
    await happen(*(placed(order_id, minutes=number % 3) for number, order_id in enumerate(ids)))
    where, cursor = OrderFilter(currency="EUR"), None
    seen: list[OrderSummary] = []
    for _ in ids:
        page = await models.orders(where, limit=2, cursor=cursor, sort=sort)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert {item.order_id for item in seen} == set(ids)
    assert len(seen) == len(ids)
    values = [
        (item.total.minor if "total" in sort else getattr(item, sort.lstrip("-")), item.order_id) for item in seen
    ]
    assert values == sorted(values, reverse=sort.startswith("-"))
    first = await models.orders(where, limit=2, cursor=None, sort=sort)
    other = OrderSort.OLDEST if sort is not OrderSort.OLDEST else OrderSort.NEWEST
    with pytest.raises(InvalidValue):
        await models.orders(where, limit=2, cursor=first.next_cursor, sort=other)


async def test_a_sort_by_total_needs_a_currency(models: ReadModels) -> None:
    with pytest.raises(InvalidValue) as refused:
        await models.orders(EVERYTHING, limit=2, cursor=None, sort=OrderSort.GREATEST)
    assert refused.value.code == "invalid-filter"


async def test_pages_hold_still_while_orders_come_in_at_the_same_time(happen: Happen, models: ReadModels) -> None:
    """All orders share one `placed_at`; more of them come before and behind the cursor between the pages."""
    first = [uuid4() for _ in range(7)]
    await happen(*(placed(order_id) for order_id in first))
    seen: list[UUID] = []
    cursor = None
    for _ in range(20):
        page = await models.orders(EVERYTHING, limit=2, cursor=cursor)
        seen += [item.order_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        await happen(placed(uuid4()))
    assert len(seen) == len(set(seen))
    assert set(first) <= set(seen)
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("cursor", ["", "%", "bm9wZQ", "WyJhIl0", "WyJhIiwgImIiXQ", "bnVsbA", "é", "MQ=="])
async def test_a_malformed_cursor_is_refused(models: ReadModels, cursor: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        await models.orders(EVERYTHING, limit=2, cursor=cursor)
    assert refused.value.code == "invalid-cursor"


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_limit_out_of_bounds_is_refused(models: ReadModels, limit: int) -> None:
    with pytest.raises(InvalidValue) as refused:
        await models.orders(EVERYTHING, limit=limit, cursor=None)
    assert refused.value.code == "invalid-limit"


async def test_text_that_postgres_cannot_hold_is_refused(models: ReadModels) -> None:
    with pytest.raises(InvalidValue) as refused:
        await models.orders(OrderFilter(q="a\0"), limit=1, cursor=None)
    assert refused.value.code == "invalid-filter"


@given(placed_streams)
def test_any_record_survives_its_row(events: list[OrderStreamEvent]) -> None:
    adapter = TypeAdapter(OrderRecord)
    record = fold_record(events)
    assert adapter.validate_json(adapter.dump_json(record)) == record


@pytest.mark.parametrize(("at", "numbers"), [(0, [2]), (1, [1, 2]), (1, [3]), (1, [2, 4]), (1, [2, 2])])
def test_an_event_that_does_not_follow_breaks_the_row(at: int, numbers: list[int]) -> None:
    log = MemoryLog([Happened(STREAM, PLACED), *[Happened(STREAM, OrderConfirmed())] * 4])
    events: list[Recorded] = [log.events[number - 1] for number in numbers]
    with pytest.raises(StreamBroken):
        advance(Folded(at, NOTHING.record), events)
    assert advance(NOTHING, log.events).version == 5
