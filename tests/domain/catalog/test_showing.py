"""What customers are shown of a product: changed in part, checked against what there is."""

from decimal import Decimal
from typing import Any

import pytest

from domain.catalog.decide import ProductChange, change, publish, unpublish
from domain.catalog.events import (
    AttributeDefined,
    AttributeKind,
    CategoryCreated,
    ProductAttribute,
    ProductAttributesChanged,
    ProductCategorized,
    ProductCreated,
    ProductDescribed,
    ProductDiscontinued,
    ProductImage,
    ProductImagesChanged,
    ProductPublished,
    ProductUnpublished,
    TaxonomyEvent,
)
from domain.catalog.model import INITIAL, Product, ProductStatus, evolve
from domain.catalog.taxonomy import INITIAL as NOTHING
from domain.catalog.taxonomy import evolve as grow
from domain.decider import fold
from domain.errors import InvalidValue, NotFound
from tests.support.samples import eur
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given

CREATED = ProductCreated("MUG", "Mug", (eur("10.00"),))
IMAGE = ProductImage("https://images.example.org/mug.webp?w=2", "A mug")
BLUE = ProductAttribute("colour", AttributeKind.CHOICE, "blue")
VOLUME = ProductAttribute("volume", AttributeKind.NUMBER, "0.33")
DEFINED: tuple[TaxonomyEvent, ...] = (
    CategoryCreated("mugs", "Mugs", None),
    CategoryCreated("blue", "Blue things", None),
    AttributeDefined("colour", "Colour", AttributeKind.CHOICE, ("blue", "red")),
    AttributeDefined("volume", "Litres", AttributeKind.NUMBER, ()),
)
TAXONOMY = fold(grow, NOTHING, DEFINED)


def test_all_at_once_and_again_is_nothing() -> None:
    wanted = ProductChange(
        "Blue mug", "Stoneware.", ("mugs", "mugs"), {"colour": "blue", "volume": Decimal("0.330")}, (IMAGE,)
    )
    events = (
        ProductDescribed("Blue mug", "Stoneware."),
        ProductCategorized(("mugs",)),
        ProductAttributesChanged((BLUE, VOLUME)),
        ProductImagesChanged((IMAGE,)),
    )
    given(CREATED).when(change, wanted, TAXONOMY).then(*events)
    given(CREATED, *events).when(change, wanted, TAXONOMY).then_nothing()
    state = given(CREATED, *events).state
    assert state == Product(
        "MUG",
        "Blue mug",
        {"EUR": eur("10.00")},
        description="Stoneware.",
        categories=("mugs",),
        attributes={"colour": BLUE, "volume": VOLUME},
        images=(IMAGE,),
    )


def test_what_is_not_named_stays() -> None:
    known = given(CREATED, ProductDescribed("Mug", "Stoneware."), ProductAttributesChanged((BLUE, VOLUME)))
    known.when(change, ProductChange(), TAXONOMY).then_nothing()
    known.when(change, ProductChange(name="Cup"), TAXONOMY).then(ProductDescribed("Cup", "Stoneware."))
    known.when(change, ProductChange(description=""), TAXONOMY).then(ProductDescribed("Mug", ""))
    known.when(change, ProductChange(attributes={"colour": None}), TAXONOMY).then(
        ProductAttributesChanged((VOLUME,))
    )
    known.when(change, ProductChange(attributes={"size": None}), TAXONOMY).then_nothing()


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"name": " "}, "invalid-name"),
        ({"description": "x" * 10_001}, "invalid-description"),
        ({"categories": ("none",)}, "unknown-category"),
        ({"attributes": {"size": "L"}}, "unknown-attribute"),
        ({"attributes": {"colour": "green"}}, "invalid-attribute"),
        ({"images": (IMAGE, IMAGE)}, "invalid-image"),
        ({"images": tuple(ProductImage(f"https://a.example/{nr}", "") for nr in range(21))}, "invalid-image"),
        ({"images": (ProductImage(IMAGE.url, "x" * 501),)}, "invalid-image"),
    ],
)
def test_what_is_refused(wanted: dict[str, Any], code: str) -> None:
    given(CREATED).when(change, ProductChange(**wanted), TAXONOMY).then_refused(code, InvalidValue)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/x",
        "https://",
        "https:///x",
        "javascript:alert(1)",
        "data:image/png;base64,AA==",
        "https://user@a.example/x",
        "https://a.example:x/",
        "https://[a.example/",
        "https://a.example/ x",
        "https://a.example/\n",
        'https://a.example/"onload=',
        "https://ä.example/",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_an_image_is_fetched_by_https_from_somewhere(url: str) -> None:
    wanted = ProductChange(images=(ProductImage(url, ""),))
    given(CREATED).when(change, wanted, TAXONOMY).then_refused("invalid-image", InvalidValue)


def test_only_what_is_there_and_sold_can_be_changed() -> None:
    given().when(change, ProductChange(name="Cup"), TAXONOMY).then_refused("product-not-found", NotFound)
    gone = given(CREATED, ProductDiscontinued("r"))
    gone.when(change, ProductChange(name="Cup"), TAXONOMY).then_refused("product-discontinued")
    gone.when(unpublish).then_refused("product-discontinued")


def test_a_product_is_unpublished_and_published_again() -> None:
    given(CREATED).when(unpublish).then_nothing()
    given(CREATED, ProductPublished()).when(unpublish).then(ProductUnpublished())
    again = given(CREATED, ProductPublished(), ProductUnpublished())
    assert isinstance(again.state, Product)
    assert again.state.status is ProductStatus.DRAFT
    again.when(publish).then(ProductPublished())
