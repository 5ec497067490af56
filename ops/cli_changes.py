"""`waybill orders …`: changing an order that is open, through the HTTP API."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import typer
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from ops.cli_orders import OrderId, console, line_body, order_line, with_api
from ops.client import ApiClient
from waybill_client.models import (
    Accepted,
    AddressBody,
    AmendmentBody,
    AmendmentPreview,
    CancelBody,
    Decision,
    DecisionBody,
    HoldBody,
    HoldScope,
    LineCancelBody,
    LossBody,
    LostAnswer,
    MoneyBody,
    OfferBody,
    Order,
    RefundBody,
    RefundLine,
    ReleaseBody,
)

changes = typer.Typer()

Reason = Annotated[str, typer.Option(help="Why; it is kept with the change.")]


@changes.command()
def cancel(order_id: OrderId, reason: Reason) -> None:
    """Undo an order, as long as no parcel of it was dispatched."""
    _change(lambda api: api.cancel_order(order_id, CancelBody(reason=reason)))


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
    body = AmendmentBody(reason=reason, lines=[line_body(each) for each in line or ()])
    if shipping is not None:
        body.shipping_method = shipping
    if address is not None:
        body.shipping_address = _address(address)

    async def preview(api: ApiClient) -> None:
        _show(await api.amend_order(order_id, body, dry_run=True))

    if dry_run:
        with_api(preview)
    else:
        _change(lambda api: api.amend_order(order_id, body))


@changes.command("cancel-line")
def cancel_line(
    order_id: OrderId, sku: Annotated[str, typer.Argument(help="The line's SKU.")], reason: Reason
) -> None:
    """Take a line out of an order, as long as none of it was dispatched."""
    _change(lambda api: api.cancel_line(order_id, sku, LineCancelBody(reason=reason)))


@changes.command()
def hold(
    order_id: OrderId,
    reason: Reason,
    scope: Annotated[str, typer.Option(help="order, payment, line or shipment.")] = "order",
    subject: Annotated[str | None, typer.Option(help="The line's SKU, or the parcel's id.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="When it ends by itself, RFC 3339.")] = None,
) -> None:
    """Keep an order, its payment, a line or a shipment from going on."""
    body = HoldBody(scope=HoldScope(scope), reason=reason)
    if subject is not None:
        body.subject = subject
    if expires_at is not None:
        body.expires_at = _moment(expires_at)
    _change(lambda api: api.place_hold(order_id, body))


@changes.command()
def release(
    order_id: OrderId, hold_id: Annotated[str, typer.Argument(help="As `orders show` gives it.")], reason: Reason
) -> None:
    """Release a hold; of an order that screening held, this is the approval."""
    _change(lambda api: api.release_hold(order_id, hold_id, ReleaseBody(reason=reason)))


@changes.command()
def offer(
    order_id: OrderId,
    sku: Annotated[str, typer.Argument(help="The line that is short.")],
    substitute: Annotated[str, typer.Argument(help="The product to offer in its place.")],
) -> None:
    """Offer the customer another product for a line that stock does not cover."""
    _change(lambda api: api.offer_substitute(order_id, OfferBody(sku=sku, substitute=substitute)))


@changes.command()
def decide(
    order_id: OrderId, decision: Annotated[str, typer.Argument(help="wait, drop, cancel or substitute.")]
) -> None:
    """Answer for the customer what to do about lines that stock does not cover."""
    _change(lambda api: api.decide_unavailable(order_id, DecisionBody(decision=Decision(decision))))


@changes.command()
def lost(
    order_id: OrderId,
    shipment_id: Annotated[str, typer.Argument(help="The lost parcel, as `orders show` gives it.")],
    answer: Annotated[str, typer.Argument(help="replace or refund.")],
    reason: Reason,
) -> None:
    """Send a lost parcel's goods again, or give its share of the price back."""
    body = LossBody(answer=LostAnswer(answer), reason=reason)
    _change(lambda api: api.answer_lost(order_id, shipment_id, body))


@changes.command()
def refund(
    order_id: OrderId,
    reason: Reason,
    amount: Annotated[str | None, typer.Option(help="Such as 19.99.")] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
    line: Annotated[list[str] | None, typer.Option(help="SKU or SKU=QUANTITY, instead of an amount.")] = None,
) -> None:
    """Give a customer back an amount, or what pieces of the order cost; of an open order or a completed one."""
    body = RefundBody(reason=reason)
    if amount is not None:
        body.amount = MoneyBody(amount=amount, currency=currency)
    if line:
        body.lines = [RefundLine.model_validate(order_line(each)) for each in line]
    _change(lambda api: api.grant_refund(order_id, body))


def _address(text: str) -> AddressBody:
    try:
        return AddressBody.model_validate_json(text)
    except ValidationError as error:
        raise typer.BadParameter(f"no address as JSON: {error}") from None


def _moment(text: str) -> datetime:
    try:
        return TypeAdapter(AwareDatetime).validate_python(text)
    except ValidationError:
        raise typer.BadParameter(f"{text!r}: an RFC 3339 time is accepted, 2026-03-01T12:00:00Z") from None


def _show(shown: AmendmentPreview | Order | Accepted) -> None:
    assert isinstance(shown, AmendmentPreview), "a dry run answers with what would be done"
    for name, money in (
        ("more to pay", shown.more_to_pay),
        ("less to pay", shown.less_to_pay),
        ("to authorise", shown.to_authorise),
        ("total", shown.totals.total),
    ):
        console.print(f"{name:14}  {money.amount} {money.currency}")
    for name, parts in (("stock taken", shown.stock_taken), ("stock released", shown.stock_released)):
        for part in parts:
            console.print(f"{name:12}  {part.quantity} {part.sku} in {part.warehouse}")


def _change(command: Callable[[ApiClient], Awaitable[Order | Accepted | AmendmentPreview]]) -> None:
    async def run(api: ApiClient) -> None:
        changed = await command(api)
        assert not isinstance(changed, AmendmentPreview), "nothing but a dry run has a preview"
        console.print(f"{changed.status if isinstance(changed, Order) else 'accepted'}  version {changed.version}")

    with_api(run)
