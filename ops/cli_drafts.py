"""`waybill drafts …`: drafts of orders, through the HTTP API."""

from typing import Annotated, Any

import typer
from rich.table import Table

from ops.cli_orders import console, order_line, with_api
from ops.client import ApiClient

drafts = typer.Typer(help="Orders that are prepared for a customer.", no_args_is_help=True)

DraftId = Annotated[str, typer.Argument(help="The draft's id; the order's too, once it is placed.")]


@drafts.command("list")
def list_drafts(
    status: Annotated[str, typer.Option(help="open, placing, placed or discarded.")] = "open",
) -> None:
    """Drafts, the newest first."""

    async def run(api: ApiClient) -> None:
        table = Table("draft", "customer", "status", "lines", "order", "created by")
        for item in (await api.get("/v1/drafts", status=status))["items"]:
            number = item["order_number"] or ""
            who, lines = item["created_by"], str(item["lines"])
            table.add_row(item["draft_id"], item["customer_id"], item["status"], lines, number, who)
        console.print(table)

    with_api(run)


@drafts.command()
def show(draft_id: DraftId) -> None:
    """One draft, with what it costs now."""

    async def run(api: ApiClient) -> None:
        console.print_json(data=await api.get(f"/v1/drafts/{draft_id}"))

    with_api(run)


@drafts.command()
def lines(
    draft_id: DraftId, line: Annotated[list[str], typer.Argument(help="SKU or SKU=QUANTITY: all lines there are.")]
) -> None:
    """Set a draft's lines."""

    async def run(api: ApiClient) -> None:
        changed = await api.patch(f"/v1/drafts/{draft_id}", {"lines": [order_line(each) for each in line]})
        console.print(f"{draft_id}  version {changed['version']}")

    with_api(run)


@drafts.command()
def discard(draft_id: DraftId, reason: Annotated[str, typer.Option(help="Why; it is kept.")]) -> None:
    """Give a draft up."""
    _post(draft_id, "discard", reason=reason)


@drafts.command()
def place(draft_id: DraftId) -> None:
    """Place a draft; it is one order, however often."""
    _post(draft_id, "place")


def _post(draft_id: str, command: str, **body: Any) -> None:
    async def run(api: ApiClient) -> None:
        done = await api.post(f"/v1/drafts/{draft_id}/{command}", body)
        console.print(f"{done.get('order_number') or draft_id}  {done['status']}")

    with_api(run)
