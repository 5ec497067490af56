"""Granting refunds: the decision, apart from the money that follows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from temporalio import activity

from activities.contracts import Step, StepDone
from activities.order_stream import run_step
from activities.resuming import answer_stalls_of, next_tries
from domain.money import Money
from domain.privacy import PersonalText
from domain.refunds import grant
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class GrantStep:
    """Either `amount` or `lines`, pieces by SKU."""

    step: Step
    grant_id: str
    reason: PersonalText
    amount: Money | None = None
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GrantedRefundStep:
    step: Step
    grant_id: str


@dataclass(frozen=True, slots=True)
class RefundStanding:
    """Whether the refund was granted, and the number of the next try to give it back, by step label."""

    granted: bool
    tries: Mapping[str, int]


def give_back_label(grant_id: str) -> str:
    """Label of the step that gives a granted refund back."""
    return f"give-back:{grant_id}"


@dataclass(frozen=True, slots=True)
class RefundActivities:
    store: EventStore

    @activity.defn
    async def look_at_refund(self, given: GrantedRefundStep) -> RefundStanding:
        """Where the stream says that a refund stands. What was stalled is tried again: its stall is answered."""
        label = give_back_label(given.grant_id)
        order = await run_step(self.store, given.step, lambda record: answer_stalls_of(record, label))
        tries = {label: next_tries(order).get(label, 0)}
        return RefundStanding(given.grant_id in order.record.payment.grants, tries)

    @activity.defn
    async def grant_refund(self, given: GrantStep) -> StepDone:
        """Append the grant; a refusal is the caller's."""
        order = await run_step(
            self.store,
            given.step,
            lambda record: grant(
                record,
                given.grant_id,
                amount=given.amount,
                lines=given.lines,
                reason=given.reason,
                by=given.step.actor,
            ),
        )
        return StepDone(order.version_of(given.step.key))
