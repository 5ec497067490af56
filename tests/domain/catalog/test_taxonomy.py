"""The tree of categories has no ring and no end of levels; attributes keep what they were defined as."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.catalog.events import (
    AttributeDefined,
    AttributeKind,
    CategoryCreated,
    CategoryMoved,
    CategoryRenamed,
    ProductAttribute,
    TaxonomyEvent,
)
from domain.catalog.taxonomy import (
    INITIAL,
    MAX_DEPTH,
    Taxonomy,
    attribute_of,
    create_category,
    define_attribute,
    evolve,
    move_category,
    rename_category,
)
from domain.decider import fold
from domain.errors import DomainError, InvalidValue, NotFound
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given

KITCHEN = CategoryCreated("kitchen", "Kitchen", None)
MUGS = CategoryCreated("mugs", "Mugs", "kitchen")
COLOUR = AttributeDefined("colour", "Colour", AttributeKind.CHOICE, ("blue", "red"))
CHOICE, TEXT, NUMBER, BOOLEAN = (AttributeKind(kind) for kind in ("choice", "text", "number", "boolean"))


def test_categories_are_created_renamed_and_moved() -> None:
    given().when(create_category, "kitchen", "Kitchen", None).then(KITCHEN)
    tree = given(KITCHEN, MUGS)
    tree.when(rename_category, "mugs", "Cups").then(CategoryRenamed("mugs", "Cups"))
    tree.when(rename_category, "mugs", "Mugs").then_nothing()
    tree.when(move_category, "mugs", None).then(CategoryMoved("mugs", None))
    tree.when(move_category, "mugs", "kitchen").then_nothing()
    assert tree.state.path("mugs") == ["mugs", "kitchen"]


def test_what_a_tree_refuses() -> None:
    tree = given(KITCHEN, MUGS)
    tree.when(create_category, "mugs", "Mugs", None).then_refused("category-exists")
    tree.when(create_category, "x", "X", "none").then_refused("category-not-found", NotFound)
    tree.when(rename_category, "none", "X").then_refused("category-not-found", NotFound)
    tree.when(move_category, "none", None).then_refused("category-not-found", NotFound)
    tree.when(move_category, "mugs", "none").then_refused("category-not-found", NotFound)
    tree.when(move_category, "kitchen", "mugs").then_refused("category-ring")
    tree.when(move_category, "kitchen", "kitchen").then_refused("category-ring")
    tree.when(rename_category, "mugs", " ").then_refused("invalid-name", InvalidValue)


@pytest.mark.parametrize("code", ["", "Mugs", "-mugs", "mugs-", "a" * 65, "a/b", "ä", "a b", "a\n"])
def test_a_code_is_plain(code: str) -> None:
    given().when(create_category, code, "Mugs", None).then_refused("invalid-code", InvalidValue)
    given().when(define_attribute, code, "Mugs", TEXT, ()).then_refused("invalid-code", InvalidValue)


def test_a_tree_has_so_many_levels() -> None:
    line = [CategoryCreated(f"c{nr}", "C", f"c{nr - 1}" if nr else None) for nr in range(MAX_DEPTH)]
    deep = given(*line, CategoryCreated("top", "T", None), CategoryCreated("leaf", "L", "top"))
    deep.when(create_category, "more", "M", f"c{MAX_DEPTH - 1}").then_refused("tree-too-deep")
    deep.when(move_category, "top", f"c{MAX_DEPTH - 2}").then_refused("tree-too-deep")
    deep.when(move_category, "leaf", f"c{MAX_DEPTH - 2}").then(CategoryMoved("leaf", f"c{MAX_DEPTH - 2}"))


def test_attributes_are_defined_and_grow() -> None:
    given().when(define_attribute, "colour", "Colour", CHOICE, ("blue", "red")).then(COLOUR)
    known = given(COLOUR)
    known.when(define_attribute, "colour", "Colour", CHOICE, ("blue", "red")).then_nothing()
    more = AttributeDefined("colour", "Farbe", CHOICE, ("green", "red", "blue"))
    known.when(define_attribute, "colour", "Farbe", CHOICE, ("green", "red", "blue")).then(more)
    known.when(define_attribute, "colour", "Colour", CHOICE, ("blue",)).then_refused("attribute-in-use")
    known.when(define_attribute, "colour", "Colour", TEXT, ()).then_refused("attribute-in-use")


@pytest.mark.parametrize(
    ("kind", "choices"),
    [(CHOICE, ()), (TEXT, ("a",)), (CHOICE, ("a", "a")), (CHOICE, (" ",)), (CHOICE, ("x" * 501,))],
)
def test_choices_belong_to_the_type_choice(kind: AttributeKind, choices: tuple[str, ...]) -> None:
    given().when(define_attribute, "a", "A", kind, choices).then_refused("invalid-choices", InvalidValue)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (TEXT, "東京", "東京"),
        (CHOICE, "red", "red"),
        (BOOLEAN, True, "true"),
        (BOOLEAN, False, "false"),
        (NUMBER, Decimal("0.330"), "0.33"),
        (NUMBER, Decimal("-0.0"), "0"),
        (NUMBER, Decimal("1E+3"), "1000"),
        (NUMBER, Decimal(100), "100"),
    ],
)
def test_a_value_has_one_spelling(kind: AttributeKind, value: Any, kept: str) -> None:
    choices = ("blue", "red") if kind is CHOICE else ()
    taxonomy = given(AttributeDefined("a", "A", kind, choices)).state
    assert attribute_of(taxonomy, "a", value) == ProductAttribute("a", kind, kept)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TEXT, " "),
        (TEXT, "x" * 501),
        (TEXT, True),
        (TEXT, Decimal(1)),
        (CHOICE, "green"),
        (BOOLEAN, "true"),
        (BOOLEAN, Decimal(1)),
        (NUMBER, "1"),
        (NUMBER, True),
        (NUMBER, Decimal(10) ** 15),
        (NUMBER, Decimal("1E-10")),
        (NUMBER, Decimal("NaN")),
    ],
)
def test_a_value_of_another_type_is_refused(kind: AttributeKind, value: Any) -> None:
    choices = ("blue", "red") if kind is CHOICE else ()
    taxonomy = given(AttributeDefined("a", "A", kind, choices)).state
    with pytest.raises(InvalidValue) as refused:
        attribute_of(taxonomy, "a", value)
    assert refused.value.code == "invalid-attribute"
    with pytest.raises(InvalidValue) as refused:
        attribute_of(taxonomy, "b", value)
    assert refused.value.code == "unknown-attribute"


codes = st.sampled_from(("a", "b", "c", "d", "e"))


class Trees(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state: Taxonomy = INITIAL
        self.log: list[TaxonomyEvent] = []

    def ask(self, decide: Any, *given: Any) -> None:
        try:
            events = decide(self.state, *given)
        except DomainError:
            return
        self.state = fold(evolve, self.state, events)
        self.log += events

    @rule(code=codes, parent=st.none() | codes)
    def create(self, code: str, parent: str | None) -> None:
        self.ask(create_category, code, code, parent)

    @rule(code=codes, parent=st.none() | codes)
    def move(self, code: str, parent: str | None) -> None:
        self.ask(move_category, code, parent)

    @invariant()
    def every_way_up_ends_at_the_top(self) -> None:
        for code in self.state.categories:
            assert self.state.categories[self.state.path(code)[-1]].parent is None

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert fold(evolve, INITIAL, self.log) == self.state


TestTrees = Trees.TestCase
TestTrees.settings = settings(max_examples=40, stateful_step_count=20)
