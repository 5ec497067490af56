"""What changes, as it changes: the live feed, behind GraphQL."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import pydantic

from activities.aggregates import Committed
from api.auth import Principal, Scope
from api.graphql.context import ApiInfo, of
from api.graphql.types import BigInt, Event, Order, order_of
from api.live import Wanted
from api.owners import LiveEvent
from api.reading import applied
from api.rest.stream import LiveEventOut, wanted_by
from readmodels import orders

After = Annotated[
    BigInt | None, strawberry.argument(description="The position to go on after: what was missed comes first")
]


@pydantic.type(name="LiveEvent")
class SeenEvent(Event, LiveEventOut):
    """An event of any stream."""

    @classmethod
    def of(cls, event: LiveEvent, caller: Principal) -> "SeenEvent":  # type: ignore[override]
        return cls.model_construct(**dict(LiveEventOut.seen(event, caller)))


@strawberry.type
class OrderChange:
    event: SeenEvent
    order: Order | None = strawberry.field(description="As it stands after the event, or later")


@strawberry.type
class Subscription:
    @strawberry.subscription(description="Events as they happen; a customer gets those of its own orders")
    async def events(
        self,
        info: ApiInfo,
        order_id: UUID | None = None,
        customer_id: str | None = None,
        types: list[str] | None = None,
        after: After = None,
    ) -> AsyncGenerator[SeenEvent, None]:
        caller = await of(info).caller(Scope.READ_ORDERS)
        wanted = wanted_by(caller, order_id=order_id, customer_id=customer_id, types=frozenset(types or ()))
        async for event in of(info).deps.feed.after(after, wanted):
            yield SeenEvent.of(event, caller)

    @strawberry.subscription(description="The order with each of its changes")
    async def order_changed(
        self, info: ApiInfo, order_id: UUID | None = None, after: After = None
    ) -> AsyncGenerator[OrderChange, None]:
        caller = await of(info).caller(Scope.READ_ORDERS)
        wanted = _of_orders(wanted_by(caller, order_id=order_id, customer_id=None))
        async for event in of(info).deps.feed.after(after, wanted):
            assert event.order_id is not None
            seen = Committed(event.recorded.stream_id, event.recorded.version)
            await applied(of(info).deps, orders.NAME, seen, of(info).deps.rules.read_wait)
            of(info).loaders.forget(event.order_id)
            yield OrderChange(event=SeenEvent.of(event, caller), order=await order_of(info, event.order_id))


def _of_orders(wanted: Wanted) -> Wanted:
    return lambda event: event.customer_id is not None and wanted(event)
