"""The catalogue's lists: filters, search, pages, prices that count now, their history, the tree of categories."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.catalog.events import (
    AttributeDefined,
    AttributeKind,
    CategoryCreated,
    CategoryMoved,
    CategoryRenamed,
    ProductAttribute,
    ProductAttributesChanged,
    ProductCategorized,
    ProductCreated,
    ProductDescribed,
    ProductDiscontinued,
    ProductPriceChanged,
    ProductPriceEnded,
    ProductPriceScheduled,
    ProductPublished,
)
from domain.catalog.model import ProductStatus
from domain.errors import InvalidValue
from domain.inventory.events import StockReceived, UnitsReserved
from domain.money import Money
from readmodels.catalogue_views import CategoryView, PriceChangeKind, ProductFilter
from readmodels.engine import Projector
from readmodels.projections import projections
from readmodels.queries import ReadModels
from tests.readmodels.conftest import DumpRows, Happen, forget
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened
from tests.support.samples import NOON, ORDER, eur

TREE = "taxonomy/shop"


def product(sku: str, name: str, *events: object, price: Money | None = None, text: str = "") -> list[Happened]:
    created = ProductCreated(sku, name, (price or eur("10.00"),))
    described = (ProductDescribed(name, text),) if text else ()
    return [Happened(f"product/{sku}", event) for event in (created, *described, *events)]


async def skus(models: ReadModels, **where: Any) -> list[str]:
    """All that match, by pages of two."""
    found: list[str] = []
    cursor = None
    while True:
        page = await models.products(ProductFilter(**{"at": NOON, **where}), limit=2, cursor=cursor)
        found += [item.product.sku for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_a_category_holds_what_is_below_it(happen: Happen, models: ReadModels) -> None:
    await happen(
        Happened(TREE, CategoryCreated("home", "Home", None)),
        Happened(TREE, CategoryCreated("kitchen", "Kitchen", "home")),
        Happened(TREE, CategoryCreated("mugs", "Mugs", "kitchen")),
        Happened(TREE, CategoryCreated("garden", "Garden", None)),
        *product("A", "Mug", ProductCategorized(("mugs",))),
        *product("B", "Pan", ProductCategorized(("kitchen", "garden"))),
        *product("C", "Spade", ProductCategorized(("garden",))),
        *product("D", "Nothing"),
    )
    found = {each: await skus(models, category=each) for each in ("home", "kitchen", "mugs", "garden", "none")}
    assert found == {"home": ["A", "B"], "kitchen": ["A", "B"], "mugs": ["A"], "garden": ["B", "C"], "none": []}
    await happen(
        Happened(TREE, CategoryMoved("mugs", "garden")),
        Happened(TREE, CategoryRenamed("mugs", "Cups")),
        Happened("product/B", ProductCategorized(("garden",))),
    )
    assert await skus(models, category="garden") == ["A", "B", "C"]
    assert await skus(models, category="home") == []
    page = await models.categories(limit=2, cursor=None)
    rest = await models.categories(limit=9, cursor=page.next_cursor)
    assert [each.category for each in (*page.items, *rest.items)] == ["garden", "home", "kitchen", "mugs"]
    assert rest.items[-1] == CategoryView("mugs", "Cups", "garden", ["garden", "mugs"])


async def test_attributes_filter_and_are_listed(happen: Happen, models: ReadModels) -> None:
    blue = ProductAttribute("colour", AttributeKind.CHOICE, "blue")
    litre = ProductAttribute("volume", AttributeKind.NUMBER, "0.5")
    choice = AttributeDefined("colour", "Colour", AttributeKind.CHOICE, ("blue",))
    more = AttributeDefined("colour", "Farbe", AttributeKind.CHOICE, ("blue", "red"))
    await happen(
        Happened(TREE, choice),
        Happened(TREE, more),
        *product("A", "A", ProductAttributesChanged((blue, litre))),
        *product("B", "B", ProductAttributesChanged((blue,))),
        *product("C", "C", ProductAttributesChanged((blue,)), ProductAttributesChanged(())),
    )
    assert await skus(models, attributes={"colour": "blue"}) == ["A", "B"]
    assert await skus(models, attributes={"colour": "blue", "volume": "0.5"}) == ["A"]
    assert await skus(models, attributes={"volume": "0.50"}) == ["A"]
    assert await skus(models, attributes={"colour": "red"}) == []
    assert await models.attributes() == [more]


async def test_the_price_that_counts_then_is_what_a_range_means(happen: Happen, models: ReadModels) -> None:
    hour = timedelta(hours=1)
    sale = ProductPriceScheduled("s", eur("5.00"), NOON + hour, NOON + 3 * hour, NOON)
    await happen(
        *product("A", "A", price=eur("10.00")),
        *product("B", "B", sale, ProductPriceEnded("s", NOON + 2 * hour)),
        *product("C", "C", price=Money(700, "USD")),
    )
    cheap = {"currency": "EUR", "most_price": 600}
    assert await skus(models, **cheap) == []
    assert await skus(models, **cheap, at=NOON + hour) == ["B"]
    assert await skus(models, **cheap, at=NOON + 2 * hour) == []
    assert await skus(models, currency="EUR", least_price=600, at=NOON + hour) == ["A"]
    assert await skus(models, currency="EUR", least_price=600, most_price=1000) == ["A", "B"]
    with pytest.raises(InvalidValue):
        await skus(models, least_price=1)
    view = (await models.products_by_sku(["B"]))["B"]
    assert [view.price_at("EUR", NOON + n * hour) for n in range(3)] == [eur("10.00"), eur("5.00"), eur("10.00")]


async def test_what_is_in_stock_and_what_is_published(happen: Happen, models: ReadModels) -> None:
    await happen(
        *product("A", "A", ProductPublished()),
        *product("B", "B", ProductPublished(), ProductDiscontinued("r")),
        *product("C", "C"),
        Happened("stock/BER/A", StockReceived(1, "d")),
        Happened("stock/BER/B", StockReceived(1, "d")),
        Happened("stock/BER/B", UnitsReserved(ORDER, 1)),
    )
    assert await skus(models, in_stock=True) == ["A"]
    assert await skus(models, in_stock=False) == ["B", "C"]
    assert await skus(models, status=ProductStatus.PUBLISHED) == ["A"]
    assert await skus(models, status=ProductStatus.DRAFT, in_stock=False) == ["C"]


SEARCHES = [
    ("mug", ["A", "B", "C"]),
    ("MU", ["A", "B", "C"]),
    ("blue mug", ["A"]),
    ("mug blu", ["A"]),
    ("eclair", ["D"]),
    ("ÉCL", ["D"]),
    ("ｅｃｌａｉｒ", ["D"]),
    ("strasse", ["E"]),
    ("京", ["F"]),
    ("東京", ["F"]),
    ("t-shirt", ["T-SHIRT-9"]),
    ("shirt-9", ["T-SHIRT-9"]),
    ("purple", []),
    ("", []),
    ("!!! & | :* ' \\ ()", []),
    ("mug' | 'blue", ["A"]),
    ("mug:* & !blue", ["A"]),
    ("mug\0blue", ["A"]),
    ("'); DROP TABLE read.products; --", []),
    ("\U0010ffff", []),
    ("x" * 5000, []),
    (" ".join(f"w{n}" for n in range(100)), []),
]


async def test_a_search_finds_words_and_their_beginnings(happen: Happen, models: ReadModels) -> None:
    await happen(
        *product("C", "Saucer", text="Goes with every mug, and with nothing else."),
        *product("B", "Mug"),
        *product("A", "Blue mug"),
        *product("D", "Éclair"),
        *product("E", "Map", text="Straße by Straße"),
        *product("F", "東京タワー"),
        *product("T-SHIRT-9", "Top", text="Cotton\nand cotton"),
    )
    for asked, expected in SEARCHES:
        try:
            found = await skus(models, q=asked)
        except InvalidValue:
            assert "\0" in asked
            continue
        assert sorted(found) == sorted(expected), asked
    assert (await skus(models, q="mug"))[-1] == "C"  # a name's word before a description's
    assert await skus(models, q="mug", status=ProductStatus.PUBLISHED) == []


async def test_a_long_search_has_pages_without_gaps(happen: Happen, models: ReadModels) -> None:
    names = [f"P{nr:02}" for nr in range(11)]
    await happen(*(each for name in reversed(names) for each in product(name, "Same thing")))
    assert await skus(models, q="same") == names
    for cursor in ("x", "WyJOYU4iLCJBIl0", "WyIxZTk5OSIsIkEiXQ"):
        with pytest.raises(InvalidValue):
            await models.products(ProductFilter(NOON, q="same"), limit=2, cursor=cursor)


async def test_the_history_of_prices(happen: Happen, models: ReadModels) -> None:
    hour = timedelta(hours=1)
    both = ProductCreated("A", "A", (eur("10.00"), Money(1200, "USD")))
    await happen(
        Happened("product/A", both),
        Happened("product/A", ProductPriceChanged(eur("11.00"))),
        Happened("product/A", ProductPriceScheduled("s", eur("5.00"), NOON, None, NOON)),
        Happened("product/A", ProductPriceEnded("s", NOON + hour)),
    )
    first = await models.price_changes("A", limit=3, cursor=None)
    rest = await models.price_changes("A", limit=3, cursor=first.next_cursor)
    seen = [(each.version, each.kind, each.price, each.valid_until) for each in (*first.items, *rest.items)]
    kinds = PriceChangeKind
    assert seen == [
        (4, kinds.ENDED, None, NOON + hour),
        (3, kinds.SCHEDULED, eur("5.00"), None),
        (2, kinds.SET, eur("11.00"), None),
        (1, kinds.SET, Money(1200, "USD"), None),
        (1, kinds.SET, eur("10.00"), None),
    ]
    details = (await models.product_details(["A", "B"]))["A"]
    assert (details.version, len(details.product.scheduled)) == (4, 1)


@pytest.mark.parametrize("batch", [1, 3])
async def test_a_rebuild_makes_the_same_rows(engine: AsyncEngine, dump: DumpRows, batch: int) -> None:
    blue = ProductAttribute("colour", AttributeKind.CHOICE, "blue")
    log = MemoryLog()
    log.append(
        Happened(TREE, CategoryCreated("home", "Home", None)),
        *product("A", "Mug", ProductCategorized(("home",)), ProductAttributesChanged((blue,)), text="Blue."),
        Happened(TREE, CategoryRenamed("home", "House")),
        Happened("product/A", ProductPriceScheduled("s", eur("5.00"), NOON, None, NOON)),
        Happened("product/A", ProductPriceEnded("s", NOON + timedelta(hours=1))),
        Happened("product/A", ProductCategorized(())),
        Happened("product/A", ProductPriceChanged(eur("1.00"))),
    )
    assert await Projector(engine, log, projections(), batch=1000).catch_up()
    whole = await dump()
    assert whole["price_changes"]
    await forget(engine)
    assert await Projector(engine, log, projections(), batch=batch).catch_up()
    assert await dump() == whole
