"""What the graph costs the database: a page of orders and everything around them, in a handful of queries."""

from dataclasses import replace
from uuid import uuid4

from prometheus_client import CollectorRegistry
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from api.graphql.context import Context
from api.graphql.schema import new_schema
from readmodels.engine import Projector
from readmodels.queries import ReadModels
from tests.api.world import World, token
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import completed, shop

PAGE = """query { orders(first: 50) { edges { cursor node {
  orderNumber status paymentStatus amounts { captured { amount } }
  lines { sku quantity product { name stock { available } } }
  shipments { status items { sku quantity } }
  events { type recordedAt } saga { step state } customer { id }
} } } }"""
MOST = 6


async def test_a_page_of_fifty_orders_takes_six_queries(
    engine: AsyncEngine, models: ReadModels, log: MemoryLog, projector: Projector
) -> None:
    log.append(*shop(), *(each for _ in range(50) for each in completed(uuid4())))
    assert await projector.catch_up()
    world = World()
    deps = replace(world.app.state.dependencies, queries=models, registry=CollectorRegistry())
    context = Context(deps, token("operator")["Authorization"])
    queries: list[str] = []

    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        queries.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    try:
        answer = await new_schema(introspection=True).execute(PAGE, context_value=context)
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count)
    assert not answer.errors
    assert answer.data
    nodes = [edge["node"] for edge in answer.data["orders"]["edges"]]
    assert len(nodes) == 50
    assert all(node["shipments"] and node["events"] and node["saga"] for node in nodes)
    assert all(line["product"]["stock"] for node in nodes for line in node["lines"])
    assert len(queries) <= MOST, queries
