"""A product: created as a draft, priced per currency, published, discontinued for good."""

import pytest

from domain.catalog.decide import change_price, create, discontinue, publish
from domain.catalog.events import (
    CatalogEvent,
    ProductCreated,
    ProductDiscontinued,
    ProductPriceChanged,
    ProductPublished,
)
from domain.catalog.model import INITIAL, Product, ProductStatus, evolve
from domain.errors import InvalidValue, NotFound
from domain.identifiers import sku
from domain.money import Money
from tests.support.samples import eur
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given

MUG = sku("MUG")
USD = Money.parse("12.00", "USD")
CREATED = ProductCreated("MUG", "Mug", (eur("10.00"),))
UNPRICED = ProductCreated("MUG", "Mug", ())
PUBLISHED = ProductPublished()
DISCONTINUED = ProductDiscontinued("sold out")


@pytest.mark.parametrize("prices", [(), (eur("10.00"),), (eur("10.00"), USD), (eur("0"),)])
def test_a_product_is_created(prices: tuple[Money, ...]) -> None:
    given().when(create, MUG, "Mug", prices).then(ProductCreated("MUG", "Mug", prices))


@pytest.mark.parametrize("events", [(CREATED,), (CREATED, PUBLISHED), (CREATED, DISCONTINUED)])
def test_a_product_is_created_once(events: tuple[CatalogEvent, ...]) -> None:
    given(*events).when(create, MUG, "Mug", ()).then_refused("product-exists")


@pytest.mark.parametrize("name", ["", " ", "\u3000", "x" * 201])
def test_a_name_has_1_to_200_characters(name: str) -> None:
    given().when(create, MUG, name, ()).then_refused("invalid-name", InvalidValue)
    given().when(create, MUG, "x" * 200, ()).then(ProductCreated("MUG", "x" * 200, ()))


@pytest.mark.parametrize("prices", [(eur("1"), eur("1")), (eur("1"), USD, eur("2")), (eur("-0.01"),)])
def test_one_price_per_currency_and_none_below_zero(prices: tuple[Money, ...]) -> None:
    given().when(create, MUG, "Mug", prices).then_refused("invalid-price", InvalidValue)


@pytest.mark.parametrize("events", [(CREATED,), (CREATED, PUBLISHED), (UNPRICED,)])
def test_a_price_changes_before_and_after_publication(events: tuple[CatalogEvent, ...]) -> None:
    given(*events).when(change_price, eur("11.00")).then(ProductPriceChanged(eur("11.00")))
    given(*events).when(change_price, USD).then(ProductPriceChanged(USD))


def test_the_same_price_again_is_no_change() -> None:
    given(CREATED).when(change_price, eur("10.00")).then_nothing()
    given(CREATED, ProductPriceChanged(USD)).when(change_price, USD).then_nothing()


def test_a_price_never_falls_below_zero() -> None:
    given(CREATED).when(change_price, eur("-0.01")).then_refused("invalid-price", InvalidValue)
    given(CREATED).when(change_price, eur("0")).then(ProductPriceChanged(eur("0")))


def test_a_priced_product_is_published_once() -> None:
    given(CREATED).when(publish).then(PUBLISHED)
    given(UNPRICED, ProductPriceChanged(USD)).when(publish).then(PUBLISHED)
    given(CREATED, PUBLISHED).when(publish).then_nothing()


def test_a_product_without_a_price_is_not_published() -> None:
    given(UNPRICED).when(publish).then_refused("no-price")


@pytest.mark.parametrize("events", [(CREATED,), (CREATED, PUBLISHED), (UNPRICED,)])
def test_a_product_is_discontinued(events: tuple[CatalogEvent, ...]) -> None:
    given(*events).when(discontinue, "sold out").then(DISCONTINUED)


def test_a_discontinued_product_stays_as_it_is() -> None:
    gone = given(CREATED, PUBLISHED, DISCONTINUED)
    gone.when(change_price, eur("9.00")).then_refused("product-discontinued")
    gone.when(publish).then_refused("product-discontinued")
    gone.when(discontinue, "again").then_refused("product-discontinued")


def test_what_does_not_exist() -> None:
    given().when(change_price, eur("9.00")).then_refused("product-not-found", NotFound)
    given().when(publish).then_refused("product-not-found", NotFound)
    given().when(discontinue, "sold out").then_refused("product-not-found", NotFound)


def test_the_fold_keeps_one_price_per_currency() -> None:
    state = given(CREATED, ProductPriceChanged(USD), ProductPriceChanged(eur("9.00")), PUBLISHED).state
    assert state == Product("MUG", "Mug", {"EUR": eur("9.00"), "USD": USD}, ProductStatus.PUBLISHED)
    assert given(CREATED).state == Product("MUG", "Mug", {"EUR": eur("10.00")}, ProductStatus.DRAFT)
    assert evolve(state, DISCONTINUED) == Product("MUG", "Mug", state.prices, ProductStatus.DISCONTINUED)
