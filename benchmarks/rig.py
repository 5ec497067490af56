"""The whole of Waybill for a benchmark: durable servers and every process, on free ports, in a temporary place."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ops import demo
from ops.client import ApiClient
from ops.config import Settings
from ops.devstack import DevStack
from ops.embedded.ports import free_ports
from ops.identity import dev_issuer
from ops.migrate import migrate
from ops.process import Say
from ops.search_attributes import register_search_attributes
from ops.up import LISTENING, SILENT, process_spec

OUTSIDE = ("DATABASE_URL", "SIMULATOR_DATABASE_URL", "REDIS_URL", "TEMPORAL_ADDRESS")
STOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Rig:
    """Waybill, running, with the demo catalogue well stocked."""

    settings: Settings
    stack: DevStack
    api: ApiClient

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the servers and Waybill's processes."""
        return {name: each.pid for name, each in self.stack.supervisor.processes.items() if each.pid}


@asynccontextmanager
async def rig(say: Say, **changes: object) -> AsyncIterator[Rig]:
    """Start all of it, and leave nothing behind. `changes` are settings."""
    for name in OUTSIDE:  # a benchmark of the embedded stack; its processes inherit this environment
        os.environ.pop(f"WAYBILL_{name}", None)
    home = temporary_directory()
    settings = temporary_settings(home, **changes)
    stack = DevStack(settings, on_event=say)
    try:
        await stack.start()
        await asyncio.gather(migrate(settings.dsn), register_search_attributes(settings))
        async with asyncio.TaskGroup() as group:
            for name in (*LISTENING, *SILENT):
                group.create_task(stack.supervisor.start(process_spec(name, settings)))
        token = dev_issuer(settings).token(role="admin", subject="benchmark")
        async with ApiClient(settings.api_base_url, token, timeout=60) as api:
            await demo.seed(api, settings.warehouse_codes)
            await demo.sellable(api)
            await _stock_up(api, settings.warehouse_codes[0])
            yield Rig(settings, stack, api)
    finally:
        await stack.stop()
        shutil.rmtree(home)


def temporary_directory() -> Path:
    path = Path(tempfile.mkdtemp(prefix="waybill-bench-"))
    path.chmod(0o711)  # the embedded PostgreSQL of root passes through as another user
    return path


def temporary_settings(home: Path, **changes: object) -> Settings:
    names = [name for name in Settings.model_fields if name.endswith("_port")]
    numbers = dict(zip(names, free_ports(len(names)), strict=True))
    return Settings.model_validate({"data_dir": home, "log_level": "warning", **numbers, **changes})


async def _stock_up(api: ApiClient, warehouse: str) -> None:
    for sku, _, _ in demo.CATALOGUE:
        adjustment = {"quantity": STOCK, "reason": "benchmark", "warehouse": warehouse}
        await api.post(f"/v1/stock/{sku}/adjustments", adjustment, key=f"benchmark-{sku}")
