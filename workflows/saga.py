"""The plumbing of a saga: steps that retry, park for an operator and are undone, told to Temporal's UI.

A workflow reads as business steps; this stands behind each. There are two kinds:

- `own`: our own database. A local activity, one at a time; when the database is away, the same function as a
  regular activity, retried without end.
- `outside`: somebody else's service, on its own task queue. Bounded attempts.

A step that neither retries nor refusals settle *parks*: `OrderStepStalled` is appended and it waits for an
operator. A cancellation interrupts a step only where nothing is in flight: while it waits or is parked.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Effect, EffectOutcome, StallStep, Step, TaskQueue
    from activities.orders import OrderActivities
    from domain.orders.model import OrderStatus
    from workflows import policies
    from workflows.contracts import ATTENTION, STATUS, STEP, StepPolicies

from workflows.failures import FAILED, explain, refused
from workflows.turns import Turn
from workflows.waking import Timers, until_taken

P = TypeVar("P")
R = TypeVar("R")
Compensation = Callable[[], Awaitable[object]]


class Interrupted(Exception):
    """The order is being cancelled: the step that was waiting gives way."""


class GivenUp(Exception):
    """An operator goes back on the change that the stalled step belongs to; the order itself goes on."""


class Saga:
    """Runs one order's steps. `cancelling` is set by whoever has appended the order's cancellation request.

    `urgent` is set once an operator has taken the order in hand: its outside steps go before other orders'.

    A step is called by its label, `name` or `name:subject`. Its key, `label#n`, is its identity in the stream and
    at gateways: n counts the final outcomes it had before, so an unknown outcome is repeated under the same key.
    Each of `holding` tells whether it keeps a step from beginning; `dropped`, whether it is not wanted any more.
    """

    def __init__(self, order_id: UUID, step_policies: StepPolicies) -> None:
        self.cancelling = False
        self.urgent = False
        self.holding: list[Callable[[str], bool]] = []
        self.dropped: Callable[[str], bool] = lambda label: False
        self.order_id = order_id
        self._policies = step_policies
        self._lock = asyncio.Lock()
        self._compensations: list[Compensation] = []
        self._parked: dict[str, bool] = {}  # step key → answered
        self._given_up: set[str] = set()
        self._calling: Counter[str] = Counter()
        self._asking: set[str] = set()  # what an operator decides, with nothing stalled
        self._outcomes: Counter[str] = Counter()
        self._progress: dict[str, str] = {}
        self._asked: set[str] = set()
        self._timers = Timers()

    @property
    def quiet(self) -> bool:
        """Whether nothing is in flight and nothing is parked: what there is waits for news from outside."""
        return not (self._busy or self._parked)

    @property
    def _busy(self) -> bool:
        return any(self._calling.values()) or self._lock.locked()

    def awake_by(self, time: datetime) -> bool:
        """Whether something that is under way is sure to wake the workflow by then, or soon after."""
        return self._busy or self._timers.end_by(time)

    def calling(self, label: str) -> bool:
        """Whether somebody outside is being asked for the label just now."""
        return self._calling[label] > 0

    def asked(self, label: str) -> bool:
        """Whether this run has asked somebody outside for the label's present try."""
        return self.key(label) in self._asked

    def key(self, label: str) -> str:
        """Key of the label's present try: the one without a final outcome."""
        return f"{label}#{self._outcomes[label]}"

    def resume(self, tries: Mapping[str, int], *, cancelling: bool) -> None:
        """Count on from the tries of an earlier run of the workflow."""
        self.cancelling = cancelling
        self._outcomes.update(tries)

    def tried(self, label: str) -> int:
        """How many final outcomes the label had."""
        return self._outcomes[label]

    def next_try(self, label: str) -> None:
        """The present try's key was closed at the gateway; the next one has another."""
        self._outcomes[label] += 1

    def step(self, label: str) -> Step:
        return Step(self.order_id, self.key(label))

    # Own steps

    async def own(self, method: Callable[[Any, P], Awaitable[R]], given: P, *, note: str | None = None) -> R:
        """Run an own-database activity to its end. Used by commands: a domain refusal is raised to the caller."""
        async with self._lock:
            return await self._own(method, given, note)

    async def own_step(
        self,
        label: str,
        method: Callable[[Any, P], Awaitable[R]],
        given: Callable[[Step], P],
        *,
        interruptible: bool = True,
    ) -> R:
        """Run an own-database step of the saga; a refusal, which only a defect can cause, parks it."""
        while True:
            try:
                async with await self._turn(label, interruptible):
                    result = await self._own(method, given(self.step(label)), label)
            except FAILED as failure:
                await self._park(label, *explain(failure), interruptible=interruptible)
            else:
                self._finish(label, "done")
                return result

    async def _own(self, method: Callable[[Any, P], Awaitable[R]], given: P, note: str | None) -> R:
        try:
            return await workflow.execute_local_activity_method(
                method,
                given,
                start_to_close_timeout=policies.OWN_TIMEOUT,
                retry_policy=policies.OWN_RETRY,
                local_retry_threshold=policies.OWN_RETRY_THRESHOLD,
                summary=note,
            )
        except FAILED as failure:
            if refused(failure):
                raise
        self._tell(note or "command", "waiting for the database")
        return await workflow.execute_activity_method(
            method,
            given,
            start_to_close_timeout=policies.OWN_FALLBACK_TIMEOUT,
            retry_policy=policies.OWN_FALLBACK_RETRY,
            summary=note,
        )

    # Outside steps

    async def outside(
        self,
        label: str,
        queue: TaskQueue,
        method: Callable[[Any, P], Awaitable[Effect]],
        given: Callable[[Step], P],
        *,
        interruptible: bool = True,
        refusable: bool = False,
    ) -> Effect:
        """Run an outside step until it has an outcome.

        Args:
            given: Makes the activity's input for the step it is called with.
            interruptible: Whether a cancellation keeps it from beginning, or ends its wait for an operator.
            refusable: Whether a definite refusal is an outcome; otherwise it parks, and a retry is a new try.
        """
        while True:
            async with await self._turn(label, interruptible):
                pass  # a command that came before went before
            self._tell(label, "running")
            self._asked.add(self.key(label))
            try:
                effect = await self.call(queue, method, given(self.step(label)), note=label)
            except ActivityError as failure:
                await self._park(label, *explain(failure), interruptible=interruptible)
                continue
            if effect.outcome is EffectOutcome.REFUSED and not refusable:
                try:
                    await self._park(
                        label, effect.code or "refused", effect.reason or "", interruptible=interruptible
                    )
                finally:
                    self._outcomes[label] += 1  # the refused key has had its outcome
                continue
            if effect.outcome is EffectOutcome.NOTHING:
                self._tell(label, "nothing to do")
            else:
                self._finish(label, effect.outcome)
            return effect

    async def call(self, queue: TaskQueue, method: Callable[[Any, P], Awaitable[R]], given: P, *, note: str) -> R:
        """One outside activity with the order's retry policy, and no parking."""
        self._calling[note] += 1
        try:
            return await until_taken(
                lambda: workflow.execute_activity_method(
                    method,
                    given,
                    task_queue=queue,
                    schedule_to_start_timeout=policies.queue_patience(self._policies),
                    start_to_close_timeout=timedelta(seconds=self._policies.timeout),
                    retry_policy=policies.outside_retry(self._policies),
                    summary=note,
                    priority=policies.URGENT if self.urgent else Priority.default,
                )
            )
        finally:
            self._calling[note] -= 1

    async def wait(self, ready: Callable[[], bool], *, within: timedelta, note: str) -> bool:
        """Wait until `ready`; False when the time is over.

        Raises:
            Interrupted: the order is being cancelled.
        """
        try:
            with self._timers.during(within):
                await workflow.wait_condition(
                    lambda: ready() or self.cancelling, timeout=within, timeout_summary=note
                )
        except TimeoutError:
            return False
        if not ready():
            raise Interrupted
        return True

    async def _turn(self, label: str, interruptible: bool) -> Turn:
        """Take the order's lock, once nothing holds the step; it is given back at the end of the `async with`.

        Raises:
            Interrupted: the order is being cancelled, or the step is not wanted any more.
        """
        while True:
            if self._held(label):
                self._tell(label, "on hold")
                await workflow.wait_condition(lambda: not self._held(label) or self._over(label, interruptible))
            await self._lock.acquire()
            if not self._held(label) and not self._over(label, interruptible):
                return Turn(self._lock)
            self._lock.release()  # something came while this waited for the lock
            self._yield(label, interruptible)

    def _held(self, label: str) -> bool:
        return any(holds(label) for holds in self.holding)

    def _over(self, label: str, interruptible: bool) -> bool:
        return interruptible and (self.cancelling or self.dropped(label))

    # Parking

    async def _park(self, label: str, error_type: str, error: str, *, interruptible: bool) -> None:
        """Append the stall, show it, and wait for the answer.

        A cancellation answers all stalls of the order: a step that cannot give way to it is tried again.

        Raises:
            Interrupted: the order is cancelled, by an operator's answer or otherwise.
            GivenUp: by an operator's answer.
        """
        key = self.key(label)
        async with self._lock:
            self._yield(label, interruptible)
            before = self.cancelling
            self._parked[key] = False
            again = f"stall:{workflow.info().run_id}"  # a run that was reset stalls anew
            stall = StallStep(self.step(again), key, error_type, error)
            self._outcomes[again] += 1
            await self._own(OrderActivities.record_stall, stall, f"stalled: {label}")
        self._tell(label, f"stalled: {error_type}")
        self._attention()
        await workflow.wait_condition(
            lambda: self._parked[key] or self.cancelling != before or self._over(label, interruptible)
        )
        del self._parked[key]
        self._attention()
        self._yield(label, interruptible)
        if key in self._given_up:
            raise GivenUp

    def _yield(self, label: str, interruptible: bool) -> None:
        if self._over(label, interruptible):
            raise Interrupted

    def give_up(self, step: str) -> None:
        """Wake a parked step, and have it end its change."""
        self._given_up.add(step)
        self.retry(step)

    def retry(self, step: str) -> None:
        """Wake a parked step."""
        if step in self._parked:
            self._parked[step] = True

    def ask(self, label: str) -> None:
        """Show that an operator has to decide something; `asked_enough` ends it."""
        self._asking.add(label)
        self._attention()

    def asked_enough(self, label: str) -> None:
        if label in self._asking:
            self._asking.remove(label)
            self._attention()

    def _attention(self) -> None:
        waiting = sorted({*self._parked, *self._asking})
        workflow.upsert_search_attributes(
            [ATTENTION.value_set(bool(waiting)), STEP.value_set(waiting[0]) if waiting else STEP.value_unset()]
        )

    # Compensation

    def compensate_with(self, undo: Compensation) -> None:
        """Register before the step it undoes: a step that failed or timed out may have taken effect."""
        self._compensations.append(undo)

    async def compensate(self) -> None:
        """Undo what was done, last first."""
        while self._compensations:
            await self._compensations.pop()()

    # Temporal's UI

    def show_status(self, status: OrderStatus) -> None:
        workflow.upsert_search_attributes([STATUS.value_set(status)])

    def _finish(self, label: str, state: str) -> None:
        self._tell(label, state)
        self._outcomes[label] += 1

    def _tell(self, label: str, state: str) -> None:
        """Current details are the order's story, a line a step; they cost no history."""
        self._progress[self.key(label)] = state
        workflow.set_current_details("\n".join(f"- `{key}` {state}" for key, state in self._progress.items()))
