"""The embedded stack: PostgreSQL, Redis and Temporal as real servers, started, kept running and stopped together.

Where the settings name an outside server, that one is waited for and nothing is embedded in its place.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit

from ops.config import Settings
from ops.embedded import ports, postgres, redis, temporal
from ops.embedded.lock import StackLock
from ops.process import ProcessSpec, Say, StackError
from ops.supervisor import Supervisor

PROBE_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the stack answers. `temporal_ui_url` is empty for an outside Temporal, whose UI we do not know."""

    database_dsn: str
    simulator_dsn: str
    redis_url: str
    temporal_address: str
    temporal_ui_url: str


class Part(Protocol):
    """One embedded server."""

    @property
    def name(self) -> str: ...

    async def prepare(self) -> ProcessSpec:
        """Make what it needs on disk, and say how to run it."""

    async def finish(self) -> str:
        """Set it up once it answers, and say what now runs."""


class DevStack:
    """The servers Waybill needs, for `waybill up`, for tests and for benchmarks.

    Args:
        on_event: takes one line for a person at a time: what is up, what died, what is back.
        time_skipping: lets tests move the clock of workflows.
        durable: False trades safety against a power cut for speed, for tests; a killed process loses nothing.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_event: Say = lambda line: None,
        time_skipping: bool = False,
        durable: bool = True,
    ) -> None:
        self.settings = settings
        self._say = on_event
        self._lock = StackLock(settings.data_dir)
        self.supervisor = Supervisor(on_event)
        self._parts: list[Part] = []
        if settings.database_url is None:
            self._parts.append(postgres.EmbeddedPostgres(settings, durable=durable))
        if settings.redis_url is None:
            self._parts.append(redis.EmbeddedRedis(settings, durable=durable))
        if settings.temporal_address is None:
            self._parts.append(temporal.EmbeddedTemporal(settings, durable=durable, time_skipping=time_skipping))

    async def start(self) -> Endpoints:
        """Start every part at once, and wait until each answers.

        Raises:
            StackError: one cannot be had; its text is one line that names what to change. Nothing is left running.
        """
        try:
            if self._parts:
                self._take_data_dir()
                await ports.require_free(self._ports())
            await _all([self._embed(part) for part in self._parts] + self._outside())
        except BaseException:
            await self.stop()
            raise
        return self.endpoints

    async def stop(self) -> None:
        """Stop what was started: gracefully, and by force after a time limit. Safe to call twice."""
        try:
            await self.supervisor.stop()
        finally:
            self._lock.release()

    async def __aenter__(self) -> Endpoints:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def endpoints(self) -> Endpoints:
        """Where the parts answer, known before they are started."""
        settings = self.settings
        ui = "" if settings.temporal_address else f"http://127.0.0.1:{settings.temporal_ui_port}"
        return Endpoints(
            settings.dsn, settings.simulator_dsn, settings.redis_dsn, settings.temporal_target, temporal_ui_url=ui
        )

    def _take_data_dir(self) -> None:
        data_dir = self.settings.data_dir
        try:
            (data_dir / "logs").mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            raise _unusable(data_dir, error) from error

    def _ports(self) -> dict[str, int]:
        settings = self.settings
        of_part = {
            "postgres": {"WAYBILL_POSTGRES_PORT": settings.postgres_port},
            "redis": {"WAYBILL_REDIS_PORT": settings.redis_port},
            "temporal": {
                "WAYBILL_TEMPORAL_PORT": settings.temporal_port,
                "WAYBILL_TEMPORAL_UI_PORT": settings.temporal_ui_port,
            },
        }
        return {variable: port for part in self._parts for variable, port in of_part[part.name].items()}

    async def _embed(self, part: Part) -> None:
        began = time.monotonic()
        try:
            spec = await part.prepare()
        except OSError as error:
            raise _unusable(self.settings.data_dir, error) from error
        await self.supervisor.start(spec)
        self._say(f"{await part.finish()}, ready in {time.monotonic() - began:.1f} s")

    def _outside(self) -> list[Coroutine[None, None, None]]:
        """A wait for each server the settings name."""
        settings, waits = self.settings, list[Coroutine[None, None, None]]()
        if settings.database_url or settings.simulator_database_url:
            waits.append(self._await_databases())
        if settings.redis_url:
            waits.append(
                self._await("WAYBILL_REDIS_URL", settings.redis_dsn, lambda: redis.probe(settings.redis_dsn))
            )
        if address := settings.temporal_address:
            namespace = settings.temporal_namespace
            waits.append(
                self._await("WAYBILL_TEMPORAL_ADDRESS", f"//{address}", lambda: temporal.probe(address, namespace))
            )
        return waits

    async def _await_databases(self) -> None:
        """The simulators' database is beside the main one, and ours to make, unless it has its own variable."""
        main, simulators, own = self.settings.dsn, self.settings.simulator_dsn, "WAYBILL_SIMULATOR_DATABASE_URL"
        if self.settings.database_url:
            await self._await("WAYBILL_DATABASE_URL", main, lambda: postgres.probe(main))
        if self.settings.simulator_database_url:
            await self._await(own, simulators, lambda: postgres.probe(simulators))
        else:
            await postgres.ensure_beside(main, simulators, own)

    async def _await(self, variable: str, url: str, probe: Callable[[], Awaitable[str]]) -> None:
        """Wait for an outside server, and say so: its host and port alone, as the rest may hold a password."""
        where, limit = urlsplit(url).netloc.rpartition("@")[2], self.settings.server_wait
        deadline, told = time.monotonic() + limit, False
        while True:
            try:
                version = await probe()
            except Exception as error:  # whatever a client raises while its server is not there
                if time.monotonic() > deadline:
                    why = str(error).splitlines()[0] if str(error) else type(error).__name__
                    raise StackError(f"{variable}: {where} did not answer within {limit:.0f} s: {why}") from error
                if not told:
                    self._say(f"waiting for {where} ({variable})")
                    told = True
                await asyncio.sleep(PROBE_PAUSE)
            else:
                self._say(f"using {where} ({variable}), version {version}")
                return


async def _all(tasks: list[Coroutine[None, None, None]]) -> None:
    """Run them side by side; the first failure ends the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _unusable(data_dir: Path, error: OSError) -> StackError:
    name = f" ({error.filename})" if error.filename and Path(error.filename) != data_dir else ""
    advice = "set it to a directory you may write to"
    return StackError(f"WAYBILL_DATA_DIR={data_dir} cannot be used: {error.strerror}{name}; {advice}")
