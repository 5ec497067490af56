"""How workflows are run: by a worker as they are, and guarded where histories are replayed (ADR 26)."""

from collections.abc import Sequence
from typing import Any, Final

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

NO_STORE = StorageDriverStoreContext(target=None)


class ContextFreeRunner(WorkflowRunner):
    """A runner whose instances name no context for payloads.

    For every payload, several times each, the SDK asks the instance which activity it belongs to, so that a
    codec or an external storage may depend on it. Ours depend on nothing of the kind: see `ops.payloads`.
    """

    def __init__(self, runner: WorkflowRunner) -> None:
        self._runner = runner

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Instance(self._runner.create_instance(det))

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


class _Instance(WorkflowInstance):
    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: object) -> None:
        return None

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        return NO_STORE

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


RUNNER: Final = ContextFreeRunner(UnsandboxedWorkflowRunner())
"""A worker's. The guard would load the workflow's modules anew for every order, to find what a replay finds."""

# Whole packages: a partly passed-through package would load its classes twice.
GUARDED: Final = ContextFreeRunner(
    SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "domain", "activities", "eventstore", "orjson", "structlog", "tenacity"
        )
    )
)
"""Replays under guard: a workflow that asks for the time, for chance or for a file fails."""
