"""Commands that change an open order beside its cancellation: handlers that the order's workflow inherits."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Held, HoldStep, ReleaseHoldStep, Step
    from activities.holds import HoldActivities
    from workflows.contracts import CommandDone, HoldOrder, OrderInput, ReleaseOrderHold
    from workflows.failures import FAILED, cause_of
    from workflows.holds import Holds
    from workflows.saga import Saga

P = TypeVar("P")
R = TypeVar("R")


class OrderChanges:
    """What a command needs of the workflow: its saga, its holds, and that the order is placed."""

    _saga: Saga
    _holds: Holds
    _given: OrderInput

    async def _until_placed(self) -> None:
        raise NotImplementedError

    @workflow.update
    async def hold(self, command: HoldOrder) -> CommandDone:
        """Keep what the hold covers from beginning; what runs already goes on."""
        step = self._command_step(f"hold:{command.command_id}", command.actor)
        return await self._change_holds(
            HoldActivities.place_hold,
            lambda: HoldStep(step, command.hold, workflow.now(), command.expected_version),
        )

    @workflow.update
    async def release(self, command: ReleaseOrderHold) -> CommandDone:
        """Let what the hold covered begin."""
        step = self._command_step(f"release-hold:{command.command_id}", command.actor)
        return await self._change_holds(
            HoldActivities.release_hold, lambda: ReleaseHoldStep(step, command.hold_id, command.reason)
        )

    async def _change_holds(
        self, method: Callable[[Any, P], Awaitable[Held]], given: Callable[[], P]
    ) -> CommandDone:
        held = await self._run_command(method, given)
        self._holds.know(held.holds)
        self._saga.show_status(held.status)
        return CommandDone(held.version)

    async def _run_command(self, method: Callable[[Any, P], Awaitable[R]], given: Callable[[], P]) -> R:
        """Only the refusal itself fails an update; an activity's failure around it says nothing to the caller."""
        await self._until_placed()
        try:
            return await self._saga.own(method, given())
        except FAILED as failure:
            raise cause_of(failure) from failure

    def _command_step(self, key: str, actor: str) -> Step:
        order_id: UUID = self._given.command.order_id
        return Step(order_id, key, actor)
