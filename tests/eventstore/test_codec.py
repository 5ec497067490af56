"""Events to stored JSON and back, whatever they hold; what cannot be stored is said so."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import EXPONENTS, Money
from eventstore.codec import Codec, EventTypes, InvalidEvent, PayloadTooLarge, UnknownEventType
from eventstore.types import event_types
from eventstore.upcasting import JsonObject, UpcasterGap, Upcasters
from tests.eventstore.samples import Colour, Line, Noted, Ordered, codec_of_samples

CODEC = codec_of_samples()

storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
money = st.builds(Money, st.integers(-(2**60), 2**60), st.sampled_from(sorted(EXPONENTS)))
orders = st.builds(
    Ordered,
    order_id=st.uuids(),
    at=st.datetimes(timezones=st.just(UTC)),
    lines=st.lists(st.builds(Line, storable, st.integers(1, 10**6), money), max_size=4).map(tuple),
    colour=st.sampled_from(Colour),
    rate=st.decimals(allow_nan=False, allow_infinity=False, places=4),
    note=st.none() | storable,
)


@given(orders)
def test_round_trip(event: Ordered) -> None:
    stored = CODEC.encode(event)
    assert CODEC.decode(stored.type, stored.schema_version, stored.data) == event
    assert "\0" not in stored.data


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
def test_nul_is_refused_and_its_spelling_is_not(text: str) -> None:
    stored = CODEC.encode(Noted("a \\u0000 spelled out " + text.replace("\0", "")))
    assert json.loads(stored.data)["text"].startswith("a \\u0000")
    with pytest.raises(InvalidEvent, match="NUL"):
        CODEC.encode(Noted(text + "\0"))


def test_the_stored_form_is_stable() -> None:
    event = Ordered(
        UUID(int=1),
        datetime(2026, 1, 2, tzinfo=UTC),
        (Line("A", 2, Money(995, "EUR")),),
        Colour.RED,
        Decimal("0.19"),
    )
    assert json.loads(CODEC.encode(event).data) == {
        "order_id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-01-02T00:00:00Z",
        "lines": [{"sku": "A", "quantity": 2, "price": {"minor": 995, "currency": "EUR"}}],
        "colour": "red",
        "rate": "0.19",
        "note": None,
    }


def test_what_does_not_fit_its_class_is_not_stored() -> None:
    with pytest.raises(InvalidEvent, match="text") as caught:
        CODEC.encode(Noted(secret := Line("secret", 1, Money(1, "EUR"))))  # type: ignore[arg-type]
    assert secret.sku not in str(caught.value)
    with pytest.raises(UnknownEventType):
        CODEC.encode("no event")
    with pytest.raises(PayloadTooLarge):
        Codec(event_types_of(Noted), limit=20).encode(Noted("x" * 20))


@pytest.mark.parametrize("data", ["{}", "nonsense", '{"text": {"secret": 1}}', "[]"])
def test_what_does_not_fit_is_not_decoded_and_not_quoted(data: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        CODEC.decode("Noted", 1, data)
    assert "secret" not in str(caught.value)


def test_a_value_object_that_refuses_makes_the_event_invalid() -> None:
    wrong = {"sku": "A", "quantity": 1, "price": {"minor": 1, "currency": "XXX"}}
    with pytest.raises(InvalidEvent, match="Ordered"):
        CODEC.decode("Ordered", 1, json.dumps({"lines": [wrong]}))


def test_a_newer_schema_version_is_unknown() -> None:
    with pytest.raises(UnknownEventType, match="newer"):
        CODEC.decode("Noted", 2, '{"text": "x"}')


def event_types_of(*classes: type, version: int = 1) -> EventTypes:
    types = EventTypes()
    for cls in classes:
        types.register(cls, version=version)
    return types


def test_old_versions_are_upcast_step_by_step() -> None:
    upcasters = Upcasters()

    @upcasters.register("Noted", 1)
    def renamed(data: JsonObject) -> JsonObject:
        return {"body": data["txt"]}

    @upcasters.register("Noted", 2)
    def renamed_again(data: JsonObject) -> JsonObject:
        return {"text": data["body"] + "!"}

    codec = Codec(event_types_of(Noted, version=3), upcasters)
    assert codec.decode("Noted", 1, '{"txt": "x"}') == Noted("x!")
    assert codec.decode("Noted", 2, '{"body": "y"}') == Noted("y!")
    assert codec.decode("Noted", 3, '{"text": "z"}') == Noted("z")
    assert codec.encode(Noted("z")).schema_version == 3
    with pytest.raises(InvalidEvent, match="KeyError"):
        codec.decode("Noted", 1, "{}")


def test_gaps_and_strays_among_upcasters_stop_the_start() -> None:
    upcasters = Upcasters()
    upcasters.register("Noted", 2)(dict)
    with pytest.raises(UpcasterGap, match="Noted v1"):
        Codec(event_types_of(Noted, version=3), upcasters)
    with pytest.raises(UpcasterGap, match="nothing needs"):
        Codec(event_types_of(Noted), upcasters)
    with pytest.raises(ValueError, match="two upcasters"):
        upcasters.register("Noted", 2)(dict)


def module_of(name: str, **members: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


def test_modules_register_what_they_list() -> None:
    here = Noted.__module__
    types = event_types(module_of(here, EVENTS=(Noted, Ordered), SCHEMA_VERSIONS={}))
    assert {(entry.name, entry.version) for entry in types} == {("Noted", 1), ("Ordered", 1)}
    types = event_types(module_of(here, EVENTS=(Noted,), SCHEMA_VERSIONS={Noted: 4}))
    assert [entry.version for entry in types] == [4]


def test_what_is_no_event_of_its_module_is_refused() -> None:
    @dataclass
    class Loose:
        text: str

    for module, wrong in (
        (module_of("elsewhere", EVENTS=(Noted,)), "defined in"),
        (module_of(__name__, EVENTS=(Loose,)), "frozen"),
        (module_of(__name__, EVENTS=(str,)), "defined in"),
        (module_of(Noted.__module__, EVENTS=(Noted, Noted)), "twice"),
        (module_of(Noted.__module__, EVENTS=(), SCHEMA_VERSIONS={Noted: 2}), "not in EVENTS"),
    ):
        with pytest.raises(ValueError, match=wrong):
            event_types(module)
