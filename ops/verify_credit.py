"""Store credit, checked for `waybill verify`: customers' streams against the orders that they paid for."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import cast
from uuid import UUID

import asyncpg

from activities.gateways.credit import PREFIX
from activities.order_stream import LoadedOrder
from activities.reconciling import CASE_KEY
from domain.credit.events import CreditEvent
from domain.credit.model import INITIAL, Credit, evolve
from domain.money import Money
from eventstore.codec import Codec
from ops.live_streams import streams

Credits = Mapping[str, Sequence[CreditEvent]]


async def live_credits(
    connection: asyncpg.Connection, events: Codec
) -> AsyncIterator[tuple[str, Sequence[CreditEvent]]]:
    """Every stream of store credit, and its events."""
    async for stream in streams(connection, events, "credit/%"):
        yield stream[0].stream_id, [cast(CreditEvent, each.event) for each in stream]


def credit_faults(streams_of_credit: Credits, orders: Mapping[UUID, LoadedOrder]) -> Iterator[str | None]:
    """A fault, or None, for each stream and for each payment with store credit.

    Both sides are of one moment. An order with an effect on its way may lag behind what the credit has moved, and
    what a case has moved is in no order's stream.
    """
    spent: dict[str, Money] = {}
    by_cases: set[str] = set()
    for stream_id, events in streams_of_credit.items():
        state, low = INITIAL, None
        for event in events:
            state = evolve(state, event)
            low = low or _below_zero(stream_id, state)
        yield low
        spent |= {payment: each.spent for payment, each in state.reserved.items()}
        by_cases |= {moved.payment for (_, step), moved in state.steps.items() if step.startswith(CASE_KEY)}
    for order in orders.values():
        yield from _differences(order, spent, by_cases)


def _differences(
    order: LoadedOrder, spent: Mapping[str, Money], by_cases: Collection[str]
) -> Iterator[str | None]:
    money = order.record.payment
    for each in money.authorizations:
        if not each.reference.startswith(PREFIX) or money.pending or each.reference in by_cases:
            continue
        known = spent.get(each.reference)
        fault = f"order {order.order_id} has {each.paid} paid by {each.reference}, the customer's credit {known}"
        yield None if known == each.paid else fault


def _below_zero(stream_id: str, state: Credit) -> str | None:
    balances = [*state.balances.values()]
    taken = [amount for each in state.reserved.values() for amount in (each.open, each.spent)]
    low = next((amount for amount in (*balances, *taken) if amount.minor < 0), None)
    return f"{stream_id} has come to {low}" if low else None
