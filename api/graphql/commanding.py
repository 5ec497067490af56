"""What commands answer: that it is committed, or as a type of the answer why a caller is refused."""

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
from api.graphql.types import Order, order_of

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


OrderCommandResult = Annotated[
    OrderCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("OrderCommandResult"),
]


def check(given: str | None) -> str:
    return check_key(given) or uuid4().hex


def commanded(info: ApiInfo, order_id: UUID, answer: Response) -> OrderCommanded:
    of(info).loaders.forget(order_id)
    version = int(answer.headers["etag"].strip('"'))
    return OrderCommanded(order_id=order_id, version=version, position=answer.headers["waybill-position"])


async def caller_of(info: ApiInfo, scope: Scope) -> Principal:
    return await of(info).caller(scope)
