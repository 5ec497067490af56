"""What every resolver is given: the application's parts, the proven caller, and this request's loaders."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from fastapi.requests import HTTPConnection
from starlette.websockets import WebSocket
from strawberry.fastapi import BaseContext
from strawberry.types import Info

from api.auth import Principal, Scope
from api.dependencies import ApiDependencies, authorized, identified, refuse_query_tokens
from api.graphql.loaders import Loaders


class Context(BaseContext):
    """Over a WebSocket the token comes with `connection_init`, as `Authorization`; else in the header."""

    def __init__(self, deps: ApiDependencies, authorization: str | None) -> None:
        super().__init__()
        self.deps = deps
        self._authorization = authorization
        self._known: tuple[Principal | None] | None = None

    @cached_property
    def loaders(self) -> Loaders:
        return Loaders(self.deps.queries)

    async def anyone(self) -> Principal | None:
        """Raises Problem (`invalid-token`), KeysUnavailable."""
        if self._known is None:
            self._known = (await identified(self.deps, self._given()),)
        return self._known[0]

    async def caller(self, scope: Scope) -> Principal:
        """Raises Problem (`unauthenticated`, `forbidden`, `invalid-token`), KeysUnavailable."""
        return authorized(await self.anyone(), scope)

    def _given(self) -> str | None:
        params = self.connection_params
        if isinstance(self.request, WebSocket) and isinstance(params, Mapping):
            given = params.get("Authorization", params.get("authorization"))
            return given if isinstance(given, str) else None
        return self._authorization


async def new_context(connection: HTTPConnection) -> Context:
    """A token that does not verify ends the request, as everywhere in the API."""
    context = Context(
        cast(ApiDependencies, connection.app.state.dependencies), connection.headers.get("authorization")
    )
    refuse_query_tokens(connection)
    if connection.scope["type"] == "http":
        caller = await context.anyone()
        if context.deps.rates is not None:
            await context.deps.rates.count(connection, caller)
    return context


ApiInfo = Info[Context, None]


def of(info: Info[Any, Any]) -> Context:
    return cast(Context, info.context)
