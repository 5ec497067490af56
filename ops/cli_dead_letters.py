"""`waybill dead-letters …`: what other services sent and could not be handled, through the HTTP API."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ops.cli_orders import PIPED_WIDTH, with_api
from ops.client import ApiClient
from waybill_client.models import LetterBody, Settled

dead_letters = typer.Typer(no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

LetterId = Annotated[str, typer.Argument(help="The dead letter's id.")]
Why = Annotated[str, typer.Option(help="Why; it stays on record.")]


@dead_letters.command(name="list")
def list_letters(limit: Annotated[int, typer.Option(help="How many, 1 to 100.")] = 50) -> None:
    """The oldest dead letters, and why they are."""

    async def run(api: ApiClient) -> None:
        page = await api.list_dead_letters(limit=limit)
        table = Table("letter", "failed", "type", "event", "code", "detail", box=None)
        for letter in page.items:
            table.add_row(
                letter.id,
                f"{letter.failed_at:%Y-%m-%dT%H:%M:%S}",
                letter.fields.get("type", "?"),
                letter.fields.get("id", "?"),
                letter.code,
                letter.detail,
            )
        Console(highlight=False, width=None if console.is_terminal else PIPED_WIDTH).print(table)

    with_api(run)


@dead_letters.command()
def replay(letter_id: LetterId, reason: Why) -> None:
    """Publish the message again, behind what its stream holds by now."""

    async def run(api: ApiClient) -> None:
        _say(await api.replay_dead_letter(letter_id, LetterBody(reason=reason)))

    with_api(run)


@dead_letters.command()
def drop(letter_id: LetterId, reason: Why) -> None:
    """Give the message up."""

    async def run(api: ApiClient) -> None:
        _say(await api.drop_dead_letter(letter_id, LetterBody(reason=reason)))

    with_api(run)


def _say(done: Settled) -> None:
    console.print(f"{done.id} is {done.action}")
