"""msgspec beside pydantic: the same bytes and the same events, or none of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.money import Money
from eventstore.codec import Codec, EventTypes, InvalidEvent
from eventstore.fast_json import fast_json
from eventstore.types import event_types
from ops.bootstrap import EVENT_MODULES
from tests.eventstore.samples import Colour, Line, Ordered


@dataclass(frozen=True, slots=True)
class Everything:
    text: str
    number: int
    flag: bool
    id: UUID
    rate: Decimal
    at: datetime
    day: date
    colour: Colour
    money: Money
    lines: tuple[Line, ...]
    pair: tuple[int, str]
    counts: dict[str, int]
    maybe: Money | None = None
    either: int | str | None = None


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-3))])
moneys = st.builds(Money, st.integers(-(2**62), 2**62), st.just("EUR"))
everything = st.builds(
    Everything,
    text=texts,
    number=st.integers(-(2**63), 2**63 - 1),
    flag=st.booleans(),
    id=st.uuids(),
    rate=st.decimals(allow_nan=False, allow_infinity=False),
    at=st.datetimes(timezones=zones) | st.datetimes(),
    day=st.dates(),
    colour=st.sampled_from(Colour),
    money=moneys,
    lines=st.lists(st.builds(Line, texts, st.integers(1, 9), moneys), max_size=3).map(tuple),
    pair=st.tuples(st.integers(0, 9), texts),
    counts=st.dictionaries(texts, st.integers(0, 9), max_size=3),
    maybe=st.none() | moneys,
    either=st.none() | st.integers(0, 9) | texts,
)
FAST, PYDANTIC = fast_json(Everything), TypeAdapter(Everything)


@given(everything)
def test_what_is_written_fast_is_what_pydantic_writes_and_both_read_it(event: Everything) -> None:
    assert FAST is not None
    written = PYDANTIC.dump_json(event)
    assert FAST.write(event) in (written, None), "where it cannot, pydantic writes"
    assert FAST.read(written) in (PYDANTIC.validate_json(written), None)


def test_every_event_of_the_domain_is_fast() -> None:
    assert [entry.name for entry in event_types(*EVENT_MODULES) if entry.fast is None] == []


@dataclass(frozen=True, slots=True)
class Spelled:
    value: bytes | timedelta | float


@dataclass(frozen=True, slots=True)
class Loose:
    values: Sequence[frozenset[int]]


@pytest.mark.parametrize("cls", [Spelled, Loose])
def test_a_type_that_could_be_spelled_differently_is_left_to_pydantic(cls: type) -> None:
    assert fast_json(cls) is None
    types = EventTypes()
    types.register(cls)
    codec = Codec(types)
    event = cls(1.5) if cls is Spelled else cls([frozenset({1})])
    stored = codec.encode(event)
    assert codec.decode(stored.type, 1, stored.data) == event


def test_what_does_not_read_back_as_itself_is_not_written_fast() -> None:
    fast = fast_json(Ordered)
    assert fast is not None
    good = Ordered(UUID(int=1), datetime(2026, 1, 2, tzinfo=UTC), (), Colour.RED, Decimal(1))
    assert fast.write(good) is not None
    for name, wrong in {
        "order_id": "no id",
        "at": 5,
        "colour": "green",
        "rate": "x",
        "note": 5,
        "lines": None,
    }.items():
        values = {field: getattr(good, field) for field in Ordered.__slots__}
        assert fast.write(Ordered(**values | {name: wrong})) is None, name


def test_a_refusal_quotes_no_value() -> None:
    types = EventTypes()
    types.register(Ordered)
    with pytest.raises(InvalidEvent) as caught:
        Codec(types).decode("Ordered", 1, '{"colour": "secret"}')
    assert "secret" not in str(caught.value)
