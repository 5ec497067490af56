"""The client: every operation of the API, and what one wants beside them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

from waybill_client.errors import OutcomeUnknown, UnexpectedAnswer
from waybill_client.models import Event, Order, OrderBody, OrderStatus, Placed, Priced, ProblemCode
from waybill_client.operations import Operations

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

ENDED = frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED})
LAST_EVENTS = frozenset({"OrderCompleted", "OrderCancelled"})
PAUSE = 0.15
"""Seconds between two looks at an order that is waited for."""


class Page(Protocol[T_co]):
    """One page of a list."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


async def every(listing: Callable[P, Awaitable[Page[T]]], *args: P.args, **query: P.kwargs) -> AsyncIterator[T]:
    """The items of all pages, one after the other: `every(client.list_orders, customer_id="ada")`."""
    following = cast(Callable[..., Awaitable[Page[T]]], listing)
    rest: dict[str, Any] = dict(query)
    while True:
        page = await following(*args, **rest)
        for item in page.items:
            yield item
        if page.next_cursor is None:
            return
        rest["cursor"] = page.next_cursor


class WaybillClient(Operations):
    """A client of one Waybill, for one caller: `async with WaybillClient(url, token) as client: …`.

    Nothing is repeated here. A command that raised OutcomeUnknown or Unreachable is safe to send again under the
    same `idempotency_key`; without one, each call is a command of its own.
    """

    async def place(self, body: OrderBody, *, key: str | None = None) -> Placed:
        """Place an order. The same key and body give the same order again."""
        return _only(Placed, await self.place_order(body, idempotency_key=key))

    async def price(self, body: OrderBody) -> Priced:
        """What placing this would cost now, or why it would be refused. Nothing is written."""
        return _only(Priced, await self.place_order(body, dry_run=True))

    async def order_events(self, order_id: UUID | str, *, after: int = 0) -> AsyncIterator[Event]:
        """The order's events as they come, until it has ended."""
        while True:
            page = await self.list_order_events(order_id, after=after)
            for event in page.items:
                after = event.version
                yield event
            if any(event.type in LAST_EVENTS for event in page.items):
                return
            await asyncio.sleep(PAUSE)

    async def wait(
        self,
        order_id: UUID | str,
        until: Callable[[Order], bool] | None = None,
        *,
        min_position: str | None = None,
    ) -> Order:
        """The order, once `until` holds of it; by default, once it has ended. Bound it by `asyncio.timeout`.

        `min_position`: the `position` of the command that it is waited after.
        """
        while True:
            order = await self._caught_up(order_id, min_position)
            if order and (until(order) if until else order.status in ENDED):
                return order
            await asyncio.sleep(PAUSE)

    async def _caught_up(self, order_id: UUID | str, min_position: str | None) -> Order | None:
        try:
            return await self.get_order(order_id, min_position=min_position)
        except OutcomeUnknown as problem:
            if problem.code != ProblemCode.READ_NOT_CAUGHT_UP:
                raise
            return None


def _only(model: type[T], answer: object) -> T:
    if not isinstance(answer, model):
        raise UnexpectedAnswer(f"the answer is a {type(answer).__name__}, not a {model.__name__}")
    return answer
