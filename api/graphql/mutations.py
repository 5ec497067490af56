"""Every command, sent as REST sends it: the same bodies, the same checks, the same gateway.

A refusal that a caller can act upon is a type of the answer (see `problems`); nothing else is an error.
"""

from typing import Annotated
from uuid import UUID, uuid4

import strawberry
from fastapi import Response

from api.auth import Principal, Scope
from api.dependencies import check_key
from api.graphql.context import ApiInfo, of
from api.graphql.problems import (
    AccessProblem,
    ConflictProblem,
    InvalidProblem,
    NotFoundProblem,
    UnavailableProblem,
)
from api.graphql.registering import bodies
from api.graphql.types import Order, Product, Stock, order_of, product_of, stock_of
from api.rest import decisions, holds, orders, paying, place, products, refunds, returns, sagas
from api.rest import stock as stock_rest
from api.rest.bodies import (
    AdjustmentBody,
    AssignBody,
    CancelBody,
    DecisionBody,
    DiscontinueBody,
    HoldBody,
    MoneyBody,
    NoteBody,
    OfferBody,
    OrderBody,
    PaymentBody,
    ProductBody,
    RefundBody,
    ReleaseBody,
    ResolveBody,
)
from api.rest.return_bodies import InspectionBody, ReceiptBody, ReturnBody, ReturnDecisionBody
from domain.orders.events import Decision, StepAction

bodies(MoneyBody, OrderBody, ProductBody, AdjustmentBody, HoldBody, RefundBody, ReturnBody, InspectionBody)

Key = Annotated[
    str | None,
    strawberry.argument(description="The same key stands for the same command, however often it is sent"),
]
Version = Annotated[int | None, strawberry.argument(description="Only if the order is still at this version")]


@strawberry.type(description="The command is committed, at `version` of the order; `order` has seen it")
class OrderCommanded:
    order_id: UUID
    version: int
    position: str = strawberry.field(description="Give it as `minPosition` to a read that must see the command")

    @strawberry.field(description="Null while the read model has not caught up")
    async def order(self, info: ApiInfo) -> Order | None:
        return await order_of(info, self.order_id)


@strawberry.type(description="The command is committed, at `version` of the product's stream or the stock's")
class CatalogueCommanded:
    sku: str
    version: int
    position: str

    @strawberry.field
    async def product(self, info: ApiInfo) -> Product | None:
        return await product_of(info, self.sku)

    @strawberry.field
    async def stock(self, info: ApiInfo) -> Stock | None:
        return await stock_of(info, self.sku)


OrderCommandResult = Annotated[
    OrderCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("OrderCommandResult"),
]
CatalogueCommandResult = Annotated[
    CatalogueCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("CatalogueCommandResult"),
]


def check(given: str | None) -> str:
    return check_key(given) or uuid4().hex


def commanded(info: ApiInfo, order_id: UUID, answer: Response) -> OrderCommanded:
    of(info).loaders.forget(order_id)
    version = int(answer.headers["etag"].strip('"'))
    return OrderCommanded(order_id=order_id, version=version, position=answer.headers["waybill-position"])


def _changed(info: ApiInfo, answer: Response) -> CatalogueCommanded:
    changed = products.ChangedOut.model_validate_json(bytes(answer.body))
    of(info).loaders.forget_product(changed.sku)
    return CatalogueCommanded(**dict(changed))


async def _caller(info: ApiInfo, scope: Scope) -> Principal:
    return await of(info).caller(scope)


@strawberry.type
class OrderMutations:
    @strawberry.mutation(description="Place an order at the catalogue's prices; the same key gives the same order")
    async def place_order(
        self,
        info: ApiInfo,
        input: OrderBody,
        idempotency_key: str,
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.PLACE_ORDERS)
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
        caller = await _caller(info, Scope.CANCEL_ORDERS)
        body = CancelBody(reason=reason)
        answer = await orders.cancel_order(
            caller, of(info).deps, order_id, check(idempotency_key), expected_version, body
        )
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="The customer's decision on lines that stock does not cover")
    async def decide_unavailable(
        self, info: ApiInfo, order_id: UUID, decision: Decision, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.CANCEL_ORDERS)
        key, body = check(idempotency_key), DecisionBody(decision=decision)
        answer = await decisions.decide_unavailable(caller, of(info).deps, order_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Offer another product for a line that stock does not cover")
    async def offer_substitute(
        self, info: ApiInfo, order_id: UUID, sku: str, substitute: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.HOLD_ORDERS)
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
        caller = await _caller(info, Scope.HOLD_ORDERS)
        key = check(idempotency_key)
        answer = await holds.place_hold(caller, of(info).deps, order_id, key, expected_version, input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Let what the hold covered begin; of a screened order, the approval")
    async def release_hold(
        self, info: ApiInfo, order_id: UUID, hold_id: str, reason: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.HOLD_ORDERS)
        key, body = check(idempotency_key), ReleaseBody(reason=reason)
        answer = await holds.release_hold(caller, of(info).deps, order_id, hold_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Let the customer off an amount, or what pieces of the order's lines cost")
    async def grant_refund(
        self, info: ApiInfo, order_id: UUID, input: RefundBody, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.GRANT_REFUNDS)
        answer = await refunds.grant_refund(caller, of(info).deps, order_id, check(idempotency_key), input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Another payment method, or the same again, after a decline")
    async def pay_order(
        self, info: ApiInfo, order_id: UUID, method: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.PLACE_ORDERS)
        key, body = check(idempotency_key), PaymentBody(method=method)
        answer = await paying.pay_order(caller, of(info).deps, order_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Ask for delivered goods to be taken back, or for broken ones to be paid")
    async def request_return(
        self, info: ApiInfo, order_id: UUID, input: ReturnBody, idempotency_key: str
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.CANCEL_ORDERS)
        answer = await returns.request_return(caller, of(info).deps, order_id, check(idempotency_key), input)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Let the goods come back; of a claim, grant its refund")
    async def approve_return(
        self, info: ApiInfo, order_id: UUID, return_id: UUID, reason: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.HANDLE_RETURNS)
        key, body = check(idempotency_key), ReturnDecisionBody(reason=reason)
        answer = await returns.approve_return(caller, of(info).deps, order_id, return_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Refuse a return, or give up on goods that never came")
    async def reject_return(
        self, info: ApiInfo, order_id: UUID, return_id: UUID, reason: str, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.HANDLE_RETURNS)
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
        caller = await _caller(info, Scope.HANDLE_RETURNS)
        key, body = check(idempotency_key), ReceiptBody(warehouse=warehouse)
        answer = await returns.receive_return(caller, of(info).deps, order_id, return_id, key, body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Say what was found of every piece that came back")
    async def inspect_return(
        self, info: ApiInfo, order_id: UUID, return_id: UUID, input: InspectionBody, idempotency_key: Key = None
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.HANDLE_RETURNS)
        key = check(idempotency_key)
        answer = await returns.inspect_return(caller, of(info).deps, order_id, return_id, key, input)
        return commanded(info, order_id, answer)

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
        caller = await _caller(info, Scope.RESOLVE_STEPS)
        body = ResolveBody(action=action, reason=reason, reference=reference)
        answer = await sagas.resolve_step(caller, of(info).deps, order_id, step, check(idempotency_key), body)
        return commanded(info, order_id, answer)

    @strawberry.mutation(description="Hand an open order to somebody, or to nobody")
    async def assign_order(
        self,
        info: ApiInfo,
        order_id: UUID,
        assignee: str | None,
        reason: str,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await _caller(info, Scope.RESOLVE_STEPS)
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
        caller = await _caller(info, Scope.RESOLVE_STEPS)
        answer = await sagas.note_order(
            caller, of(info).deps, order_id, check(idempotency_key), NoteBody(note=note)
        )
        return commanded(info, order_id, answer)


@strawberry.type
class CatalogueMutations:
    @strawberry.mutation(description="Create a draft; it is sold once it is published")
    async def create_product(
        self,
        info: ApiInfo,
        input: ProductBody,
        idempotency_key: str,
    ) -> CatalogueCommandResult:
        caller = await _caller(info, Scope.WRITE_CATALOG)
        return _changed(info, await products.create_product(caller, of(info).deps, check(idempotency_key), input))

    @strawberry.mutation(description="Set the price in one currency; orders placed before keep theirs")
    async def change_price(
        self, info: ApiInfo, sku: str, price: MoneyBody, idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await _caller(info, Scope.WRITE_CATALOG)
        return _changed(
            info, await products.change_price(caller, of(info).deps, sku, check(idempotency_key), price)
        )

    @strawberry.mutation(description="Begin to sell the product")
    async def publish_product(
        self, info: ApiInfo, sku: str, idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await _caller(info, Scope.WRITE_CATALOG)
        return _changed(info, await products.publish_product(caller, of(info).deps, sku, check(idempotency_key)))

    @strawberry.mutation(description="Stop selling the product, for good")
    async def discontinue_product(
        self, info: ApiInfo, sku: str, reason: str = "discontinued", idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await _caller(info, Scope.WRITE_CATALOG)
        body = DiscontinueBody(reason=reason)
        return _changed(
            info, await products.discontinue_product(caller, of(info).deps, sku, check(idempotency_key), body)
        )

    @strawberry.mutation(description="Correct a warehouse's stock by a positive or negative quantity")
    async def adjust_stock(
        self,
        info: ApiInfo,
        sku: str,
        input: AdjustmentBody,
        idempotency_key: str,
    ) -> CatalogueCommandResult:
        caller = await _caller(info, Scope.ADJUST_STOCK)
        key = check(idempotency_key)
        return _changed(info, await stock_rest.adjust_stock(caller, of(info).deps, sku, key, input))


@strawberry.type
class Mutation(OrderMutations, CatalogueMutations):
    """All of them. Pydantic's refusal of an argument is a problem like any other."""
