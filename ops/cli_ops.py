"""`waybill ops …`: what an operator does with orders that wait for a person, through the HTTP API."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops.cli_orders import PIPED_WIDTH, with_api
from ops.client import ApiClient
from waybill_client.base import Model
from waybill_client.models import (
    Accepted,
    AssignBody,
    BulkRetryBody,
    NoteBody,
    Order,
    ResolveBody,
    StepAction,
)

operations = typer.Typer(no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

OrderId = Annotated[str, typer.Argument(help="The order's id.")]
Step = Annotated[str, typer.Argument(help="The stalled step's key, such as authorize#0.")]
Reason = Annotated[str, typer.Option(help="Why, for those who look at the order later.")]
Key = Annotated[str | None, typer.Option(help="Idempotency-Key; a new one by default.")]


@operations.command()
def sagas(
    assignee: Annotated[str | None, typer.Option(help="Only what this person has.")] = None,
    error_type: Annotated[str | None, typer.Option(help="Only steps with this error.")] = None,
    limit: Annotated[int, typer.Option(help="How many, 1 to 100.")] = 50,
) -> None:
    """Steps that wait for an operator, the longest waiting first."""

    async def run(api: ApiClient) -> None:
        page = await api.list_stalled_steps(assignee=assignee, error_type=error_type, limit=limit)
        names = ("order_id", "step", "error_type", "error", "since", "assignee")
        _table(page.items, names)

    with_api(run)


@operations.command()
def retry(
    reason: Reason,
    order_id: Annotated[str | None, typer.Argument(help="The order's id; with STEP.")] = None,
    step: Annotated[str | None, typer.Argument(help="The stalled step's key.")] = None,
    error_type: Annotated[str | None, typer.Option(help="Instead: all that stalled with this.")] = None,
    limit: Annotated[int, typer.Option(help="With --error-type: how many at most, 1 to 100.")] = 50,
    key: Key = None,
) -> None:
    """Try a stalled step again, or all that stalled with one type of error."""
    if (order_id is not None and step is not None) == (error_type is not None):
        raise typer.BadParameter("give ORDER_ID and STEP, or --error-type")
    if order_id is not None and step is not None:
        _answer(order_id, step, ResolveBody(action=StepAction.RETRY, reason=reason), key)
    elif error_type is not None:
        body = BulkRetryBody(error_type=error_type, reason=reason, limit=limit)
        with_api(lambda api: _retry_all(api, body, key))


@operations.command()
def compensate(order_id: OrderId, step: Step, reason: Reason, key: Key = None) -> None:
    """Cancel the order of a stalled step, and undo what was done."""
    _answer(order_id, step, ResolveBody(action=StepAction.COMPENSATE, reason=reason), key)


@operations.command()
def adopt(
    order_id: OrderId,
    step: Step,
    reference: Annotated[str, typer.Argument(help="The gateway's or the carrier's id of the effect.")],
    reason: Reason,
    key: Key = None,
) -> None:
    """Take an effect that exists outside as the outcome of a stalled step, once it is verified there."""
    body = ResolveBody(action=StepAction.ADOPT, reason=reason, reference=reference)
    _answer(order_id, step, body, key)


@operations.command()
def note(order_id: OrderId, text: Annotated[str, typer.Argument(help="Not personal.")], key: Key = None) -> None:
    """Leave a note at an open order."""
    _change(lambda api: api.note_order(order_id, NoteBody(note=text), idempotency_key=key))


@operations.command()
def assign(
    order_id: OrderId,
    reason: Reason,
    assignee: Annotated[str | None, typer.Argument(help="Who; nobody by default.")] = None,
    key: Key = None,
) -> None:
    """Hand an open order to somebody, or to nobody."""
    body = AssignBody(assignee=assignee, reason=reason)
    _change(lambda api: api.assign_order(order_id, body, idempotency_key=key))


def _answer(order_id: str, step: str, body: ResolveBody, key: str | None) -> None:
    _change(lambda api: api.resolve_step(order_id, step, body, idempotency_key=key))


def _change(command: Callable[[ApiClient], Awaitable[Order | Accepted]]) -> None:
    async def run(api: ApiClient) -> None:
        order = await command(api)
        status = order.status if isinstance(order, Order) else "accepted"
        console.print(f"{order.order_id}  {status}  version {order.version}")

    with_api(run)


async def _retry_all(api: ApiClient, body: BulkRetryBody, key: str | None) -> None:
    results = await api.retry_stalled_steps(body, idempotency_key=key)
    _table(results.items, ("order_id", "step", "outcome", "detail"))


def _table(items: Iterable[Model], names: tuple[str, ...]) -> None:
    table = Table(*names, box=None)
    for item in items:
        shown = item.model_dump(mode="json")
        table.add_row(*("" if shown[name] is None else str(shown[name]) for name in names))
    Console(highlight=False, width=None if console.is_terminal else PIPED_WIDTH).print(table)
