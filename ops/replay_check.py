"""`waybill replay-check`: do workflows that run, or ran, survive this code? Their histories are replayed on it.

Nothing is written and nothing outside is called: a replay compares the commands that the code gives with those
that the history has. Where they differ, an open workflow would stand still at its next task.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import ParseError
from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, WorkflowRunner

from activities.interceptor import DomainErrorInterceptor
from ops.bootstrap import connect_temporal
from ops.cli_orders import PIPED_WIDTH
from ops.config import Settings
from ops.payloads import DATA_CONVERTER
from ops.process import StackError
from ops.worker import SERVED
from ops.workflow_runner import GUARDED

SHIPPED: Final[Sequence[type[Any]]] = tuple(kind for kinds in SERVED.values() for kind in kinds)
OPEN: Final = "ExecutionStatus = 'Running'"
CLOSED: Final = "ExecutionStatus != 'Running'"
CLOSING: Final = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
)
NO_HISTORY: Final = "(no history)"


@dataclass(frozen=True, slots=True)
class Given:
    """A history, or why it cannot be read. `name`: where it is from, for a person."""

    name: str
    history: WorkflowHistory | None
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one history; `failure` is empty when the code gives what the history has."""

    name: str
    kind: str
    open: bool
    events: int
    failure: str


async def from_server(client: Client, query: str | None, limit: int) -> AsyncIterator[Given]:
    """Histories that the query finds, at most `limit`: those of open workflows first, the latest first."""
    left = limit
    for state in (OPEN, CLOSED):
        found = client.list_workflows(f"({query}) AND {state}" if query else state, limit=left) if left else None
        while found:
            try:
                execution = await anext(found)
            except StopAsyncIteration:
                break
            left -= 1
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            try:
                yield Given(execution.id, await handle.fetch_history())
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:  # its retention ended between list and fetch
                    raise


def from_dir(folder: Path) -> Iterator[Given]:
    """Histories in JSON, as Temporal's UI and `temporal workflow show --output json` give them.

    Raises: StackError: there is no such directory.
    """
    if not folder.is_dir():
        raise StackError(f"--from-dir {folder}: there is no such directory")
    for path in sorted(folder.rglob("*.json")):
        name = str(path.relative_to(folder))
        try:
            yield Given(name, WorkflowHistory.from_json(path.stem, path.read_text()))
        except (ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
            yield Given(name, None, f"not a workflow's history: {error}")


async def replay(
    given: AsyncIterator[Given] | Iterable[Given],
    *,
    workflows: Sequence[type[Any]] = SHIPPED,
    runner: WorkflowRunner = GUARDED,
) -> list[Replayed]:
    """Replay each history on `workflows`; those that fail come first."""
    replayer = Replayer(
        workflows=workflows,
        workflow_runner=runner,
        data_converter=DATA_CONVERTER,
        interceptors=[DomainErrorInterceptor()],
    )
    if isinstance(given, AsyncIterator):
        replayed = [await _replay(replayer, each) async for each in given]
    else:
        replayed = [await _replay(replayer, each) for each in given]
    return sorted(replayed, key=lambda each: not each.failure)


async def _replay(replayer: Replayer, given: Given) -> Replayed:
    history = given.history
    if history is None or not history.events:
        return Replayed(given.name, NO_HISTORY, False, 0, given.unreadable or "it has no events")
    started = history.events[0].workflow_execution_started_event_attributes
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return Replayed(
        given.name,
        started.workflow_type.name,
        history.events[-1].event_type not in CLOSING,
        len(history.events),
        _said(result.replay_failure),
    )


def _said(failure: Exception | None) -> str:
    """One line of it: what the SDK says of a difference comes wrapped in several others."""
    if failure is None:
        return ""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    return f"{type(failure).__name__}: {lines[0] if lines else 'no reason was given'}"


async def replay_check(
    settings: Settings, *, folder: Path | None, query: str | None, limit: int
) -> list[Replayed]:
    """Replay what is in a folder or, without one, on the server.

    Raises: StackError, where there is no such folder, or the server does not take the query.
    """
    if folder is not None:
        return await replay(from_dir(folder))
    client = await connect_temporal(settings)
    try:
        return await replay(from_server(client, query, limit))
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise StackError(f"--query {query!r}: {error.message}") from error


def report(replayed: Sequence[Replayed], console: Console) -> bool:
    """Print the failures, then how many of each type were replayed. Gives whether all is well."""
    failed = [each for each in replayed if each.failure]
    tables = Console(highlight=False, width=None if console.is_terminal else PIPED_WIDTH, file=console.file)
    if failed:
        table = Table("failed", "workflow", "state", "events", "why", box=None)
        for each in failed:
            table.add_row(each.name, each.kind, _state(each.open), str(each.events), each.failure)
        tables.print(table)
    totals = Table("workflow", "open", "closed", "failed", box=None)
    for kind, count in sorted(Counter(each.kind for each in replayed).items()):
        mine = [each for each in replayed if each.kind == kind]
        still = sum(each.open for each in mine)
        totals.add_row(kind, str(still), str(count - still), str(sum(bool(each.failure) for each in mine)))
    if replayed:
        tables.print(totals)
    if failed:
        console.print(f"{len(failed)} of {len(replayed)} histories do not replay: do not deploy this code")
    elif replayed:
        console.print(f"all {len(replayed)} histories replay")
    else:
        console.print("there was nothing to replay")
    return bool(replayed) and not failed


def _state(is_open: bool) -> str:
    return "open" if is_open else "closed"
