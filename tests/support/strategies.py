"""Hypothesis strategies: arbitrary values and events, built from the dataclasses themselves.

The money of one order is of one currency; streams of the whole domain are generated so.
"""

from dataclasses import is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast, get_args, get_type_hints

from hypothesis import strategies as st

from domain.identifiers import Address
from domain.money import EXPONENTS, Money
from domain.orders import events as orders
from domain.record import OrderStreamEvent

CURRENCIES = sorted(EXPONENTS)
NAMES = st.sampled_from(("a", "b", "c"))  # few, so that events meet

currencies = st.sampled_from(CURRENCIES)
minors = st.integers(-(10**18), 10**18)
moneys = st.builds(Money, minors, currencies)
euros = st.builds(Money, minors, st.just("EUR"))
_texts = st.text("abc äöü 東京", max_size=20).map("x".__add__)
addresses = st.builds(Address, _texts, _texts, _texts, _texts, st.sampled_from(("DE", "JP", "GB")), line2=_texts)

_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    Money: euros,
    Address: addresses,
    str: NAMES,
    Decimal: st.decimals(0, 1, places=4),
    int: st.integers(-1000, 1000),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


@cache
def built(kind: Any) -> st.SearchStrategy[Any]:
    """Arbitrary instances of a type: any integers (negative too), few distinct texts, euros.

    Dataclasses are built field by field, so that the choices of `_VALUES` hold inside them.
    """
    if kind in _VALUES:
        return _VALUES[kind]
    arguments = get_args(kind)
    if arguments and arguments[-1] is Ellipsis:
        return st.lists(built(arguments[0]), max_size=3).map(tuple)
    if arguments:
        return st.one_of([built(argument) for argument in arguments])
    if is_dataclass(kind):
        parts: dict[str, Any] = {name: built(hint) for name, hint in get_type_hints(kind).items()}
        return st.builds(cast(type, kind), **parts)
    return st.from_type(kind)


@cache
def any_of(kinds: tuple[type, ...]) -> st.SearchStrategy[Any]:
    return st.one_of([built(kind) for kind in kinds])


order_streams: st.SearchStrategy[list[OrderStreamEvent]] = st.lists(
    any_of(get_args(OrderStreamEvent)), max_size=20
)
"""Streams of one order that hold any events in any order."""

placed_streams: st.SearchStrategy[list[OrderStreamEvent]] = st.tuples(
    built(orders.OrderPlaced), order_streams
).map(lambda parts: [parts[0], *parts[1]])
"""The same, beginning with an order that is placed."""
