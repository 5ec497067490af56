"""Operators' commands on sagas."""

from uuid import UUID

import strawberry

from api.auth import Scope
from api.graphql.commanding import Key, OrderCommandResult, caller_of, check, commanded
from api.graphql.context import ApiInfo, of
from api.rest import sagas
from api.rest.bodies import (
    AssignBody,
    NoteBody,
    ResolveBody,
)
from domain.orders.events import StepAction


@strawberry.type
class SagaMutations:
    @strawberry.mutation(description="An operator's answer to a stalled step")
    async def resolve_step(
        self,
        info: ApiInfo,
        order_id: UUID,
        step: str,
        action: StepAction,
        reason: str,
        reference: str | None = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.RESOLVE_STEPS)
        body = ResolveBody(action=action, reason=reason, reference=reference)
        answer = await sagas.resolve_step(caller, of(info).deps, order_id, step, check(idempotency_key), body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Hand an open order to somebody, or to nobody")
    async def assign_order(
        self,
        info: ApiInfo,
        order_id: UUID,
        reason: str,
        assignee: str | None = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.RESOLVE_STEPS)
        body = AssignBody(assignee=assignee, reason=reason)
        answer = await sagas.assign_order(caller, of(info).deps, order_id, check(idempotency_key), body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Leave a note at an open order; customers do not see it")
    async def note_order(
        self,
        info: ApiInfo,
        order_id: UUID,
        note: str,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.RESOLVE_STEPS)
        answer = await sagas.note_order(
            caller, of(info).deps, order_id, check(idempotency_key), NoteBody(note=note)
        )
        return commanded(info, order_id, answer)
