"""`waybill products …` and `waybill categories …`: the catalogue, through the HTTP API."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeAlias

import typer
from rich.table import Table

from ops.cli_export import moment
from ops.cli_orders import console, with_api
from ops.client import ApiClient
from waybill_client.client import every
from waybill_client.models import (
    CategoryBody,
    Changed,
    DiscontinueBody,
    EndPriceBody,
    ImageBody,
    Money,
    MoneyBody,
    MoveCategoryBody,
    ProductBody,
    ProductChangeBody,
    ProductStatus,
    RenameCategoryBody,
    Scheduled,
    ScheduledPriceBody,
    TaxonomyChanged,
)

Value: TypeAlias = str | bool | int | float | None

products = typer.Typer(help="The catalogue: create, show, price, publish.", no_args_is_help=True)
categories = typer.Typer(help="The tree that products are in.", no_args_is_help=True)

Sku = Annotated[str, typer.Argument(help="The product's SKU.")]
Code = Annotated[str, typer.Argument(help="The category's code, such as mugs.")]
Amount = Annotated[str, typer.Argument(help="Such as 19.99.")]
Currency = Annotated[str, typer.Option(help="ISO 4217 code.")]


@products.command("list")
def list_products(
    search: Annotated[str | None, typer.Argument(help="Words of name, SKU or description.")] = None,
    category: Annotated[str | None, typer.Option(help="In it, or below it.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="NAME:VALUE; several must all hold.")] = None,
    status: Annotated[str | None, typer.Option(help="draft, published or discontinued.")] = None,
    limit: Annotated[int, typer.Option(help="How many, 1 to 100.")] = 20,
) -> None:
    """List products by SKU, or search them."""

    async def run(api: ApiClient) -> None:
        table = Table("sku", "name", "status", "prices", "categories")
        wanted = ProductStatus(status) if status else None
        page = await api.list_products(
            q=search, category=category, attribute=attribute, status=wanted, limit=limit
        )
        for item in page.items:
            prices = ", ".join(_money(price) for price in item.prices)
            table.add_row(item.sku, item.name, item.status, prices, ", ".join(item.categories))
        console.print(table)

    with_api(run)


@products.command()
def show(sku: Sku) -> None:
    """One product in full, with the prices that are scheduled."""

    async def run(api: ApiClient) -> None:
        console.print_json((await api.get_product(sku)).model_dump_json())

    with_api(run)


@products.command()
def create(
    sku: Sku,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    price: Annotated[list[str] | None, typer.Option(help="AMOUNT=CURRENCY, such as 19.99=EUR.")] = None,
) -> None:
    """Create a draft."""
    body = ProductBody(sku=sku, name=name, prices=[_price(each) for each in price or ()])
    _change(lambda api: api.create_product(body))


@products.command()
def change(
    sku: Sku,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="All categories that it is in.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: a number, true, false, a text; nothing takes it away.")
    ] = None,
    image: Annotated[list[str] | None, typer.Option(help="All images: 'https://… what it shows'.")] = None,
) -> None:
    """Change what customers are shown."""
    given = {
        "name": name,
        "description": description,
        "categories": category or None,
        "attributes": dict(map(_attribute, attribute)) if attribute else None,
        "images": [_image(each) for each in image] if image else None,
    }
    body = ProductChangeBody.model_validate({name: each for name, each in given.items() if each is not None})
    _change(lambda api: api.change_product(sku, body))


@products.command()
def price(sku: Sku, amount: Amount, currency: Currency = "EUR") -> None:
    """Set the standing price in one currency."""
    _change(lambda api: api.change_price(sku, MoneyBody(amount=amount, currency=currency)))


@products.command()
def schedule(
    sku: Sku,
    amount: Amount,
    currency: Currency = "EUR",
    since: Annotated[str | None, typer.Option("--from", help="When it begins, RFC 3339; now by default.")] = None,
    until: Annotated[str | None, typer.Option(help="When it ends, RFC 3339.")] = None,
    end_overlapping: Annotated[bool, typer.Option(help="End those that are in the way.")] = False,
) -> None:
    """Let a price count for a while instead of the standing one."""
    body = ScheduledPriceBody(
        price=MoneyBody(amount=amount, currency=currency),
        valid_from=moment("--from", since),
        valid_until=moment("--until", until),
        end_overlapping=end_overlapping,
    )
    _change(lambda api: api.schedule_price(sku, body))


@products.command()
def end_price(
    sku: Sku,
    price_id: Annotated[str, typer.Argument(help="As `products show` gives it.")],
    until: Annotated[str | None, typer.Option(help="When it ends, RFC 3339; now by default.")] = None,
) -> None:
    """End a scheduled price."""
    body = EndPriceBody(valid_until=moment("--until", until))
    _change(lambda api: api.end_price(sku, price_id, body))


@products.command()
def prices(sku: Sku) -> None:
    """The history of a product's prices, newest first."""

    async def run(api: ApiClient) -> None:
        table = Table("at", "what", "price", "from", "until", "by", "id")
        for item in (await api.list_price_changes(sku)).items:
            price = _money(item.price) if item.price else ""
            times = [_time(each) for each in (item.recorded_at, item.valid_from, item.valid_until)]
            table.add_row(times[0], item.kind, price, *times[1:], item.actor, item.price_id or "")
        console.print(table)

    with_api(run)


@products.command()
def publish(sku: Sku) -> None:
    """Begin to sell a product."""
    _change(lambda api: api.publish_product(sku))


@products.command()
def unpublish(sku: Sku) -> None:
    """Make a product a draft again."""
    _change(lambda api: api.unpublish_product(sku))


@products.command()
def discontinue(sku: Sku, reason: Annotated[str, typer.Option(help="Why; it is kept.")]) -> None:
    """Stop selling a product, for good."""
    _change(lambda api: api.discontinue_product(sku, DiscontinueBody(reason=reason)))


@categories.command("list")
def list_categories() -> None:
    """The tree."""

    async def run(api: ApiClient) -> None:
        items = [each async for each in every(api.list_categories, limit=100)]
        for item in sorted(items, key=lambda each: each.path):
            console.print(f"{'  ' * (len(item.path) - 1)}{item.category}  {item.name}", markup=False)

    with_api(run)


@categories.command()
def add(
    category: Code,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    parent: Annotated[str | None, typer.Option(help="The category that it is under.")] = None,
) -> None:
    """Create a category."""
    _change(lambda api: api.create_category(CategoryBody(category=category, name=name, parent=parent)))


@categories.command()
def rename(category: Code, name: Annotated[str, typer.Argument(help="What it is called.")]) -> None:
    """Give a category another name."""
    _change(lambda api: api.rename_category(category, RenameCategoryBody(name=name)))


@categories.command()
def move(
    category: Code, parent: Annotated[str | None, typer.Argument(help="The new parent; none is the top.")] = None
) -> None:
    """Put a category, with all below it, elsewhere."""
    _change(lambda api: api.move_category(category, MoveCategoryBody(parent=parent)))


def _change(command: Callable[[ApiClient], Awaitable[Changed | Scheduled | TaxonomyChanged]]) -> None:
    async def run(api: ApiClient) -> None:
        changed = await command(api)
        made = f"  price {changed.price_id}" if isinstance(changed, Scheduled) else ""
        name = changed.code if isinstance(changed, TaxonomyChanged) else changed.sku
        console.print(f"{name}  version {changed.version}{made}")

    with_api(run)


def _money(price: Money) -> str:
    return f"{price.amount} {price.currency}"


def _time(given: datetime | None) -> str:
    return given.isoformat() if given else ""


def _price(text: str) -> MoneyBody:
    amount, equals, currency = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r}: AMOUNT=CURRENCY is accepted")
    return MoneyBody(amount=amount, currency=currency)


def _attribute(text: str) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r}: NAME=VALUE is accepted")
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    return name, (read if isinstance(read, bool | int | float | str) else value) if value else None


def _image(text: str) -> ImageBody:
    url, _, alt = text.partition(" ")
    return ImageBody(url=url, alt=alt.strip())
