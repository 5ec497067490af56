"""The log as a file between databases, and a dump restored into a new cluster with PostgreSQL's own programs."""

import asyncio
import io
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr
from rich.console import Console

from domain.inventory.events import StockReceived
from eventstore.sequencer import Sequencer
from eventstore.store import Expected, NewEvent, StreamWrite
from ops.bootstrap import open_backend
from ops.config import Settings
from ops.devstack import DevStack
from ops.embedded.postgres import programs_dir
from ops.transfer import TransferError, adopt, check_restore, export_log, import_log
from tests.conftest import NewDatabase, short_directory, stack_settings
from tests.eventstore.samples import sequence

TAIL = 3
SEQUENCED = """
    SELECT l.position, l.hash, e.event_id, e.stream_id, e.version, e.data
    FROM log AS l JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq ORDER BY l.position
"""
AGE = "DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
EVENTS = "SELECT event_id, stream_id, version, recorded_at, metadata, data FROM event ORDER BY stream_id, version"


async def append(settings: Settings, stream: str, count: int) -> None:
    async with open_backend(settings, name="waybill-test") as backend:
        for _ in range(count):
            received = (NewEvent(uuid4(), StockReceived(1, "delivery ☃")),)
            await backend.store.append((StreamWrite(stream, Expected.ANY, received),))


async def fetch(settings: Settings, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(settings.dsn)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def fill(settings: Settings) -> None:
    """Ten events with positions and three without, of old streams and new ones."""
    await append(settings, "stock/BER/MUG", 6)
    await append(settings, "stock/BER/TEA", 4)
    await sequence(settings.dsn, 10)
    await append(settings, "stock/BER/MUG", TAIL - 1)
    await append(settings, "stock/LYS/MUG", 1)


@pytest.fixture
async def filled(test_settings: Settings) -> Settings:
    await fill(test_settings)
    return test_settings


class Said:
    """A console, and what was printed on it."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.console = Console(file=self.text, width=200)

    def __contains__(self, words: str) -> bool:
        return words in self.text.getvalue()


# Files


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
async def test_a_log_goes_through_a_file(
    filled: Settings, new_database: NewDatabase, tmp_path: Path, name: str
) -> None:
    file, said = tmp_path / name, Said()
    out = await export_log(filled, file, said.console)
    assert (out.events, out.head) == (10 + TAIL, 10)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert file.stat().st_mode & 0o777 == 0o600
    async with new_database() as dsn:
        other = filled.model_copy(update={"database_url": SecretStr(dsn)})
        assert await import_log(other, file, said.console) == out
        assert await fetch(other, SEQUENCED) == await fetch(filled, SEQUENCED)
        assert await fetch(other, EVENTS) == await fetch(filled, EVENTS)
        assert await check_restore(other, said.console)
        with pytest.raises(TransferError, match=f"database {urlsplit(dsn).path[1:]} is not empty"):
            await import_log(other, file, said.console)
    assert "3 get their position from the projector" in said


async def test_files_that_will_not_do(filled: Settings, tmp_path: Path) -> None:
    said = Said().console
    (there := tmp_path / "there.jsonl").write_text("{}\n")
    (packed := tmp_path / "packed.jsonl.gz").write_bytes(b"not gzip")
    for path, told in ((there, "exists"), (tmp_path / "log.csv", "names ending in .jsonl")):
        with pytest.raises(TransferError, match=told):
            await export_log(filled, path, said)
    with pytest.raises(TransferError, match="cannot be written: No such file"):
        await export_log(filled, tmp_path / "missing" / "log.jsonl", said)
    for path, told in (
        (there, "no header"),
        (packed, "cannot be read"),
        (tmp_path / "no.jsonl", "cannot be read"),
    ):
        with pytest.raises(TransferError, match=told):
            await import_log(filled, path, said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["packed.jsonl.gz", "there.jsonl"]


# A dump in a new cluster


@dataclass(frozen=True, slots=True)
class Restored:
    """A new cluster that has counted few transactions; `restore()` fills its database from the dump, again."""

    settings: Settings
    dump: Path

    async def restore(self) -> None:
        options = ["--clean", "--if-exists", "--no-owner", "--exit-on-error"]
        await run("pg_restore", *options, f"--dbname={self.settings.dsn}", str(self.dump))


async def run(program: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        str(programs_dir() / program), *arguments, env={"LC_ALL": "C"}, stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    assert process.returncode == 0, error.decode()


@pytest.fixture
async def restored(test_settings: Settings, tmp_path: Path) -> AsyncIterator[Restored]:
    await fetch(test_settings, AGE)  # the old cluster has counted more transactions than the new one will
    await fill(test_settings)
    await run("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", f"--dbname={test_settings.dsn}")
    home = short_directory()
    outside = {"redis_url": test_settings.redis_dsn, "temporal_address": test_settings.temporal_target}
    cluster = DevStack(stack_settings(home, **outside), durable=False)
    try:
        await cluster.start()
        made = Restored(cluster.settings, tmp_path / "dump")
        await made.restore()
        yield made
    finally:
        await cluster.stop()
        shutil.rmtree(home)


async def test_a_dump_in_a_new_cluster(restored: Restored, test_settings: Settings) -> None:
    """Transaction ids start over: nothing is sequenced until the log is adopted, and then nothing is lost."""
    settings, said = restored.settings, Said()
    before = await fetch(test_settings, SEQUENCED)
    assert await fetch(settings, EVENTS) == await fetch(test_settings, EVENTS)
    assert not await check_restore(settings, said.console)
    assert "run `waybill adopt`" in said
    assert f"{TAIL} events wait for a position" in said
    with pytest.raises(asyncpg.PostgresError, match="another database cluster"):
        await Sequencer(settings.dsn).run()

    await adopt(settings, said.console)
    after = await fetch(settings, SEQUENCED)
    assert after[: len(before)] == before
    tail = [(row["position"], row["stream_id"], row["version"]) for row in after[len(before) :]]
    assert tail == [(11, "stock/BER/MUG", 7), (12, "stock/BER/MUG", 8), (13, "stock/LYS/MUG", 1)]
    assert await check_restore(settings, said.console)
    assert "adopted: log at 13" in said
    await adopt(settings, said.console)
    assert "nothing to adopt, the log is at home in this cluster: log at 13" in said
    assert await fetch(settings, SEQUENCED) == after, "adopting again changes nothing"

    await append(settings, "stock/BER/MUG", 2)
    await sequence(settings.dsn, 2)
    assert [row["version"] for row in await fetch(settings, SEQUENCED)][-2:] == [9, 10]
    assert await check_restore(settings, said.console)

    # The same dump again, in a hurry: somebody appends before the log is adopted.
    await restored.restore()
    await append(settings, "stock/BER/MUG", 1)
    with pytest.raises(TransferError, match="events were appended after the restore"):
        await adopt(settings, said.console)
    await restored.restore()
    await adopt(settings, said.console)
    assert await check_restore(settings, said.console)


async def test_what_a_release_does_not_know_is_named(filled: Settings) -> None:
    said = Said()
    connection = await asyncpg.connect(filled.dsn)
    await connection.execute(
        "UPDATE event SET schema_version = 7 WHERE version = 1 AND stream_id = 'stock/LYS/MUG'"
    )
    await connection.close()
    assert not await check_restore(filled, said.console)
    assert "events StockReceived of schema version 7 are unknown to this release" in said


async def test_a_log_that_waybill_runs_on_is_not_adopted(test_settings: Settings) -> None:
    await append(test_settings, "stock/BER/MUG", 1)
    sequencer = Sequencer(test_settings.dsn, poll=0.01)
    running = asyncio.create_task(sequencer.run())
    async with asyncio.timeout(30):
        while not sequencer.leading:
            await asyncio.sleep(0.01)
    with pytest.raises(TransferError, match="nothing was changed: a projector gives this log its positions"):
        await adopt(test_settings, Said().console)
    running.cancel()
    await asyncio.wait([running])
