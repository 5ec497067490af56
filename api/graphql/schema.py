"""The schema, and what is refused before it is run."""

from collections.abc import Sequence
from typing import Any, Final

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.extensions import (
    DisableIntrospection,
    MaskErrors,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    QueryDepthLimiter,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import get_object_definition

from api.audit import noting
from api.graphql.auditing import Audited
from api.graphql.limits import MAX_ALIASES, MAX_DEPTH, MAX_TOKENS, CostLimit
from api.graphql.mutations import Mutation
from api.graphql.problems import EXPECTED, Refusals, explain
from api.graphql.query import Customer, Query
from api.graphql.subscriptions import Subscription
from api.graphql.texts import guard
from api.graphql.types import BigInt

log = structlog.get_logger(__name__)

for _type in (Query, Mutation, Customer):
    guard(get_object_definition(_type, strict=True))

BIG_INT: Final = strawberry.scalar(
    name="BigInt",
    serialize=int,
    parse_value=int,
    description="A whole number of up to 64 bits: positions of the log outgrow Int",
)


class Errors(MaskErrors):
    """An expected refusal tells its code; what is at fault here tells nothing but that."""

    def __init__(self) -> None:
        super().__init__(lambda error: error.original_error is not None)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        original = error.original_error
        message, extensions = "something went wrong here", {"code": "internal-error", "status": 500}
        if isinstance(original, GraphQLError):
            return error
        if isinstance(original, EXPECTED):
            code, kind, detail, members = explain(original)
            noting().refused = kind.status
            message, extensions = detail, {**members, "code": code, "status": kind.status}
        else:
            log.error("a resolver failed", path=error.path, exc_info=original)
        return GraphQLError(message, nodes=error.nodes, path=error.path, extensions=extensions)


class Schema(strawberry.Schema):
    """Strawberry would log every refusal as an error; `Errors` logs those that are faults."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        pass


LIMITS: Final = (
    Audited,
    lambda: QueryDepthLimiter(max_depth=MAX_DEPTH),
    lambda: MaxAliasesLimiter(max_alias_count=MAX_ALIASES),
    lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
    CostLimit,
    Errors,
)


def new_schema(*, introspection: bool) -> Schema:
    extensions: Sequence[Any] = LIMITS if introspection else (DisableIntrospection, *LIMITS)
    return Schema(
        Query,
        Mutation,
        Subscription,
        extensions=extensions,
        exception_handlers=(Refusals(),),
        config=StrawberryConfig(scalar_map={BigInt: BIG_INT}, disable_field_suggestions=not introspection),
    )
