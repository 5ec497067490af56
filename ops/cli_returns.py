"""`waybill returns …`: returns and claims, through the HTTP API."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.table import Table

from ops.cli_orders import OrderId, console, order_line, with_api
from ops.client import ApiClient
from waybill_client.models import (
    Accepted,
    InspectedLine,
    InspectionBody,
    Order,
    ReceiptBody,
    ReturnBody,
    ReturnDecisionBody,
    ReturnKind,
    ReturnLine,
)

returns = typer.Typer(help="Goods that come back, and claims for goods that arrived broken.", no_args_is_help=True)

ReturnId = Annotated[str, typer.Argument(help="The return's id.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the change.")]


@returns.command("list")
def list_returns(order_id: OrderId) -> None:
    """The returns of an order."""

    async def run(api: ApiClient) -> None:
        table = Table("return", "kind", "status", "warehouse", "lines")
        for item in (await api.list_order_returns(order_id)).items:
            lines = ", ".join(f"{line.quantity} × {line.sku}" for line in item.lines)
            table.add_row(str(item.return_id), item.kind, item.status, item.warehouse, lines)
        console.print(table)

    with_api(run)


@returns.command("request")
def request_return(
    order_id: OrderId,
    line: Annotated[list[str], typer.Argument(help="SKU or SKU=QUANTITY.")],
    reason: Reason,
    claim: Annotated[bool, typer.Option(help="Arrived broken: nothing comes back.")] = False,
    again: Annotated[bool, typer.Option(help="Send goods in place of money.")] = False,
    instead: Annotated[list[str] | None, typer.Option(help="SKU=OTHER: what an exchange sends for it.")] = None,
) -> None:
    """Ask for delivered goods to be taken back, for their price or, with --again, for others."""
    others = dict(each.split("=", 1) for each in instead or () if "=" in each)
    lines = [ReturnLine.model_validate(order_line(each)) for each in line]
    for each in lines:
        if each.sku in others:
            each.instead = others[each.sku]
    kind = {
        (False, False): ReturnKind.RETURN,
        (True, False): ReturnKind.CLAIM,
        (False, True): ReturnKind.EXCHANGE,
        (True, True): ReturnKind.REPLACEMENT,
    }
    body = ReturnBody(kind=kind[claim, again], lines=lines, reason=reason)
    _change(lambda api: api.request_return(order_id, body))


@returns.command()
def approve(order_id: OrderId, return_id: ReturnId, reason: Reason) -> None:
    """Let the goods come back; of a claim, grant its refund."""
    body = ReturnDecisionBody(reason=reason)
    _change(lambda api: api.approve_return(order_id, return_id, body), return_id)


@returns.command()
def reject(order_id: OrderId, return_id: ReturnId, reason: Reason) -> None:
    """Refuse a return, or give up on goods that never came."""
    body = ReturnDecisionBody(reason=reason)
    _change(lambda api: api.reject_return(order_id, return_id, body), return_id)


@returns.command()
def receive(
    order_id: OrderId,
    return_id: ReturnId,
    warehouse: Annotated[str | None, typer.Option(help="By default the preferred one.")] = None,
) -> None:
    """Note that the goods are in a warehouse."""
    body = ReceiptBody(warehouse=warehouse)
    _change(lambda api: api.receive_return(order_id, return_id, body), return_id)


@returns.command()
def inspect(
    order_id: OrderId,
    return_id: ReturnId,
    restocked: Annotated[list[str] | None, typer.Option(help="SKU=QUANTITY that can be sold again.")] = None,
    damaged: Annotated[list[str] | None, typer.Option(help="SKU=QUANTITY to be written off.")] = None,
    dismissed: Annotated[list[str] | None, typer.Option(help="SKU=QUANTITY sent back, not refunded.")] = None,
) -> None:
    """Say what was found of every piece that came back."""
    lines: dict[object, dict[str, object]] = {}
    for name, given in (("restocked", restocked), ("damaged", damaged), ("dismissed", dismissed)):
        for line in map(order_line, given or ()):
            lines.setdefault(line["sku"], {"sku": line["sku"]})[name] = line["quantity"]
    body = InspectionBody(lines=[InspectedLine.model_validate(each) for each in lines.values()])
    _change(lambda api: api.inspect_return(order_id, return_id, body), return_id)


def _change(command: Callable[[ApiClient], Awaitable[Order | Accepted]], return_id: str | None = None) -> None:
    async def run(api: ApiClient) -> None:
        changed = await command(api)
        known = (
            {str(each.return_id): each.status for each in changed.returns} if isinstance(changed, Order) else {}
        )
        named = return_id if return_id in known else next(reversed(known), None)
        console.print(f"{named}  {known[named]}" if named else f"accepted  version {changed.version}")

    with_api(run)
