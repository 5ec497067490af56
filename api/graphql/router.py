"""`/graphql`: queries and mutations over HTTP, subscriptions over WebSocket and as multipart."""

from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.graphql.context import Context, new_context
from api.graphql.schema import new_schema

MAX_SUBSCRIPTIONS = 20


def graphql_router(*, introspection: bool, ide: bool) -> GraphQLRouter[Context, None]:
    """Mutations are never taken from a GET: the library refuses them, and a link must not change anything."""
    return GraphQLRouter(
        new_schema(introspection=introspection),
        path="/graphql",
        graphql_ide="graphiql" if ide else None,
        context_getter=new_context,
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        max_subscriptions_per_connection=MAX_SUBSCRIPTIONS,
        include_in_schema=False,
    )
