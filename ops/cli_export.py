"""`waybill orders export`: an export job, followed to a file with its progress."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ops.cli_orders import with_api
from ops.client import ApiClient

exports = typer.Typer()
told = Console(stderr=True, highlight=False, soft_wrap=True)
LINE_ENDS = {"jsonl": b"\n", "csv": b"\r\n"}


@exports.command()
def export(
    file: Annotated[Path, typer.Argument(help="A new file; its ending, .jsonl or .csv, is the format.")],
    status: Annotated[str | None, typer.Option(help="Only orders of this status.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only orders of this customer.")] = None,
    placed_after: Annotated[str | None, typer.Option(help="Only orders placed after this RFC 3339 time.")] = None,
    placed_before: Annotated[str | None, typer.Option(help="Only orders placed before this one.")] = None,
) -> None:
    """Write orders in full to a file, the oldest first. Ctrl-C cancels the export."""
    form = file.suffix.removeprefix(".")
    if form not in LINE_ENDS:
        raise typer.BadParameter(f"{file.name}: a name ending in .jsonl or .csv is accepted")
    conditions = {
        "status": status,
        "customer_id": customer,
        "placed_after": placed_after,
        "placed_before": placed_before,
    }
    query = urlencode({name: given for name, given in conditions.items() if given is not None})

    async def run(api: ApiClient) -> None:
        with file.open("xb") as target:
            made = await api.post(f"/v1/exports?{query}", {"format": form}, key=str(uuid4()))
            path = f"/v1/exports/{made['export_id']}"
            try:
                await _follow(api, path, target, LINE_ENDS[form])
            except BaseException:
                await api.post(f"{path}/cancel")
                raise
            found = (await api.get(path))["orders"]
        told.print(f"{found} orders in {file}")

    with_api(run)


async def _follow(api: ApiClient, path: str, target: Any, line_end: bytes) -> None:
    """Write what comes. The bar counts lines, of which a cell of CSV may hold more than one."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=told, transient=True) as progress:
        task = progress.add_task("orders", total=None)
        async for chunk in api.stream(f"{path}/content"):
            target.write(chunk)
            total = (await api.get(path))["estimated"]
            progress.update(task, advance=chunk.count(line_end), total=total)
