"""`waybill replay-check`: histories from the server and from files, on this code and on changed code."""

import asyncio
import io
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner
from typer.testing import CliRunner

from domain.orders.model import OrderStatus
from ops.cli import app
from ops.process import StackError
from ops.replay_check import Replayed, from_dir, from_server, replay, report
from tests.support.shop import Shop
from tests.workflows import record
from workflows.contracts import ORDER_WORKFLOW, OrderInput, OrderOutcome
from workflows.order import OrderWorkflow

RECORDED = record.HISTORIES / "0.1.0"


@workflow.defn(name=ORDER_WORKFLOW)
class Hesitating(OrderWorkflow):
    """Today's workflow behind a timer: a change that open orders would not survive."""

    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: OrderInput) -> OrderOutcome:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(given)


def printed(replayed: list[Replayed]) -> tuple[bool, str]:
    out = io.StringIO()
    return report(replayed, Console(file=out, width=200)), out.getvalue()


async def test_open_and_closed_workflows_of_the_server(shop: Shop) -> None:
    done = await shop.place(("MUG", 1))
    assert await shop.ended(done) is OrderStatus.COMPLETED
    shop.auto = False
    still = await shop.place(("MUG", 1))
    await shop.until(still, lambda record: record.shipments.any_booked)
    query = " OR ".join(f"WorkflowId = 'order/{order_id}'" for order_id in (done, still))
    client = shop.environment.client
    async with asyncio.timeout(20):
        while [await _count(client, query, state) for state in ("=", "!=")] != [1, 1]:
            await asyncio.sleep(0.02)

    well = await replay(from_server(client, query, 10))
    assert [(each.name, each.open, each.failure) for each in well] == [
        (f"order/{still}", True, ""),
        (f"order/{done}", False, ""),
    ]
    assert [each.name for each in await replay(from_server(client, query, 1))] == [f"order/{still}"]

    changed = await replay(
        from_server(client, query, 10), workflows=[Hesitating], runner=UnsandboxedWorkflowRunner()
    )
    assert all("NondeterminismError" in each.failure for each in changed)
    good, text = printed([*changed, *well])
    assert not good
    assert f"order/{still}" in text
    assert "2 of 4 histories do not replay" in text


async def _count(client: Client, query: str, state: str) -> int:
    return (await client.count_workflows(f"({query}) AND ExecutionStatus {state} 'Running'")).count


async def test_failures_come_first_whatever_the_files(tmp_path: Path) -> None:
    shutil.copy(RECORDED / "declined.json", tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{"events": []}')
    (tmp_path / "c.json").write_text("no JSON")
    gone = (RECORDED / "declined.json").read_text().replace('"name": "Order"', '"name": "Forgotten"')
    (tmp_path / "d.json").write_text(gone)
    replayed = await replay(from_dir(tmp_path))
    assert [each.name for each in replayed] == ["b.json", "c.json", "d.json", "a.json"]
    no_events, no_json, unknown, well = replayed
    assert no_events.failure == "it has no events"
    assert no_json.failure.startswith("not a workflow's history")
    assert "Forgotten" in unknown.failure
    assert not well.failure


def test_the_command_says_it_by_its_exit_code(tmp_path: Path) -> None:
    shutil.copy(RECORDED / "declined.json", tmp_path / "a.json")
    run = CliRunner().invoke(app, ["replay-check", "--from-dir", str(tmp_path)])
    assert (run.exit_code, run.exception) == (0, None), run.output
    (tmp_path / "b.json").write_text("no JSON")
    assert CliRunner().invoke(app, ["replay-check", "--from-dir", str(tmp_path)]).exit_code == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    assert CliRunner().invoke(app, ["replay-check", "--from-dir", str(empty)]).exit_code == 1
    missing = CliRunner().invoke(app, ["replay-check", "--from-dir", str(tmp_path / "nowhere")])
    assert isinstance(missing.exception, StackError)


@pytest.mark.parametrize("arguments", [[], ["--from-server", "--from-dir", "."]])
def test_one_source_has_to_be_named(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["replay-check", *arguments]).exit_code == 1
