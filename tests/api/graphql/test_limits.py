"""What asks for too much is refused before anything is read."""

from dataclasses import replace
from typing import Any

import httpx

from api.app import create_app
from api.graphql.limits import MAX_DEPTH
from tests.api.graphql.asking import ask, data, refusal
from tests.api.world import World


async def messages(world: World, query: str, **given: Any) -> str:
    answer = await ask(world, query, role="operator", **given)
    assert answer.get("data") is None
    return " ".join(error["message"] for error in answer["errors"])


async def test_depth(world: World) -> None:
    await data(world, nested(3))
    assert "depth" in await messages(world, nested(MAX_DEPTH + 1))
    assert world.log.events == []


def nested(depth: int) -> str:
    """An order's customer's order's customer, so many levels or a few more."""
    inner = "version"
    for _ in range(depth // 3):
        inner = f"customer {{ orders(first: 1) {{ nodes {{ {inner} }} }} }}"
    return f"query {{ orders(first: 1) {{ nodes {{ {inner} }} }} }}"


async def test_aliases(world: World) -> None:
    many = " ".join(f'p{n}: product(sku: "MUG") {{ name }}' for n in range(31))
    assert "aliases" in await messages(world, "query { " + many + " }")
    assert world.queries.listed == []


async def test_tokens(world: World) -> None:
    assert "tokens" in (await messages(world, "{ " + "a " * 2_001 + "}")).lower()


async def test_cost_counts_pages_within_pages(world: World) -> None:
    costly = """query ($n: Int!) { customer(id: "c-1") { orders(first: $n) { nodes {
      events { type position version }
      saga { step state errorType error }
      lines { product { stock { available } } } } } } }"""
    assert await refusal(world, costly, n=100) == "too-costly"
    assert world.queries.listed == []
    assert "errors" not in await ask(world, costly, n=10)


async def test_cost_is_the_dearest_way_a_fragment_is_used(world: World) -> None:
    costly = """query { a: orders(first: 100) { ...All } b: orders(first: 100) { ...All } }
      fragment All on OrderConnection { nodes { events { type version position step actor } } }"""
    assert await refusal(world, costly) == "too-costly"


async def test_introspection_can_be_off() -> None:
    made = World(app=create_app, introspection=False)
    answer = await ask(made, "query { __schema { types { name } } }")
    assert "introspection" in answer["errors"][0]["message"].lower()
    assert (await ask(made, "query { __typename }"))["data"]
    misspelt = await ask(made, "query { ordrs { nodes { version } } }")
    assert "Did you mean" not in str(misspelt)
    await made.http.aclose()


async def test_the_editor_is_for_browsers_and_can_be_off(world: World) -> None:
    browser = {"Accept": "text/html"}
    shown: httpx.Response = await world.http.get("/graphql", headers=browser)
    assert "GraphiQL" in shown.text
    made = World(app=create_app, graphiql=False)
    assert "GraphiQL" not in (await made.http.get("/graphql", headers=browser)).text
    await made.http.aclose()
    assert replace(made.app.state.dependencies.rules, graphiql=True).graphiql
