"""`waybill reconcile` and `waybill cases …`: differences with the gateway's books, found and answered."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from activities.gateways.protocol import Unknown
from domain.reconciliation.events import CaseOpened
from ops.cli_orders import PIPED_WIDTH, amount, with_api
from ops.client import ApiClient
from ops.config import load_settings
from ops.patience import ServerAway, run_once
from waybill_client.models import Case, CaseAction, CaseBody, CaseStatus

cases = typer.Typer(no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

CaseId = Annotated[str, typer.Argument(help="The case's id.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit.")]


def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; open and close nothing.")] = False,
) -> None:
    """Compare the orders with the payment gateway's books; exits 1 while there are differences nobody answered."""
    from ops.reconcile import reconcile as run_reconciliation

    settings = load_settings()
    try:
        report = run_once(settings, run_reconciliation(settings, dry=dry_run))
    except Unknown as error:
        raise ServerAway(f"the payment gateway did not answer: {error}") from error
    if report.differing:
        _print(_differences(report.differing))
    console.print(
        f"{report.effects} effects of {report.orders} orders compared: {len(report.differing)} differ, "
        f"{report.opened} cases opened, {report.closed} closed, {report.waiting} waiting"
    )
    if report.waiting or (dry_run and report.differing):
        sys.exit(1)


@cases.command(name="list")
def list_cases(
    status: Annotated[str | None, typer.Option(help="open, settling, settled, dismissed or closed.")] = "open",
    limit: Annotated[int, typer.Option(help="How many, 1 to 100.")] = 50,
) -> None:
    """Cases, the oldest first."""

    async def run(api: ApiClient) -> None:
        page = await api.list_cases(status=CaseStatus(status) if status else None, limit=limit)
        table = Table("case", "kind", "status", "order", "effect", "expected", "found", "possible", box=None)
        for case in page.items:
            table.add_row(
                str(case.case_id),
                case.kind,
                case.status,
                str(case.order_id),
                f"{case.effect} {case.reference}",
                amount(case.expected),
                amount(case.found),
                ", ".join(case.possible),
            )
        _print(table)

    with_api(run)


@cases.command()
def adopt(case_id: CaseId, reason: Reason) -> None:
    """Take the gateway's effect into the order."""
    _answer(case_id, CaseAction.ADOPT, reason)


@cases.command()
def refund(case_id: CaseId, reason: Reason) -> None:
    """Give the customer's money back."""
    _answer(case_id, CaseAction.REFUND, reason)


@cases.command()
def dismiss(case_id: CaseId, reason: Reason) -> None:
    """Close the case and change nothing."""
    _answer(case_id, CaseAction.DISMISS, reason)


def _answer(case_id: str, action: CaseAction, reason: str) -> None:
    async def run(api: ApiClient) -> None:
        case = await api.answer_case(case_id, CaseBody(action=action, reason=reason))
        console.print(f"{case.case_id}  {case.status if isinstance(case, Case) else 'accepted'}")

    with_api(run)


def _differences(differing: Iterable[CaseOpened]) -> Table:
    table = Table("difference", "order", "effect", "reference", "order says", "gateway says", box=None)
    for case in differing:
        table.add_row(
            case.kind,
            str(case.order_id),
            case.effect,
            case.reference,
            str(case.expected or ""),
            str(case.found or ""),
        )
    return table


def _print(table: Table) -> None:
    Console(highlight=False, width=None if console.is_terminal else PIPED_WIDTH).print(table)
