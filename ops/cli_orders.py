"""`waybill orders …`: what a shop's engineer does with orders, through the HTTP API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops import demo
from ops.client import ApiClient
from ops.config import load_settings
from ops.identity import dev_issuer
from waybill_client.models import LineBody, Money, OnUnavailable, OrderBody, OrderStatus, PaymentBody

orders = typer.Typer(no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)
PIPED_WIDTH = 220
"""Columns of a table that is not written to a terminal: none is cut."""

OrderId = Annotated[str, typer.Argument(help="The order's id.")]


@orders.command()
def place(
    sku: Annotated[list[str], typer.Argument(help="SKU, or SKU=QUANTITY; several for several lines.")],
    customer: Annotated[str, typer.Option(help="Customer id.")] = "demo",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
    payment: Annotated[str, typer.Option(help="Payment method, such as sim_ok or sim_declined.")] = "sim_ok",
    key: Annotated[str | None, typer.Option(help="Idempotency-Key; a new one by default.")] = None,
    on_unavailable: Annotated[
        str, typer.Option(help="What to do when stock does not cover it: ask, wait, drop or cancel.")
    ] = "cancel",
    watch: Annotated[bool, typer.Option("--watch", help="Follow the order to its end.")] = False,
) -> None:
    """Place an order to the demo address."""
    body = OrderBody(
        customer_id=customer,
        currency=currency,
        lines=[line_body(each) for each in sku],
        shipping_address=demo.ADDRESS_BODY,
        payment=PaymentBody(method=payment),
        on_unavailable=OnUnavailable(on_unavailable),
    )

    async def run(api: ApiClient) -> None:
        placed = await api.place(body, key=key)
        console.print(f"{placed.order_id}  {placed.order_number}  {amount(placed.totals.total)}")
        if watch:
            console.print(await demo.follow(api, placed.order_id, console.print))

    with_api(run)


@orders.command(name="list")
def list_orders(
    status: Annotated[str | None, typer.Option(help="Only orders of this status.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only orders of this customer.")] = None,
    limit: Annotated[int, typer.Option(help="How many, 1 to 100.")] = 20,
) -> None:
    """The newest orders."""

    async def run(api: ApiClient) -> None:
        wanted = OrderStatus(status) if status else None
        page = await api.list_orders(status=wanted, customer_id=customer, limit=limit)
        table = Table(
            "order", "number", "customer", "status", "payment", "fulfilment", "total", "placed", box=None
        )
        for order in page.items:
            table.add_row(
                str(order.order_id),
                order.order_number,
                order.customer_id,
                order.status + (" (!)" if order.attention else ""),
                order.payment_status,
                order.fulfilment_status,
                amount(order.total),
                f"{order.placed_at:%Y-%m-%dT%H:%M:%S}",
            )
        _print(table)

    with_api(run)


@orders.command()
def show(
    order_id: OrderId,
    as_of: Annotated[
        str | None, typer.Option(help="As it was: an RFC 3339 time, a version, or a Waybill-Position.")
    ] = None,
) -> None:
    """One order in full, as it is or as it was."""

    async def run(api: ApiClient) -> None:
        console.print_json((await api.get_order(order_id, as_of=as_of)).model_dump_json())

    with_api(run)


@orders.command()
def watch(order_id: OrderId) -> None:
    """Follow an order's events until it has ended."""

    async def run(api: ApiClient) -> None:
        console.print(await demo.follow(api, order_id, console.print))

    with_api(run)


@orders.command()
def ledger(order_id: OrderId) -> None:
    """What each event posted to which account, and the balances."""

    async def run(api: ApiClient) -> None:
        book = await api.get_order_ledger(order_id)
        table = Table("version", "event", "account", "debit", "credit", box=None)
        for posting in book.items:
            for entry in posting.entries:
                sides = (amount(entry.debit), amount(entry.credit))
                table.add_row(str(posting.version), posting.type, entry.account, *sides)
        table.add_section()
        for each in book.balances:
            table.add_row("", "balance", each.account, amount(each.balance), "")
        _print(table)

    with_api(run)


def amount(money: Money | None) -> str:
    """An amount as people read it; nothing for none."""
    return f"{money.amount} {money.currency}" if money else ""


def _print(table: Table) -> None:
    Console(highlight=False, width=None if console.is_terminal else PIPED_WIDTH).print(table)


def line_body(text: str) -> LineBody:
    """SKU, or SKU=QUANTITY."""
    return LineBody.model_validate(order_line(text))


def order_line(text: str) -> dict[str, object]:
    sku, _, quantity = text.partition("=")
    if quantity and not quantity.isdigit():
        raise typer.BadParameter(f"{text!r}: SKU or SKU=QUANTITY is accepted")
    return {"sku": sku, "quantity": int(quantity or 1)}


def with_api(run: Callable[[ApiClient], Awaitable[None]], role: str = "operator") -> None:
    settings = load_settings()
    token = dev_issuer(settings).token(role=role, subject="waybill-cli")

    async def main() -> None:
        async with ApiClient(settings.api_base_url, token) as api:
            await run(api)

    asyncio.run(main())
