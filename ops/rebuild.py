"""`waybill rebuild`: a projection from zero, while a running projector fills it again."""

import asyncio

from rich.console import Console
from rich.progress import Progress

from ops.config import Settings
from ops.services import read_engine
from readmodels.queries import ReadModels

LOOK = 0.2


async def rebuild(settings: Settings, projection: str, console: Console) -> None:
    """Empty the projection and show how it catches up. Raises NotFound for a name there is none of."""
    engine = read_engine(settings)
    try:
        models = ReadModels(engine)
        await models.rebuild(projection)
        with Progress(console=console) as progress:
            task = progress.add_task(projection)
            while True:
                lag = next(each for each in await models.lag() if each.projection == projection)
                progress.update(task, total=lag.head, completed=lag.position)
                if not lag.events:
                    break
                await asyncio.sleep(LOOK)
    finally:
        await engine.dispose()
    console.print(f"{projection} is rebuilt")
