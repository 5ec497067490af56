"""`waybill orders export`: an export job, followed to a file with its progress."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ops.cli_orders import with_api
from ops.client import ApiClient, ApiProblem
from waybill_client.models import ExportBody, ExportFormat, OrderStatus

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
    after, before = moment("--placed-after", placed_after), moment("--placed-before", placed_before)

    async def run(api: ApiClient) -> None:
        with new(file) as target:
            try:
                made = await api.begin_export(
                    ExportBody(format=ExportFormat(form)),
                    status=OrderStatus(status) if status else None,
                    customer_id=customer,
                    placed_after=after,
                    placed_before=before,
                )
            except ApiProblem:
                file.unlink()
                raise
            try:
                await _follow(api, made.export_id, target, LINE_ENDS[form])
            except BaseException:
                await api.cancel_export(made.export_id)
                raise
            found = (await api.get_export(made.export_id)).orders
        told.print(f"{found} orders in {file}")

    with_api(run)


def moment(option: str, text: str | None) -> datetime | None:
    """Raises typer.BadParameter."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{option} {text!r}: a time such as 2026-03-01T12:00:00Z is accepted") from None


def new(file: Path) -> BinaryIO:
    """Raises typer.BadParameter where there is one already: it is not written over."""
    try:
        return file.open("xb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None


async def _follow(api: ApiClient, export_id: UUID, target: BinaryIO, line_end: bytes) -> None:
    """Write what comes. The bar counts lines, of which a cell of CSV may hold more than one."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=told, transient=True) as progress:
        task = progress.add_task("orders", total=None)
        async for chunk in api.download_export_bytes(export_id):
            target.write(chunk)
            total = (await api.get_export(export_id)).estimated
            progress.update(task, advance=chunk.count(line_end), total=total)
