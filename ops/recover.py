"""`waybill recover`: workflows for the open orders that have none, and for what is under way beside them."""

import asyncio
import time

import asyncpg
from rich.console import Console

from eventstore.sequencer import watermark
from ops.aftercare_recovery import unfinished_aftercare
from ops.bootstrap import connect_temporal, open_backend, step_policies
from ops.config import Settings
from ops.process import StackError
from ops.recovery import Recovered, Recovery
from ops.search_attributes import check_search_attributes
from ops.services import read_engine
from readmodels.queries import ReadModels

LOOK_AGAIN = 0.2
READ = ("orders", "returns", "saga_steps", "cases")


async def recover(settings: Settings, console: Console, *, rate: float, wait: float = 60.0) -> Recovered:
    """Start what is missing, at most `rate` a second.

    Raises: StackError: the read model did not reach the log's present end within `wait` seconds.
    """
    temporal = await connect_temporal(settings)
    await check_search_attributes(temporal)
    engine = read_engine(settings)
    try:
        async with open_backend(settings, name="waybill-recover") as backend:
            models = ReadModels(engine)
            await _caught_up(backend.pool, models, console, wait)
            policies = step_policies(settings)
            aftercare = unfinished_aftercare(backend.store, policies, models, backend.pool)
            recovery = Recovery(temporal, backend.store, models.unfinished, policies, rate, aftercare)
            found = await recovery.sweep(tell=lambda order_id: console.print(f"started order/{order_id}"))
            beside = await recovery.resume_aftercare()
    finally:
        await engine.dispose()
    under_way = ", ".join(f"{count} {name}" for name, count in beside.items())
    console.print(f"under way beside the orders, each with a workflow: {under_way}")
    console.print(f"{found.open} orders are open; {len(found.started)} of them got a workflow again")
    return found


async def _caught_up(pool: asyncpg.Pool, models: ReadModels, console: Console, wait: float) -> None:
    """Wait until the orders' read model knows what is in the log now: it tells which orders are open."""
    mark = await watermark(pool)
    wanted, deadline, told = mark.head + mark.waiting, time.monotonic() + wait, False
    while (missing := wanted - await _position(models)) > 0:
        if time.monotonic() > deadline:
            raise StackError(
                f"the orders' read model is {missing} events behind after {wait:g} s: is a projector running?"
            )
        if not told:
            console.print(f"waiting for the orders' read model, which is {missing} events behind")
            told = True
        await asyncio.sleep(LOOK_AGAIN)


async def _position(models: ReadModels) -> int:
    return min(each.position for each in await models.lag() if each.projection in READ)
