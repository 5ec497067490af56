"""All workflows are lost in mid-flight: each open order goes on at its step, and nobody is charged twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from ops.recovery import Recovery
from tests.support.shop import POLICIES, Shop

OF_EACH = 3
DOWN = ("down", "down")


async def stalled(shop: Shop, call: str, *faults: str) -> UUID:
    (shop.carrier if call == "book" else shop.payments).faults.plan(call, *faults)
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    return order_id


async def booked(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    return order_id


async def dispatched(shop: Shop) -> UUID:
    order_id = await booked(shop)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured.minor))
    return order_id


async def cancelling(shop: Shop) -> UUID:
    order_id = await booked(shop)
    shop.payments.faults.plan("void", *DOWN)
    await shop.cancel(order_id)
    await shop.stalled(order_id)
    return order_id


def recovery(shop: Shop, orders: Sequence[UUID]) -> Recovery:
    async def unfinished(before: datetime, after: UUID | None) -> Sequence[UUID]:
        return sorted(each for each in orders if after is None or each > after)[:7]

    return Recovery(shop.environment.client, shop.store, unfinished, POLICIES, rate=1000)


async def test_every_open_order_goes_on_where_it_stood(shop: Shop) -> None:
    await shop.stock("MUG", 6 * OF_EACH)
    shop.auto = False
    orders: list[UUID] = []
    undone: set[UUID] = set()
    for _ in range(OF_EACH):
        shop.payments.faults.plan("find", "down")
        orders.append(await stalled(shop, "authorize", "lost", "down"))
        orders.append(await stalled(shop, "book", *DOWN))
        orders.append(await stalled(shop, "book", "refused"))
        orders.append(await booked(shop))
        orders.append(await dispatched(shop))
        orders.append(await cancelling(shop))
        undone.add(orders[-1])
    for order_id in orders[1:]:
        await shop.handle(order_id).terminate()

    started: set[UUID] = set()
    async with asyncio.timeout(30):
        while not started >= set(orders[1:]):  # Temporal lists a workflow as running for a moment after its end
            found = await recovery(shop, orders).sweep()
            started |= set(found.started)
            assert found.open == len(orders)

    await shop.resolve(orders[0], await shop.stalled(orders[0]))  # the one that was never lost
    for order_id in orders:
        if order_id in undone:
            assert await shop.ended(order_id) is OrderStatus.CANCELLED
            continue
        await shop.until(order_id, lambda record: record.shipments.any_booked)
        await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
        assert await shop.ended(order_id) is OrderStatus.COMPLETED
    charged = Counter(effect.order_id for effect in shop.payments.books.values() if effect.kind == "authorization")
    assert charged == dict.fromkeys(orders, 1)
    assert len(shop.carrier.books) == len(orders)
