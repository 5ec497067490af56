"""Commands that change an open order beside its cancellation: handlers that the order's workflow inherits."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Held, HoldStep, ReleaseHoldStep, Step
    from activities.holds import HoldActivities
    from workflows.commands import Commands
    from workflows.contracts import CommandDone, HoldOrder, ReleaseOrderHold
    from workflows.holds import Holds
    from workflows.saga import Saga

P = TypeVar("P")
R = TypeVar("R")


class OrderChanges:
    """What a command needs of the workflow: its saga, its holds, its turn, and that the order is placed."""

    _saga: Saga
    _holds: Holds
    _commands: Commands

    async def _until_placed(self) -> None:
        raise NotImplementedError

    @workflow.update
    async def hold(self, command: HoldOrder) -> CommandDone:
        """Keep what the hold covers from beginning; what runs already goes on."""
        step = self._commands.step("hold", command)
        return await self._change_holds(
            HoldActivities.place_hold,
            lambda: HoldStep(step, command.hold, workflow.now(), command.expected_version),
            step,
        )

    @workflow.update
    async def release(self, command: ReleaseOrderHold) -> CommandDone:
        """Let what the hold covered begin."""
        step = self._commands.step("release-hold", command)
        return await self._change_holds(
            HoldActivities.release_hold, lambda: ReleaseHoldStep(step, command.hold_id, command.reason), step
        )

    async def _change_holds(
        self, method: Callable[[Any, P], Awaitable[Held]], given: Callable[[], P], step: Step
    ) -> CommandDone:
        held = await self._run_command(method, given, step)
        self._holds.know(held.holds)
        self._saga.show_status(held.status)
        return CommandDone(held.version, step.fingerprint)

    async def _run_command(
        self, method: Callable[[Any, P], Awaitable[R]], given: Callable[[], P], step: Step
    ) -> R:
        """When its turn has come."""
        await self._until_placed()
        async with self._commands.turns.one(step.key.partition(":")[0]):
            return await self._commands.run(method, given(), step)
