"""The answer to a lost parcel."""

from uuid import UUID

import strawberry

from api.auth import Scope
from api.graphql.commanding import Key, OrderCommandResult, check, commanded
from api.graphql.context import ApiInfo, of
from api.rest import losses
from api.rest.bodies import LossBody
from domain.shipping.events import LostAnswer


@strawberry.type
class LossMutations:
    @strawberry.mutation(description="Send a lost parcel's goods again, or give its share of the price back")
    async def answer_lost(
        self,
        info: ApiInfo,
        order_id: UUID,
        shipment_id: str,
        answer: LostAnswer,
        reason: str,
        idempotency_key: Key = None,
    ) -> OrderCommandResult:
        caller = await of(info).caller(Scope.GRANT_REFUNDS)
        key, body = check(idempotency_key), LossBody(answer=answer, reason=reason)
        done = await losses.answer_lost(caller, of(info).deps, order_id, shipment_id, key, body)
        return commanded(info, order_id, done)
