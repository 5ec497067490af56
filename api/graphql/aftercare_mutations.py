"""Commands on orders that were delivered: refunds and returns."""

from uuid import UUID

import strawberry

from api.auth import Scope
from api.graphql.commanding import Key, OrderCommandResult, caller_of, check, commanded
from api.graphql.context import ApiInfo, of
from api.graphql.registering import bodies
from api.rest import refunds, returns
from api.rest.bodies import (
    RefundBody,
)
from api.rest.return_bodies import InspectionBody, ReceiptBody, ReturnBody, ReturnDecisionBody

bodies(RefundBody, ReturnBody, InspectionBody)


@strawberry.type
class AftercareMutations:
    @strawberry.mutation(description="Let the customer off an amount, or what pieces of the order's lines cost")
    async def grant_refund(
        self, info: ApiInfo, order_id: UUID, input: RefundBody, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.GRANT_REFUNDS)
        answer = await refunds.grant_refund(caller, of(info).deps, order_id, check(idempotency_key), input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Ask for delivered goods to be taken back, or for broken ones to be paid")
    async def request_return(
        self, info: ApiInfo, order_id: UUID, input: ReturnBody, idempotency_key: str
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.CANCEL_ORDERS)
        answer = await returns.request_return(caller, of(info).deps, order_id, check(idempotency_key), input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Let the goods come back; of a claim, grant its refund")
    async def approve_return(
        self, info: ApiInfo, order_id: UUID, return_id: UUID, reason: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HANDLE_RETURNS)
        key, body = check(idempotency_key), ReturnDecisionBody(reason=reason)
        answer = await returns.approve_return(caller, of(info).deps, order_id, return_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Refuse a return, or give up on goods that never came")
    async def reject_return(
        self, info: ApiInfo, order_id: UUID, return_id: UUID, reason: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HANDLE_RETURNS)
        key, body = check(idempotency_key), ReturnDecisionBody(reason=reason)
        answer = await returns.reject_return(caller, of(info).deps, order_id, return_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Note that the goods are in a warehouse")
    async def receive_return(
        self,
        info: ApiInfo,
        order_id: UUID,
        return_id: UUID,
        warehouse: str | None = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HANDLE_RETURNS)
        key, body = check(idempotency_key), ReceiptBody(warehouse=warehouse)
        answer = await returns.receive_return(caller, of(info).deps, order_id, return_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Say what was found of every piece that came back")
    async def inspect_return(
        self, info: ApiInfo, order_id: UUID, return_id: UUID, input: InspectionBody, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HANDLE_RETURNS)
        key = check(idempotency_key)
        answer = await returns.inspect_return(caller, of(info).deps, order_id, return_id, key, input)
        return commanded(info, order_id, answer)
