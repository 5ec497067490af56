"""Stock levels by increments, and the catalogue."""

from uuid import uuid4

from domain.catalog.events import ProductCreated, ProductDiscontinued, ProductPriceChanged, ProductPublished
from domain.catalog.model import ProductStatus
from domain.inventory.events import StockAdjusted, StockReceived, UnitsReleased, UnitsReserved, UnitsShipped
from domain.money import Money
from readmodels.catalogue_views import ProductFilter
from readmodels.queries import ReadModels
from readmodels.views import ProductView, StockView, WarehouseStock
from tests.readmodels.conftest import Happen
from tests.support.histories import Happened
from tests.support.samples import NOON, ORDER, OTHER_ORDER, eur


async def test_each_event_moves_its_warehouse(happen: Happen, models: ReadModels) -> None:
    berlin, lyon = "stock/BER/MUG", "stock/LYS/MUG"
    await happen(Happened(berlin, StockReceived(10, "delivery")), Happened(lyon, StockReceived(3, "delivery")))
    await happen(
        Happened(berlin, UnitsReserved(ORDER, 4)),
        Happened(berlin, UnitsReserved(OTHER_ORDER, 2)),
        Happened(berlin, UnitsShipped(ORDER, 4)),
        Happened(lyon, UnitsReserved(ORDER, 1)),
    )
    await happen(Happened(berlin, StockAdjusted(-1, "broken")), Happened(lyon, UnitsReleased(ORDER, 1)))
    stock = await models.stock("MUG")
    assert stock is not None
    assert stock == StockView("MUG", [WarehouseStock("BER", 5, 2), WarehouseStock("LYS", 3, 0)])
    assert (stock.on_hand, stock.reserved, stock.available) == (8, 2, 6)
    assert await models.stock("TEA") is None


async def test_stock_pages_never_split_a_sku(happen: Happen, models: ReadModels) -> None:
    skus = [f"SKU-{number}" for number in range(5)]
    await happen(
        *(Happened(f"stock/{place}/{sku}", StockReceived(1, "d")) for place in ("A", "B", "C") for sku in skus)
    )
    seen: list[StockView] = []
    cursor = None
    for _ in range(3):
        page = await models.stock_levels(limit=2, cursor=cursor)
        seen += page.items
        cursor = page.next_cursor
    assert cursor is None
    assert [view.sku for view in seen] == skus
    assert all(len(view.warehouses) == 3 for view in seen)


async def test_a_product_follows_its_events(happen: Happen, models: ReadModels) -> None:
    stream, yen = "product/MUG", Money(1500, "JPY")
    await happen(Happened(stream, ProductCreated("MUG", "Mug", (eur("10.00"), yen))))
    assert (await models.products_by_sku(["MUG"]))["MUG"].status is ProductStatus.DRAFT
    await happen(Happened(stream, ProductPriceChanged(eur("12.00"))), Happened(stream, ProductPublished()))
    mug = ProductView("MUG", "Mug", {"EUR": eur("12.00"), "JPY": yen}, ProductStatus.PUBLISHED)
    assert await models.products_by_sku(["MUG", "NONE"]) == {"MUG": mug}
    await happen(Happened(stream, ProductDiscontinued("gone")))
    assert (await models.products_by_sku(["MUG"]))["MUG"].status is ProductStatus.DISCONTINUED


async def test_products_by_sku_in_pages(happen: Happen, models: ReadModels) -> None:
    skus = sorted(f"P-{uuid4().hex[:6].upper()}" for _ in range(5))
    await happen(*(Happened(f"product/{sku}", ProductCreated(sku, sku, ())) for sku in reversed(skus)))
    everything = ProductFilter(NOON)
    first = await models.products(everything, limit=3, cursor=None)
    second = await models.products(everything, limit=3, cursor=first.next_cursor)
    assert [item.product.sku for item in (*first.items, *second.items)] == skus
    assert second.next_cursor is None
