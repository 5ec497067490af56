"""`waybill orders …`: changing an order that is open, through the HTTP API."""

import json
from typing import Annotated, Any

import typer

from ops.cli_orders import OrderId, console, order_line, with_api
from ops.client import ApiClient

changes = typer.Typer()

Reason = Annotated[str, typer.Option(help="Why; it is kept with the change.")]


@changes.command()
def cancel(order_id: OrderId, reason: Reason) -> None:
    """Undo an order, as long as no parcel of it was dispatched."""
    _change(f"/v1/orders/{order_id}/cancel", {"reason": reason})


@changes.command()
def amend(
    order_id: OrderId,
    reason: Reason,
    line: Annotated[
        list[str] | None, typer.Option(help="SKU=QUANTITY that it is to have; 0 takes the line out.")
    ] = None,
    shipping: Annotated[str | None, typer.Option(help="Shipping method, such as express.")] = None,
    address: Annotated[str | None, typer.Option(help="The whole address, as JSON.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
) -> None:
    """Change what of an order has not left; stock, tax and money are made right, or nothing changes."""
    body: dict[str, Any] = {"reason": reason, "lines": [order_line(each) for each in line or ()]}
    if shipping is not None:
        body["shipping_method"] = shipping
    if address is not None:
        body["shipping_address"] = _json_object(address)
    if dry_run:
        _preview(f"/v1/orders/{order_id}/amendments?dry_run=true", body)
    else:
        _change(f"/v1/orders/{order_id}/amendments", body)


@changes.command("cancel-line")
def cancel_line(
    order_id: OrderId, sku: Annotated[str, typer.Argument(help="The line's SKU.")], reason: Reason
) -> None:
    """Take a line out of an order, as long as none of it was dispatched."""
    _change(f"/v1/orders/{order_id}/lines/{sku}/cancel", {"reason": reason})


@changes.command()
def hold(
    order_id: OrderId,
    reason: Reason,
    scope: Annotated[str, typer.Option(help="order, payment, line or shipment.")] = "order",
    subject: Annotated[str | None, typer.Option(help="The line's SKU, or the parcel's id.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="When it ends by itself, RFC 3339.")] = None,
) -> None:
    """Keep an order, its payment, a line or a shipment from going on."""
    given = {"scope": scope, "subject": subject, "reason": reason, "expires_at": expires_at}
    _change(f"/v1/orders/{order_id}/holds", {name: value for name, value in given.items() if value is not None})


@changes.command()
def release(
    order_id: OrderId, hold_id: Annotated[str, typer.Argument(help="As `orders show` gives it.")], reason: Reason
) -> None:
    """Release a hold; of an order that screening held, this is the approval."""
    _change(f"/v1/orders/{order_id}/holds/{hold_id}/release", {"reason": reason})


@changes.command()
def offer(
    order_id: OrderId,
    sku: Annotated[str, typer.Argument(help="The line that is short.")],
    substitute: Annotated[str, typer.Argument(help="The product to offer in its place.")],
) -> None:
    """Offer the customer another product for a line that stock does not cover."""
    _change(f"/v1/orders/{order_id}/offers", {"sku": sku, "substitute": substitute})


@changes.command()
def decide(
    order_id: OrderId, decision: Annotated[str, typer.Argument(help="wait, drop, cancel or substitute.")]
) -> None:
    """Answer for the customer what to do about lines that stock does not cover."""
    _change(f"/v1/orders/{order_id}/decisions", {"decision": decision})


@changes.command()
def lost(
    order_id: OrderId,
    shipment_id: Annotated[str, typer.Argument(help="The lost parcel, as `orders show` gives it.")],
    answer: Annotated[str, typer.Argument(help="replace or refund.")],
    reason: Reason,
) -> None:
    """Send a lost parcel's goods again, or give its share of the price back."""
    _change(f"/v1/orders/{order_id}/shipments/{shipment_id}/loss", {"answer": answer, "reason": reason})


@changes.command()
def refund(
    order_id: OrderId,
    reason: Reason,
    amount: Annotated[str | None, typer.Option(help="Such as 19.99.")] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
    line: Annotated[list[str] | None, typer.Option(help="SKU or SKU=QUANTITY, instead of an amount.")] = None,
) -> None:
    """Give a customer back an amount, or what pieces of the order cost; of an open order or a completed one."""
    body: dict[str, Any] = {"reason": reason}
    if amount is not None:
        body["amount"] = {"amount": amount, "currency": currency}
    if line:
        body["lines"] = [order_line(each) for each in line]
    _change(f"/v1/orders/{order_id}/refunds", body)


def _json_object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON ({error})") from None
    if not isinstance(given, dict):
        raise typer.BadParameter("a JSON object is needed")
    return given


def _preview(path: str, body: dict[str, Any]) -> None:
    async def run(api: ApiClient) -> None:
        shown = await api.post(path, body)
        for name in ("more_to_pay", "less_to_pay", "to_authorise"):
            console.print(f"{name.replace('_', ' '):14}  {shown[name]['amount']} {shown[name]['currency']}")
        total = shown["totals"]["total"]
        console.print(f"{'total':14}  {total['amount']} {total['currency']}")
        for name in ("stock_taken", "stock_released"):
            for part in shown[name]:
                console.print(
                    f"{name.replace('_', ' '):12}  {part['quantity']} {part['sku']} in {part['warehouse']}"
                )

    with_api(run)


def _change(path: str, body: dict[str, Any]) -> None:
    async def run(api: ApiClient) -> None:
        changed = await api.post(path, body)
        console.print(f"{changed.get('status', 'accepted')}  version {changed['version']}")

    with_api(run)
