"""Histories of every released version replay on the workflow of today."""

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.workflow import NondeterminismError

from activities.interceptor import DomainErrorInterceptor
from ops.worker import SERVED
from ops.workflow_runner import GUARDED, RUNNER
from tests.workflows import record
from tests.workflows.hasty import HastyWorkflow
from tests.workflows.scenarios import SCENARIOS
from workflows.contracts import ORDER_WORKFLOW, OrderInput, OrderOutcome
from workflows.order import OrderWorkflow

RECORDED = sorted(record.HISTORIES.rglob("*.json"))


def load(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json("recorded", path.read_text())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: str(path.relative_to(record.HISTORIES)))
async def test_a_recorded_history_replays(path: Path) -> None:
    replayer = Replayer(
        workflows=[workflow for served in SERVED.values() for workflow in served],
        workflow_runner=GUARDED,
        data_converter=pydantic_data_converter,
        interceptors=[DomainErrorInterceptor()],
    )
    await replayer.replay_workflow(load(path))


@pytest.mark.parametrize(("runner", "found"), [(GUARDED, True), (RUNNER, False)])
async def test_the_guard_finds_what_depends_on_the_time_it_is_run_at(runner: WorkflowRunner, found: bool) -> None:
    replayer = Replayer(workflows=[HastyWorkflow], workflow_runner=runner, data_converter=pydantic_data_converter)
    history = load(record.HISTORIES / record.version() / "declined.json")
    with pytest.raises(Exception, match=r"datetime\.now") if found else nullcontext():
        await replayer.replay_workflow(history)


def test_every_path_is_recorded_of_this_version() -> None:
    recorded = {path.stem for path in (record.HISTORIES / record.version()).glob("*.json")}
    assert recorded == set(SCENARIOS), "run `make record-histories`"


async def test_a_recorded_history_is_never_written_over(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    for name in SCENARIOS.keys() - {"declined"}:
        (tmp_path / f"{name}.json").write_text("kept")
    assert await record.record(temporal, tmp_path) == [tmp_path / "declined.json"]
    assert (tmp_path / "completed.json").read_text() == "kept"
    assert load(tmp_path / "declined.json").events


@workflow.defn(name=ORDER_WORKFLOW)
class SleepyWorkflow(OrderWorkflow):
    """Today's workflow but for a timer before it begins: a change that running orders would not survive."""

    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: OrderInput) -> OrderOutcome:
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(given)


@pytest.mark.parametrize(
    "path",
    [path for path in RECORDED if path.stem in ("completed", "declined", "two-parcels")],
    ids=lambda path: path.stem,
)
async def test_a_change_of_the_commands_is_found(path: Path) -> None:
    replayer = Replayer(
        workflows=[SleepyWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(load(path))
