"""What all products share: the tree of categories, and the attributes that there are. One stream holds both.

One stream, because a move must not make a ring, and no decision on a part of the tree could see that. Nothing is
ever taken away: a product that named a category or an attribute when it was there names it for ever.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, assert_never

from domain.catalog.events import (
    AttributeDefined,
    AttributeKind,
    CategoryCreated,
    CategoryMoved,
    CategoryRenamed,
    ProductAttribute,
    TaxonomyEvent,
)
from domain.errors import InvalidValue, NotAllowed, NotFound

STREAM: Final = "taxonomy/shop"
MAX_CATEGORIES: Final = 5_000
MAX_DEPTH: Final = 10
MAX_ATTRIBUTES: Final = 500
MAX_CHOICES: Final = 200
MAX_TEXT: Final = 500
MAX_NUMBER: Final = Decimal(10) ** 15
MAX_DECIMALS: Final = 9

_CODE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")

Given = str | bool | Decimal


@dataclass(frozen=True, slots=True)
class Category:
    category: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Categories by their code, definitions of attributes by their name."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    attributes: Mapping[str, AttributeDefined] = field(default_factory=dict)

    def path(self, category: str) -> list[str]:
        """The codes from the category up to the top; ends at a ring, which no decision makes."""
        found: list[str] = []
        at: str | None = category
        while at is not None and at in self.categories and at not in found:
            found.append(at)
            at = self.categories[at].parent
        return found

    def height(self, category: str) -> int:
        """Levels from the category down to the deepest below it; 1 if nothing is."""
        depth = len(self.path(category))
        return 1 + max(
            (len(self.path(each)) - depth for each in self.categories if category in self.path(each)), default=0
        )


INITIAL: Final = Taxonomy()


def evolve(state: Taxonomy, event: TaxonomyEvent) -> Taxonomy:
    match event:
        case CategoryCreated(category, name, parent):
            return _with(state, Category(category, name, parent))
        case CategoryRenamed(category, name):
            known = state.categories.get(category)
            return state if known is None else _with(state, replace(known, name=name))
        case CategoryMoved(category, parent):
            known = state.categories.get(category)
            return state if known is None else _with(state, replace(known, parent=parent))
        case AttributeDefined():
            return replace(state, attributes={**state.attributes, event.attribute: event})
        case _:
            assert_never(event)


def _with(state: Taxonomy, category: Category) -> Taxonomy:
    return replace(state, categories={**state.categories, category.category: category})


def create_category(state: Taxonomy, category: str, name: str, parent: str | None) -> list[TaxonomyEvent]:
    _code(category, "category")
    _named(name)
    if category in state.categories:
        raise NotAllowed(f"category {category} exists", code="category-exists")
    if len(state.categories) >= MAX_CATEGORIES:
        raise NotAllowed(f"there are {MAX_CATEGORIES} categories, as many as may be", code="too-many-categories")
    if parent is not None:
        _deep_enough(len(_known(state, parent)) + 1)
    return [CategoryCreated(category, name, parent)]


def rename_category(state: Taxonomy, category: str, name: str) -> list[TaxonomyEvent]:
    _known(state, category)
    _named(name)
    return [] if state.categories[category].name == name else [CategoryRenamed(category, name)]


def move_category(state: Taxonomy, category: str, parent: str | None) -> list[TaxonomyEvent]:
    """Put the category, with what is below it, under another, or at the top for None."""
    _known(state, category)
    if state.categories[category].parent == parent:
        return []
    if parent is not None:
        above = _known(state, parent)
        if category in above:
            raise NotAllowed(
                f"{parent} is {category} itself or below it, so that there would be a ring", code="category-ring"
            )
        _deep_enough(len(above) + state.height(category))
    return [CategoryMoved(category, parent)]


def define_attribute(
    state: Taxonomy, attribute: str, label: str, kind: AttributeKind, choices: Sequence[str]
) -> list[TaxonomyEvent]:
    """Define an attribute, or give it another label or more choices. What products have stays valid.

    Raises:
        NotAllowed: `attribute-in-use`, its kind would change or a choice be taken away.
    """
    _code(attribute, "attribute")
    _named(label)
    _choices(kind, choices)
    known = state.attributes.get(attribute)
    if known is None and len(state.attributes) >= MAX_ATTRIBUTES:
        raise NotAllowed(f"there are {MAX_ATTRIBUTES} attributes, as many as may be", code="too-many-attributes")
    if known is not None and (known.kind is not kind or not set(known.choices) <= set(choices)):
        raise NotAllowed(
            f"{attribute} is a {known.kind} with {len(known.choices)} choices: it stays one, and keeps them",
            code="attribute-in-use",
            details={"type": known.kind, "choices": list(known.choices)},
        )
    defined = AttributeDefined(attribute, label, kind, tuple(choices))
    return [] if known == defined else [defined]


def check_categories(state: Taxonomy, categories: Sequence[str]) -> None:
    """Raises InvalidValue (`unknown-category`)."""
    for category in categories:
        if category not in state.categories:
            raise InvalidValue(f"there is no category {category[:64]!r}", code="unknown-category")


def attribute_of(state: Taxonomy, attribute: str, given: Given) -> ProductAttribute:
    """A value as it is kept. Raises InvalidValue (`unknown-attribute`, `invalid-attribute`)."""
    defined = state.attributes.get(attribute)
    if defined is None:
        raise InvalidValue(f"there is no attribute {attribute[:64]!r}", code="unknown-attribute")
    match defined.kind, given:
        case AttributeKind.BOOLEAN, bool():
            value = "true" if given else "false"
        case AttributeKind.NUMBER, Decimal() if given.is_finite() and abs(given) < MAX_NUMBER:
            value = written(given)
        case AttributeKind.TEXT, str() if given.strip() and len(given) <= MAX_TEXT:
            value = given
        case AttributeKind.CHOICE, str() if given in defined.choices:
            value = given
        case _:
            raise InvalidValue(f"{attribute} takes {accepted(defined)}", code="invalid-attribute")
    return ProductAttribute(attribute, defined.kind, value)


def written(number: Decimal) -> str:
    """A number in plain decimals: one value, one spelling. Raises InvalidValue (`invalid-attribute`)."""
    rounded = round(number, MAX_DECIMALS)
    if rounded != number:
        raise InvalidValue(f"a number has at most {MAX_DECIMALS} decimals", code="invalid-attribute")
    text = f"{rounded:f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def accepted(defined: AttributeDefined) -> str:
    """What values an attribute takes, in words."""
    match defined.kind:
        case AttributeKind.TEXT:
            return f"a text of 1 to {MAX_TEXT} characters"
        case AttributeKind.NUMBER:
            return "a number of at most 15 digits before the point"
        case AttributeKind.BOOLEAN:
            return "true or false"
        case AttributeKind.CHOICE:
            return "one of " + ", ".join(_shortened(defined.choices))


def _shortened(choices: Sequence[str]) -> Iterator[str]:
    yield from (f"{choice[:40]!r}" for choice in choices[:10])
    if len(choices) > 10:
        yield f"{len(choices) - 10} more"


def _known(state: Taxonomy, category: str) -> list[str]:
    """The category's path. Raises NotFound (`category-not-found`)."""
    if category not in state.categories:
        raise NotFound(f"there is no category {category[:64]!r}", code="category-not-found")
    return state.path(category)


def _deep_enough(levels: int) -> None:
    if levels > MAX_DEPTH:
        raise NotAllowed(f"the tree would have {levels} levels; {MAX_DEPTH} are accepted", code="tree-too-deep")


def _code(text: str, what: str) -> None:
    if not _CODE.fullmatch(text):
        raise InvalidValue(
            f"{text[:64]!r} is no {what}; 1 to 64 of a-z, 0-9 and '-' within are accepted", code="invalid-code"
        )


def _named(name: str) -> None:
    if not name.strip() or len(name) > 200:
        raise InvalidValue("a name has 1 to 200 characters", code="invalid-name")


def _choices(kind: AttributeKind, choices: Sequence[str]) -> None:
    if (kind is AttributeKind.CHOICE) != bool(choices):
        raise InvalidValue(
            "choices belong to an attribute of type choice, and it needs some", code="invalid-choices"
        )
    if len(choices) > MAX_CHOICES or len(set(choices)) != len(choices):
        raise InvalidValue(f"choices are at most {MAX_CHOICES}, each once", code="invalid-choices")
    if any(not choice.strip() or len(choice) > MAX_TEXT for choice in choices):
        raise InvalidValue(f"a choice has 1 to {MAX_TEXT} characters", code="invalid-choices")
