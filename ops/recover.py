"""`waybill recover`: workflows for the open orders that have none."""

from rich.console import Console

from ops.bootstrap import connect_temporal, open_backend, step_policies
from ops.config import Settings
from ops.recovery import Recovery
from ops.search_attributes import check_search_attributes
from ops.services import read_engine
from readmodels.queries import ReadModels


async def recover(settings: Settings, console: Console, *, rate: float) -> None:
    temporal = await connect_temporal(settings)
    await check_search_attributes(temporal)
    engine = read_engine(settings)
    try:
        async with open_backend(settings, name="waybill-recover") as backend:
            models = ReadModels(engine)
            for lag in await models.lag():
                if lag.projection == "orders" and lag.events:
                    console.print(f"the orders' read model is {lag.events} events behind: run this again later")
            recovery = Recovery(temporal, backend.store, models.unfinished, step_policies(settings), rate)
            found = await recovery.sweep(tell=lambda order_id: console.print(f"started order/{order_id}"))
    finally:
        await engine.dispose()
    console.print(f"{found.open} orders are open; {len(found.started)} of them got a workflow again")
