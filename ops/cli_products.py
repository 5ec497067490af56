"""`waybill products …` and `waybill categories …`: the catalogue, through the HTTP API."""

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from ops.cli_orders import console, with_api
from ops.client import ApiClient

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
        given = {"q": search, "category": category, "attribute": attribute, "status": status, "limit": limit}
        table = Table("sku", "name", "status", "prices", "categories")
        for item in (await api.get("/v1/products", **given))["items"]:
            prices = ", ".join(_money(price) for price in item["prices"])
            table.add_row(item["sku"], item["name"], item["status"], prices, ", ".join(item["categories"]))
        console.print(table)

    with_api(run)


@products.command()
def show(sku: Sku) -> None:
    """One product in full, with the prices that are scheduled."""

    async def run(api: ApiClient) -> None:
        console.print_json(data=await api.get(f"/v1/products/{sku}"))

    with_api(run)


@products.command()
def create(
    sku: Sku,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    price: Annotated[list[str] | None, typer.Option(help="AMOUNT=CURRENCY, such as 19.99=EUR.")] = None,
) -> None:
    """Create a draft."""
    prices = [_price(each) for each in price or ()]
    _change("POST", "/v1/products", {"sku": sku, "name": name, "prices": prices})


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
    body: dict[str, Any] = {"name": name, "description": description, "categories": category or None}
    body["attributes"] = dict(map(_attribute, attribute)) if attribute else None
    body["images"] = [_image(each) for each in image] if image else None
    _change("PATCH", f"/v1/products/{sku}", {name: value for name, value in body.items() if value is not None})


@products.command()
def price(sku: Sku, amount: Amount, currency: Currency = "EUR") -> None:
    """Set the standing price in one currency."""
    _change("PUT", f"/v1/products/{sku}/price", {"amount": amount, "currency": currency})


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
    body: dict[str, Any] = {"price": {"amount": amount, "currency": currency}, "end_overlapping": end_overlapping}
    times = {"valid_from": since, "valid_until": until}
    body |= {name: time for name, time in times.items() if time is not None}
    _change("POST", f"/v1/products/{sku}/prices", body)


@products.command()
def end_price(
    sku: Sku,
    price_id: Annotated[str, typer.Argument(help="As `products show` gives it.")],
    until: Annotated[str | None, typer.Option(help="When it ends, RFC 3339; now by default.")] = None,
) -> None:
    """End a scheduled price."""
    _change("POST", f"/v1/products/{sku}/prices/{price_id}/end", {"valid_until": until} if until else {})


@products.command()
def prices(sku: Sku) -> None:
    """The history of a product's prices, newest first."""

    async def run(api: ApiClient) -> None:
        table = Table("at", "what", "price", "from", "until", "by", "id")
        for item in (await api.get(f"/v1/products/{sku}/prices"))["items"]:
            times = [item["recorded_at"], item["valid_from"] or "", item["valid_until"] or ""]
            price = _money(item["price"]) if item["price"] else ""
            table.add_row(times[0], item["kind"], price, *times[1:], item["actor"], item["price_id"] or "")
        console.print(table)

    with_api(run)


@products.command()
def publish(sku: Sku) -> None:
    """Begin to sell a product."""
    _change("POST", f"/v1/products/{sku}/publish", {})


@products.command()
def unpublish(sku: Sku) -> None:
    """Make a product a draft again."""
    _change("POST", f"/v1/products/{sku}/unpublish", {})


@products.command()
def discontinue(sku: Sku, reason: Annotated[str, typer.Option(help="Why; it is kept.")]) -> None:
    """Stop selling a product, for good."""
    _change("POST", f"/v1/products/{sku}/discontinue", {"reason": reason})


@categories.command("list")
def list_categories() -> None:
    """The tree."""

    async def run(api: ApiClient) -> None:
        items: list[dict[str, Any]] = []
        cursor = None
        while not items or cursor is not None:
            page = await api.get("/v1/categories", limit=100, cursor=cursor)
            items, cursor = items + page["items"], page["next_cursor"]
            if not items:
                return
        for item in sorted(items, key=lambda each: each["path"]):
            console.print(f"{'  ' * (len(item['path']) - 1)}{item['category']}  {item['name']}", markup=False)

    with_api(run)


@categories.command()
def add(
    category: Code,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    parent: Annotated[str | None, typer.Option(help="The category that it is under.")] = None,
) -> None:
    """Create a category."""
    _change("POST", "/v1/categories", {"category": category, "name": name, "parent": parent})


@categories.command()
def rename(category: Code, name: Annotated[str, typer.Argument(help="What it is called.")]) -> None:
    """Give a category another name."""
    _change("PATCH", f"/v1/categories/{category}", {"name": name})


@categories.command()
def move(
    category: Code, parent: Annotated[str | None, typer.Argument(help="The new parent; none is the top.")] = None
) -> None:
    """Put a category, with all below it, elsewhere."""
    _change("POST", f"/v1/categories/{category}/move", {"parent": parent})


def _change(method: str, path: str, body: dict[str, Any]) -> None:
    async def run(api: ApiClient) -> None:
        send = {"POST": api.post, "PATCH": api.patch, "PUT": api.put}[method]
        changed = await send(path, body)
        made = f"  price {changed['price_id']}" if "price_id" in changed else ""
        console.print(f"{changed.get('sku') or changed.get('code')}  version {changed['version']}{made}")

    with_api(run)


def _money(price: dict[str, str]) -> str:
    return f"{price['amount']} {price['currency']}"


def _price(text: str) -> dict[str, str]:
    amount, equals, currency = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r}: AMOUNT=CURRENCY is accepted")
    return {"amount": amount, "currency": currency}


def _attribute(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r}: NAME=VALUE is accepted")
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    return name, (read if isinstance(read, bool | int | float | str) else value) if value else None


def _image(text: str) -> dict[str, str]:
    url, _, alt = text.partition(" ")
    return {"url": url, "alt": alt.strip()}
