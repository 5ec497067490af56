"""Every schema version ever released loads, and no event changes its stored shape unnoticed.

When the first test fails, its message says what to do.
"""

from dataclasses import dataclass, make_dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from domain.money import Money
from eventstore.codec import Codec, EventTypes
from eventstore.types import codec_of, event_types
from eventstore.upcasting import JsonObject, UpcasterGap
from ops.bootstrap import EVENT_MODULES, codec
from tests.support import golden


def test_every_event_is_stored_as_its_golden_file_says() -> None:
    found = list(golden.problems(event_types(*EVENT_MODULES), codec()))
    assert not found, "\n\n" + "\n\n".join(found)


def test_several_examples_of_each_event_stand_in_its_file() -> None:
    for (name, _), file in golden.load(golden.GOLDEN).items():
        optional = any("null" in kinds or "absent" in kinds for kinds in file.shape.values())
        assert len(file.examples) >= 1 + optional, name


# The gate itself: a type as it was recorded, and what somebody makes of it


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class OneColour(StrEnum):
    RED = "red"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


FIELDS: dict[str, Any] = {"sku": str, "quantity": int, "colour": Colour, "price": Money, "note": str | None}


def kept(version: int = 1, steps: dict[int, Any] | None = None, **changes: Any) -> tuple[EventTypes, Codec]:
    """The event `Kept` with some fields of other types, `None` for those left out."""
    members = {name: kind for name, kind in {**FIELDS, **changes}.items() if kind is not None}
    cls = make_dataclass("Kept", list(members.items()), frozen=True, namespace={"__module__": __name__})
    module = ModuleType(__name__)
    upcasters = {(cls, start): step for start, step in (steps or {}).items()}
    vars(module).update(EVENTS=(cls,), SCHEMA_VERSIONS={cls: version}, UPCASTERS=upcasters)
    return event_types(module), codec_of(module)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert golden.record(*kept(), tmp_path) == ["Kept.v1.json"]
    assert not list(golden.problems(*kept(), tmp_path))
    return tmp_path


CHANGES = [
    pytest.param({"weight": int}, "weight: was not there; is integer", id="added, required"),
    pytest.param({"weight": int | None}, "weight: was not there; is integer | null", id="added, nullable"),
    pytest.param({"sku": None, "code": str}, "code: was not there; is string", id="renamed"),
    pytest.param({"note": None}, "note: was null | string; is not there", id="removed"),
    pytest.param({"quantity": str}, "quantity: was integer; is string", id="retyped"),
    pytest.param({"sku": str | None}, "sku: was string; is null | string", id="made nullable"),
    pytest.param({"note": str}, "note: was null | string; is string", id="not nullable any more"),
    pytest.param({"price": tuple[Money, ...]}, "price: was object; is array", id="made many"),
    pytest.param({"colour": OneColour}, 'colour: was one of "blue", "red"; is one of "red"', id="value removed"),
    pytest.param({"colour": MoreColours}, "colour: was one of", id="value added"),
]


@pytest.mark.parametrize(("changes", "told"), CHANGES)
@pytest.mark.parametrize("released", [True, False])
def test_a_changed_event_is_told_with_what_to_do(
    folder: Path, changes: dict[str, Any], told: str, released: bool
) -> None:
    if released:
        golden.release(folder)
    found = "\n".join(golden.problems(*kept(**changes), folder))
    assert told in found
    assert "SCHEMA_VERSIONS = {Kept: 2}" in found
    assert "UPCASTERS = {(Kept, 1): step}" in found
    assert ("delete tests/eventstore/golden/Kept.v1.json" in found) is not released


def test_recording_does_not_get_round_it(folder: Path) -> None:
    golden.release(folder)
    changed = kept(weight=int)
    assert golden.record(*changed, folder) == []
    assert list(golden.problems(*changed, folder))
    (folder / "Kept.v1.json").unlink()
    golden.record(*changed, folder)
    (found,) = golden.problems(*changed, folder)
    assert "is released, and was changed or deleted" in found


def test_a_value_object_that_grew_stricter_is_noticed(tmp_path: Path) -> None:
    """The shape is the same, and stored events do not load any more."""

    @dataclass(frozen=True)
    class Amount:
        minor: int

    golden.record(*kept(price=Amount), tmp_path)

    @dataclass(frozen=True)
    class Stricter:
        minor: int

        def __post_init__(self) -> None:
            if self.minor < 1000:
                raise ValueError("too small")

    (found,) = golden.problems(*kept(price=Stricter), tmp_path)
    assert found.startswith("example 0 of tests/eventstore/golden/Kept.v1.json cannot be read")


def test_an_event_without_a_file_is_told(tmp_path: Path) -> None:
    (found,) = golden.problems(*kept(), tmp_path)
    assert found.startswith("Kept v1 has no golden file: run `make record-golden` and commit")


def renamed(data: JsonObject) -> JsonObject:
    """Version 2 calls the SKU `code` and weighs: what was stored before weighs nothing that is known."""
    return {**{name: value for name, value in data.items() if name != "sku"}, "code": data["sku"], "weight": None}


def test_a_new_version_with_its_upcaster_passes(folder: Path) -> None:
    golden.release(folder)
    second = kept(2, {1: renamed}, sku=None, code=str, weight=int | None)
    (found,) = golden.problems(*second, folder)
    assert found.startswith("Kept v2 has no golden file")
    assert golden.record(*second, folder) == ["Kept.v2.json"]
    assert not list(golden.problems(*second, folder))
    old = golden.load(folder)["Kept", 1].examples[0]
    event: Any = second[1].decode("Kept", 1, old)
    assert (event.code, event.weight) == ("MUG", None)


def test_an_upcaster_that_makes_nothing_readable_is_noticed(folder: Path) -> None:
    wrong = kept(2, {1: dict}, sku=None, code=str)
    golden.record(*wrong, folder)
    (found,) = golden.problems(*wrong, folder)
    assert found.startswith(
        "example 0 of tests/eventstore/golden/Kept.v1.json cannot be read: Kept of schema version"
    )


def test_a_version_taken_back_is_noticed(folder: Path) -> None:
    second = kept(2, {1: renamed}, sku=None, code=str, weight=int | None)
    golden.record(*second, folder)
    golden.release(folder)
    assert any("Kept is at version 1 only" in found for found in golden.problems(*kept(), folder))
    nothing = ModuleType(__name__)
    vars(nothing).update(EVENTS=())
    gone = list(golden.problems(event_types(nothing), codec_of(nothing), folder))
    assert len(gone) == 2
    assert all("is not registered any more" in found for found in gone)


def test_a_gap_stops_the_start_and_names_type_and_version() -> None:
    with pytest.raises(UpcasterGap, match="Kept v1, Kept v2"):
        kept(4, {3: renamed})
    with pytest.raises(UpcasterGap, match="Kept v2; the type is unknown or not beyond that version"):
        kept(2, {1: renamed, 2: renamed})
    stray = ModuleType(__name__)
    vars(stray).update(EVENTS=(), UPCASTERS={(Colour, 1): renamed})
    with pytest.raises(ValueError, match="Colour, which is not in EVENTS"):
        codec_of(stray)
