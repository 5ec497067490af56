"""Commands on open orders."""

from uuid import UUID

import strawberry

from api.auth import Scope
from api.dependencies import check_key
from api.graphql.commanding import Key, OrderCommandResult, Version, caller_of, check, commanded
from api.graphql.context import ApiInfo, of
from api.graphql.registering import bodies
from api.rest import amendments, decisions, holds, orders, paying, place
from api.rest.bodies import (
    AmendmentBody,
    CancelBody,
    DecisionBody,
    HoldBody,
    LineCancelBody,
    MoneyBody,
    OfferBody,
    OrderBody,
    PaymentBody,
    ReleaseBody,
)
from domain.orders.events import Decision

bodies(MoneyBody, OrderBody, HoldBody, AmendmentBody)


@strawberry.type
class OrderMutations:
    @strawberry.mutation(description="Place an order at the catalogue's prices; the same key gives the same order")
    async def place_order(
        self,
        info: ApiInfo,
        input: OrderBody,
        idempotency_key: str,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.PLACE_ORDERS)
        answer = await place.place_order(caller, of(info).deps, check_key(idempotency_key), input)
        return commanded(info, place.PlacedOut.model_validate_json(bytes(answer.body)).order_id, answer)

    @strawberry.mutation(description="Begin to undo the order. Not after a parcel was dispatched")
    async def cancel_order(
        self,
        info: ApiInfo,
        order_id: UUID,
        reason: str,
        expected_version: Version = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.CANCEL_ORDERS)
        body = CancelBody(reason=reason)
        answer = await orders.cancel_order(
            caller, of(info).deps, order_id, check(idempotency_key), expected_version, body
        )
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Change lines, address or shipping of what has not left; or nothing changes")
    async def amend_order(
        self,
        info: ApiInfo,
        order_id: UUID,
        input: AmendmentBody,
        expected_version: Version = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.CANCEL_ORDERS)
        key = check(idempotency_key)
        answer = await amendments.amend_order(caller, of(info).deps, order_id, key, expected_version, input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Take a line out of the order. Not after a piece of it was dispatched")
    async def cancel_line(
        self,
        info: ApiInfo,
        order_id: UUID,
        sku: str,
        reason: str,
        expected_version: Version = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.CANCEL_ORDERS)
        key, body = check(idempotency_key), LineCancelBody(reason=reason)
        answer = await amendments.cancel_line(caller, of(info).deps, order_id, sku, key, expected_version, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="The customer's decision on lines that stock does not cover")
    async def decide_unavailable(
        self, info: ApiInfo, order_id: UUID, decision: Decision, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.CANCEL_ORDERS)
        key, body = check(idempotency_key), DecisionBody(decision=decision)
        answer = await decisions.decide_unavailable(caller, of(info).deps, order_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Offer another product for a line that stock does not cover")
    async def offer_substitute(
        self, info: ApiInfo, order_id: UUID, sku: str, substitute: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HOLD_ORDERS)
        key, body = check(idempotency_key), OfferBody(sku=sku, substitute=substitute)
        answer = await decisions.offer_substitute(caller, of(info).deps, order_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Keep an order, its payment, a line or a shipment from going on")
    async def place_hold(
        self,
        info: ApiInfo,
        order_id: UUID,
        input: HoldBody,
        expected_version: Version = None,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HOLD_ORDERS)
        key = check(idempotency_key)
        answer = await holds.place_hold(caller, of(info).deps, order_id, key, expected_version, input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Let what the hold covered begin; of a screened order, the approval")
    async def release_hold(
        self, info: ApiInfo, order_id: UUID, hold_id: str, reason: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.HOLD_ORDERS)
        key, body = check(idempotency_key), ReleaseBody(reason=reason)
        answer = await holds.release_hold(caller, of(info).deps, order_id, hold_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Another payment method, or the same again, after a decline")
    async def pay_order(
        self, info: ApiInfo, order_id: UUID, method: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.PLACE_ORDERS)
        key, body = check(idempotency_key), PaymentBody(method=method)
        answer = await paying.pay_order(caller, of(info).deps, order_id, key, body)
        return commanded(info, order_id, answer)
