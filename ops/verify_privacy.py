"""Invariant 8, as far as the store can tell: what is kept of an erased customer cannot be opened."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

import asyncpg

from activities.order_stream import LoadedOrder
from domain.privacy import is_sealed
from eventstore.vault import personal_fields

ERASED: Final = "SELECT customer_id FROM customer_key WHERE erased_at IS NOT NULL"  # and so without a key


async def erased_customers(connection: asyncpg.Connection) -> set[str]:
    return {row["customer_id"] for row in await connection.fetch(ERASED)}


def privacy_faults(erased: Collection[str], orders: Iterable[LoadedOrder]) -> Iterator[str | None]:
    """For each order None, or which personal texts of an erased customer it has in clear."""
    for order in orders:
        state = order.record.order
        clear = _clear(state) if state.placed.customer_id in erased else []
        named = ", ".join(clear)
        yield f"order {order.order_id} of an erased customer has its {named} in clear" if clear else None


def _clear(given: Any) -> list[str]:
    """The personal fields that are not sealed, of a dataclass and of those within it.

    A reason may be the shop's own, which is never sealed.
    """
    found = []
    kind: type = type(given)
    personal = personal_fields(kind) - {"reason"}
    for item in fields(given):
        value = getattr(given, item.name)
        if is_dataclass(value):
            found += _clear(value)
        elif item.name in personal and value is not None and not is_sealed(value):
            found.append(item.name)
    return found
