"""Asking the graph over HTTP, as callers do."""

from typing import Any

from tests.api.world import World


async def ask(
    world: World, query: str, *, role: str | None = "customer", subject: str = "c-1", **variables: Any
) -> dict[str, Any]:
    """The whole answer: `data` and `errors`."""
    body = {"query": query, "variables": variables}
    response = await world.call("POST", "/graphql", role=role, subject=subject, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def data(world: World, query: str, **given: Any) -> dict[str, Any]:
    """The data of an answer without errors."""
    answer = await ask(world, query, **given)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]
    return found


async def refusal(world: World, query: str, **given: Any) -> str:
    """The code of the one error."""
    answer = await ask(world, query, **given)
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])
