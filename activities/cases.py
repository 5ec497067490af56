"""Steps on cases: opened and closed by a reconciliation, answered by an operator, settled at the gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from temporalio import activity

from activities.contracts import SYSTEM, Step
from activities.gateways.protocol import PaymentEffect, PaymentGateway, Refused
from activities.order_stream import decide_again_on_conflict, run_step
from activities.reconciling import CASE_KEY
from domain.decider import fold
from domain.errors import DomainError, NotAllowed
from domain.identifiers import event_id
from domain.payments.adoption import adopt
from domain.reconciliation import decide, model
from domain.reconciliation.events import CaseAction, CaseEvent, CaseKind, CaseOpened
from domain.reconciliation.model import Case, CaseStatus
from eventstore.store import EventStore, NewEvent, StreamWrite


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """An operator's answer to a case; `step` is its key."""

    case_id: UUID
    step: str
    action: CaseAction
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class CaseProgress:
    """The case's version, and whether an action is still to be taken."""

    version: int
    settling: bool


def case_stream(case_id: UUID) -> str:
    return f"case/{case_id}"


@dataclass(frozen=True, slots=True)
class LoadedCase:
    version: int
    state: model.CaseState
    steps: frozenset[str]


async def load_case(store: EventStore, case_id: UUID) -> LoadedCase:
    stored = await store.read_stream(case_stream(case_id))
    state = fold(model.evolve, model.INITIAL, (cast(CaseEvent, recorded.event) for recorded in stored))
    return LoadedCase(len(stored), state, frozenset(recorded.metadata.get("step", "") for recorded in stored))


@decide_again_on_conflict
async def change_case(
    store: EventStore,
    case_id: UUID,
    step: str,
    actor: str,
    decided: Callable[[model.CaseState], Sequence[CaseEvent]],
) -> tuple[LoadedCase, bool]:
    """Decide and append, once per step. The case after it, and whether anything was appended."""
    loaded = await load_case(store, case_id)
    if step in loaded.steps:
        return loaded, False
    events = decided(loaded.state)
    if not events:
        return loaded, False
    numbered = tuple(
        NewEvent(event_id(case_id, step, index), event, {"step": step, "actor": actor})
        for index, event in enumerate(events)
    )
    await store.append((StreamWrite(case_stream(case_id), loaded.version, numbered),))
    return await load_case(store, case_id), True


async def open_case(store: EventStore, opened: CaseOpened) -> bool:
    """Whether the case is new, or open again."""
    known = await load_case(store, opened.case_id)
    step = f"open#{known.version}"
    _, changed = await change_case(
        store, opened.case_id, step, SYSTEM, lambda state: decide.open_case(state, opened)
    )
    return changed


async def close_case(store: EventStore, case_id: UUID) -> bool:
    """Whether it was open."""
    known = await load_case(store, case_id)
    _, changed = await change_case(store, case_id, f"close#{known.version}", SYSTEM, decide.close)
    return changed


@dataclass(frozen=True, slots=True)
class CaseActivities:
    """What the case workflow does. `settle_case` runs on the payments queue."""

    store: EventStore
    gateway: PaymentGateway

    @activity.defn
    async def answer_case(self, given: CaseAnswer) -> CaseProgress:
        """Note the operator's answer; a refusal is the caller's."""
        loaded, _ = await change_case(
            self.store,
            given.case_id,
            given.step,
            given.actor,
            lambda state: decide.answer(
                state, given.step, action=given.action, reason=given.reason, by=given.actor
            ),
        )
        return _state(loaded)

    @activity.defn
    async def settle_case(self, case_id: UUID) -> CaseProgress:
        """Take the action that was asked for. Nothing to do when it was taken, or none is asked for."""
        loaded = await load_case(self.store, case_id)
        case = loaded.state
        if not isinstance(case, Case) or case.pending is None:
            return _state(loaded)
        try:
            done = await self._take(case)
        except (Refused, DomainError) as refused:
            code = refused.code
            reason = refused.reason if isinstance(refused, Refused) else refused.message
            return await self._append(case, lambda state: decide.refuse(state, code=code, reason=reason))
        return await self._append(
            case, lambda state: decide.settle(state, reference=done.reference, amount=done.amount)
        )

    async def _append(self, case: Case, decided: Callable[[model.CaseState], Sequence[CaseEvent]]) -> CaseProgress:
        loaded, _ = await change_case(self.store, case.opened.case_id, f"settle#{case.tries}", SYSTEM, decided)
        return _state(loaded)

    async def _take(self, case: Case) -> PaymentEffect:
        assert case.pending
        if case.pending.action is CaseAction.ADOPT:
            return await self._adopt(case)
        return await self._give_back(case)

    async def _give_back(self, case: Case) -> PaymentEffect:
        """Under a key of the case's own; a refund that an order thinks it has made is made under its own step."""
        opened = case.opened
        own = f"{CASE_KEY}{opened.case_id}#{case.tries}"
        key = opened.step if opened.kind is CaseKind.REFUND_MISSING else own
        done = await self.gateway.find(opened.order_id, key)
        if done:
            return done
        if opened.effect == "authorization":
            return await self.gateway.void(opened.order_id, key, payment=opened.payment)
        amount = decide.to_give_back(opened)
        assert amount is not None  # the decider has refused otherwise
        return await self.gateway.refund(opened.order_id, key, payment=opened.payment, amount=amount)

    async def _adopt(self, case: Case) -> PaymentEffect:
        """Append the effect to its order, if the gateway still has it and the order's sums have room for it."""
        opened = case.opened
        books = await self.gateway.list_effects(opened.order_id)
        effect = next((each for each in books if each.reference == opened.reference), None)
        if effect is None or effect.kind != opened.effect or effect.amount != opened.found:
            raise NotAllowed("the gateway's books do not have this effect any more", code="effect-gone")
        step = Step(opened.order_id, f"{CASE_KEY}{opened.case_id}")
        await run_step(
            self.store,
            step,
            lambda record: adopt(
                record.payment_state,
                step.key,
                kind=effect.kind,
                reference=effect.reference,
                payment=effect.payment,
                amount=effect.amount,
            ),
        )
        return effect


def _state(loaded: LoadedCase) -> CaseProgress:
    settling = isinstance(loaded.state, Case) and loaded.state.status is CaseStatus.SETTLING
    return CaseProgress(loaded.version, settling)
