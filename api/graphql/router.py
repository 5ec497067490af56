"""`/graphql`: queries and mutations over HTTP, subscriptions over WebSocket and as multipart."""

from json import JSONDecodeError
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.errors import Problem
from api.graphql import ide
from api.graphql.context import Context, new_context
from api.graphql.schema import new_schema
from api.strict import strict_json

MAX_SUBSCRIPTIONS = 20


class Router(GraphQLRouter[Context, None]):
    """The library's editor would load its code from a CDN."""

    async def render_graphql_ide(self, request: Request) -> HTMLResponse:
        return ide.page()

    def parse_json(self, data: str | bytes) -> Any:
        """Of a request: as strictly as REST, and refused alike."""
        return strict_json(data)

    def decode_json(self, data: str | bytes) -> object:
        """Of a message over a WebSocket."""
        try:
            return strict_json(data)
        except Problem as refused:
            raise JSONDecodeError(str(refused.detail), "", 0) from None


def graphql_router(*, introspection: bool, editor: bool) -> GraphQLRouter[Context, None]:
    """Mutations are never taken from a GET: the library refuses them, and a link must not change anything."""
    return Router(
        new_schema(introspection=introspection),
        path="/graphql",
        graphql_ide="graphiql" if editor else None,
        context_getter=new_context,
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        max_subscriptions_per_connection=MAX_SUBSCRIPTIONS,
        include_in_schema=False,
    )
