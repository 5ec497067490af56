"""A world whose read models are real, and hold orders and products: a database refuses what a dictionary takes."""

from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from domain.catalog.events import ProductCreated, ProductPublished
from readmodels.engine import Projector
from readmodels.insight_queries import InsightModels
from readmodels.projections import projections
from readmodels.queries import ReadModels
from tests.api.world import World
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened, completed, declined
from tests.support.samples import ORDER, OTHER_ORDER, eur

EXAMPLES: Final = ("MUG-BLUE", "TEE-BLACK-M", "MUG-GREEN", "TEA")
"""What the document's examples order."""


def _published(sku: str) -> list[Happened]:
    created = ProductCreated(sku, sku.title(), (eur("10.00"),))
    return [Happened(f"product/{sku}", created), Happened(f"product/{sku}", ProductPublished())]


async def world_on(engine: AsyncEngine, **rules: Any) -> World:
    """Two orders of one product, in a database that is empty yet."""
    log = MemoryLog()
    log.append(
        *completed(ORDER),
        *declined(OTHER_ORDER),
        *(each for sku in ("MUG", *EXAMPLES) for each in _published(sku)),
    )
    assert await Projector(engine, log, projections(), batch=100).catch_up()
    made = World(create_app, **rules)
    for event in log.events:
        made.store.streams.setdefault(event.stream_id, []).append(event)
    object.__setattr__(made.app.state.dependencies, "queries", ReadModels(engine))
    object.__setattr__(made.app.state.dependencies, "insight", InsightModels(engine))
    return made
