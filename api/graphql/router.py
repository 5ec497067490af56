"""`/graphql`: queries and mutations over HTTP, subscriptions over WebSocket and as multipart."""

from fastapi import Request
from fastapi.responses import HTMLResponse
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.graphql import ide
from api.graphql.context import Context, new_context
from api.graphql.schema import new_schema

MAX_SUBSCRIPTIONS = 20


class Router(GraphQLRouter[Context, None]):
    """The library's editor would load its code from a CDN."""

    async def render_graphql_ide(self, request: Request) -> HTMLResponse:
        return ide.page()


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
