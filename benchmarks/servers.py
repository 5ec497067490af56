"""PostgreSQL, and Redis where it is wanted, for the benchmarks of the event store: fresh, on free ports."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.config import Settings
from ops.embedded.ports import free_ports
from ops.embedded.postgres import EmbeddedPostgres
from ops.embedded.redis import EmbeddedRedis
from ops.process import Process

PORTS = ("postgres_port", "redis_port")


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers' processes by name, each to be killed and started again at will."""

    settings: Settings
    processes: dict[str, Process]


@asynccontextmanager
async def servers(*, redis: bool = False, durable: bool = True) -> AsyncIterator[Servers]:
    """Start them with an empty database, and leave nothing behind.

    Args:
        durable: False turns fsync off, which only a power cut would tell from the real thing.
    """
    home = _directory()
    settings = _settings(home)
    parts: list[EmbeddedPostgres | EmbeddedRedis] = [EmbeddedPostgres(settings, durable=durable)]
    parts += [EmbeddedRedis(settings, durable=durable)] * redis
    running: dict[str, Process] = {}
    try:
        for part in parts:
            process = Process(await part.prepare())
            running[part.name] = process
            await process.start()
            await part.finish()
        yield Servers(settings, running)
    finally:
        for process in running.values():
            await process.stop()
        shutil.rmtree(home, ignore_errors=True)


def _directory() -> Path:
    path = Path(tempfile.mkdtemp(prefix="waybill-store-"))
    path.chmod(0o711)  # the embedded PostgreSQL of root passes through as another user
    return path


def _settings(home: Path) -> Settings:
    """The defaults, whatever outside servers the environment names."""
    embedded = dict.fromkeys(("database_url", "simulator_database_url", "redis_url", "temporal_address"))
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return Settings.model_validate({"data_dir": home, "log_level": "warning", **embedded, **ports})
