"""A remembered order spares reading, and is never taken for the present."""

from collections.abc import Sequence

from activities.contracts import CancelStep, RejectStep, Step
from activities.order_stream import RecentOrders, load_order
from activities.orders import OrderActivities
from eventstore.store import Recorded
from tests.support.backend import Backend


class Counted(RecentOrders):
    read = 0

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        stored = await super().read_stream(stream_id, after=after, limit=limit)
        self.read += len(stored)
        return stored


async def test_what_was_appended_here_is_not_read_again(backend: Backend) -> None:
    order_id, _ = await backend.confirmed()
    store = Counted(backend.store)
    here = OrderActivities(store, backend.orders.clock)
    await here.request_cancellation(CancelStep(Step(order_id, "cancel:k"), "no"))
    once = store.read
    await here.reject_cancellation(RejectStep(Step(order_id, "reject#0"), "too late"))
    assert await load_order(store, order_id) == await backend.load(order_id)
    assert store.read == once == len(backend.types(order_id)) - 2


async def test_what_others_append_is_read(backend: Backend) -> None:
    order_id = await backend.placed()
    store = Counted(backend.store)
    assert await load_order(store, order_id) == await backend.load(order_id)
    await backend.orders.request_cancellation(CancelStep(Step(order_id, "cancel:k"), "no"))
    assert await load_order(store, order_id) == await backend.load(order_id)
    assert store.read == 2


async def test_a_forgotten_order_is_read_whole(backend: Backend) -> None:
    store = Counted(backend.store, capacity=1)
    first, second = await backend.placed(), await backend.placed()
    for order_id in (first, second, first):
        await load_order(store, order_id)
    assert store.read == 3
