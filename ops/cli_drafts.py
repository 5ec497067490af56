"""`waybill drafts …`: drafts of orders, through the HTTP API."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.table import Table

from ops.cli_orders import console, line_body, with_api
from ops.client import ApiClient
from waybill_client.models import DiscardBody, Draft, DraftChangeBody, DraftStatus, Placed

drafts = typer.Typer(help="Orders that are prepared for a customer.", no_args_is_help=True)

DraftId = Annotated[str, typer.Argument(help="The draft's id; the order's too, once it is placed.")]


@drafts.command("list")
def list_drafts(
    status: Annotated[str, typer.Option(help="open, placing, placed or discarded.")] = "open",
) -> None:
    """Drafts, the newest first."""

    async def run(api: ApiClient) -> None:
        table = Table("draft", "customer", "status", "lines", "order", "created by")
        for item in (await api.list_drafts(status=DraftStatus(status))).items:
            number = item.order_number or ""
            who, lines = item.created_by, str(item.lines)
            table.add_row(str(item.draft_id), item.customer_id, item.status, lines, number, who)
        console.print(table)

    with_api(run)


@drafts.command()
def show(draft_id: DraftId) -> None:
    """One draft, with what it costs now."""

    async def run(api: ApiClient) -> None:
        console.print_json((await api.get_draft(draft_id)).model_dump_json())

    with_api(run)


@drafts.command()
def lines(
    draft_id: DraftId, line: Annotated[list[str], typer.Argument(help="SKU or SKU=QUANTITY: all lines there are.")]
) -> None:
    """Set a draft's lines."""

    async def run(api: ApiClient) -> None:
        changed = await api.change_draft(draft_id, DraftChangeBody(lines=[line_body(each) for each in line]))
        console.print(f"{draft_id}  version {changed.version}")

    with_api(run)


@drafts.command()
def discard(draft_id: DraftId, reason: Annotated[str, typer.Option(help="Why; it is kept.")]) -> None:
    """Give a draft up."""
    _end(lambda api: api.discard_draft(draft_id, DiscardBody(reason=reason)))


@drafts.command()
def place(draft_id: DraftId) -> None:
    """Place a draft; it is one order, however often."""
    _end(lambda api: api.place_draft(draft_id))


def _end(command: Callable[[ApiClient], Awaitable[Draft | Placed]]) -> None:
    async def run(api: ApiClient) -> None:
        done = await command(api)
        named = done.order_number or (done.draft_id if isinstance(done, Draft) else done.order_id)
        console.print(f"{named}  {done.status}")

    with_api(run)
