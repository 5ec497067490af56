"""What callers send about the catalogue."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
)

from api.rest.bodies import Body, MoneyBody
from api.rest.texts import LINES, NOT_BLANK, PLAIN, Name, Reason, Short
from domain.catalog.decide import (
    MAX_ALT,
    MAX_ATTRIBUTES,
    MAX_CATEGORIES,
    MAX_DESCRIPTION,
    MAX_IMAGES,
    ProductChange,
)
from domain.catalog.events import AttributeKind, ProductImage
from domain.catalog.taxonomy import MAX_CHOICES, MAX_TEXT, Given
from domain.errors import InvalidValue
from domain.money import Money

MOST_ATTRIBUTES: Final = 2 * MAX_ATTRIBUTES  # as many may be taken away as are set


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time between the years 1 and 9999 in UTC") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Description = Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION), LINES]
Code = Annotated[str, StringConstraints(max_length=64), PLAIN]
Value = Annotated[StrictStr, StringConstraints(max_length=MAX_TEXT), PLAIN]
AttributeIn = Value | StrictBool | StrictInt | StrictFloat | None


class ImageBody(Body):
    """`url` is https; `alt` says what is to be seen, for those who do not see it."""

    url: Annotated[str, StringConstraints(max_length=2000), PLAIN]
    alt: Annotated[str, StringConstraints(max_length=MAX_ALT), PLAIN] = ""


class ProductChangeBody(Body):
    """What is left out, or null, stays as it is. `categories` and `images` are replaced as a whole, the first
    image being the main one; of `attributes` those that are named are set, or taken away by null.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "description": "Stoneware, 0.33 litres.",
                    "categories": ["mugs"],
                    "attributes": {"colour": "blue", "volume": 0.33, "dishwasher-safe": True},
                    "images": [{"url": "https://images.example.org/mug-blue.webp", "alt": "A blue mug"}],
                }
            ]
        }
    )

    name: Name | None = None
    description: Description | None = None
    categories: Annotated[list[Code], Field(max_length=MAX_CATEGORIES)] | None = None
    attributes: Annotated[dict[Code, AttributeIn], Field(max_length=MOST_ATTRIBUTES)] | None = None
    images: Annotated[list[ImageBody], Field(max_length=MAX_IMAGES)] | None = None

    def wanted(self) -> ProductChange:
        """Raises InvalidValue (`invalid-attribute`)."""
        return change_of(self)


class ProductBody(Body):
    """A draft. `price` is short for one entry of `prices`; at most one per currency. The rest may follow later."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sku": "MUG-BLUE", "name": "Blue mug", "prices": [{"amount": "12.50", "currency": "EUR"}]}
            ]
        }
    )

    sku: Short
    name: Name
    price: MoneyBody | None = None
    prices: Annotated[list[MoneyBody], Field(max_length=100, default_factory=list)]
    description: Description | None = None
    categories: Annotated[list[Code], Field(max_length=MAX_CATEGORIES)] | None = None
    attributes: Annotated[dict[Code, AttributeIn], Field(max_length=MOST_ATTRIBUTES)] | None = None
    images: Annotated[list[ImageBody], Field(max_length=MAX_IMAGES)] | None = None

    def all_prices(self) -> list[Money]:
        given = ([self.price] if self.price else []) + self.prices
        return [price.money() for price in given]

    def wanted(self) -> ProductChange:
        """What there is beside name and prices. Raises InvalidValue (`invalid-attribute`)."""
        return change_of(self, named=False)


def change_of(body: ProductBody | ProductChangeBody, *, named: bool = True) -> ProductChange:
    return ProductChange(
        name=body.name if named else None,
        description=body.description,
        categories=None if body.categories is None else tuple(body.categories),
        attributes=None if body.attributes is None else _values(body.attributes),
        images=None if body.images is None else tuple(ProductImage(each.url, each.alt) for each in body.images),
    )


def _values(given: Mapping[str, Any]) -> dict[str, Given | None]:
    return {attribute: _value(attribute, value) for attribute, value in given.items()}


def _value(attribute: str, value: Any) -> Given | None:
    """A JSON number as it was written: the shortest decimal that reads as the same number."""
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) < 10**15:
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case _:
            raise InvalidValue(
                f"{attribute[:64]} is a text, a number of at most 15 digits, true, false or null",
                code="invalid-attribute",
            )


class ScheduledPriceBody(Body):
    """A price that counts instead of the standing one. Without `valid_from` it counts from now on, without
    `valid_until` until it is ended. Another of its currency must not count at the same time, unless
    `end_overlapping` ends that one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "price": {"amount": "9.90", "currency": "EUR"},
                    "valid_from": "2030-11-28T00:00:00Z",
                    "valid_until": "2030-12-02T00:00:00Z",
                }
            ]
        }
    )

    price: MoneyBody
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    end_overlapping: StrictBool = False


class EndPriceBody(Body):
    """Without `valid_until` the price ends now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"valid_until": "2030-12-01T00:00:00Z"}]})

    valid_until: Moment | None = None


class DiscontinueBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "replaced by MUG-GREEN"}]})

    reason: Reason = "discontinued"


class CategoryBody(Body):
    """`category` is its code, for good; without a `parent` it stands at the top of the tree."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "mugs", "name": "Mugs", "parent": "kitchen"}]}
    )

    category: Code
    name: Name
    parent: Code | None = None


class RenameCategoryBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Mugs and cups"}]})

    name: Name


class MoveCategoryBody(Body):
    """`parent` null is the top of the tree."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parent": "tableware"}]})

    parent: Code | None


class AttributeBody(Body):
    """`type` stays what it is, and `choices`, which only the type choice has, are only ever added to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"label": "Colour", "type": "choice", "choices": ["blue", "green"]}]}
    )

    label: Name
    type: AttributeKind
    choices: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), PLAIN, NOT_BLANK]],
        Field(max_length=MAX_CHOICES, default_factory=list),
    ]
