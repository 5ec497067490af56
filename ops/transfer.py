"""`waybill export`, `import`, `restore-check` and `adopt`: the log as a file, and in another cluster."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from rich.console import Console
from rich.progress import Progress

from eventstore.codec import Codec, UnknownEventType
from eventstore.connections import connected
from eventstore.restore import adopt_log, examine_log, is_led, stored_kinds
from eventstore.store import StoreError
from eventstore.transfer import MAX_LINE, ImportRefused, Transferred, export_events, import_events
from eventstore.verify import verify_chain
from ops.bootstrap import await_database, codec
from ops.config import Settings

NAME = "waybill-transfer"
GZIP_LEVEL = 4


class TransferError(Exception):
    """What the file or the store does not allow; `str()` is for a person."""


async def export_log(settings: Settings, path: Path, console: Console) -> Transferred:
    """Write the log to a new file; gzip by its name. The file appears when it is whole.

    Raises:
        TransferError: it exists, or cannot be written.
    """
    await await_database(settings)
    with _new_file(path) as file:
        async with connected(settings.dsn, NAME) as connection:
            exported = await export_events(connection, file.write)
    console.print(f"{exported.events} events exported, log at {exported.head}, hash {exported.hash}")
    return exported


async def import_log(settings: Settings, path: Path, console: Console) -> Transferred:
    """Read such a file into an empty store.

    Raises:
        TransferError: the file cannot be read or is damaged, or the store is not empty.
    """
    await await_database(settings)
    try:
        with _opened(path, "rb", path.suffix) as file, _progress(console) as progress:
            task = progress.add_task("importing")
            async with connected(settings.dsn, NAME) as connection:
                imported = await import_events(
                    connection, _lines(file), lambda done, of: progress.update(task, completed=done, total=of)
                )
    except (OSError, EOFError) as error:
        raise TransferError(f"{path} cannot be read: {error}") from error
    except ImportRefused as error:
        raise TransferError(f"{path}: {error}") from error
    waiting = imported.events - imported.head
    console.print(
        f"{imported.events} events imported, log at {imported.head}, hash {imported.hash};"
        f" {waiting} get their position from the projector"
    )
    return imported


async def check_restore(settings: Settings, console: Console) -> bool:
    """Say whether this cluster and this release can go on with the log; whether all is well."""
    await await_database(settings)
    async with connected(settings.dsn, NAME) as connection:
        found, verified = await examine_log(connection), await verify_chain(connection)
        events = codec()
        unknown = [kind for kind in await stored_kinds(connection) if not _known(events, *kind)]
    console.print(f"log at {found.head}, {found.waiting} events wait for a position, newest {found.newest}")
    console.print(f"hash {verified.hash}")
    faults = [f"the chain does not verify: {verified.fault}"] if verified.fault else []
    if found.foreign:
        faults.append("another cluster wrote this log: run `waybill adopt` before anything appends")
    faults += [
        f"events {name} of schema version {version} are unknown to this release" for name, version in unknown
    ]
    for fault in faults:
        console.print(f"[red]wrong[/] {fault}")
    if not faults:
        console.print("[green]ok[/]")
    return not faults


async def adopt(settings: Settings, console: Console) -> None:
    """Make a restored log at home in this cluster, and verify it. Changes nothing where it is at home already.

    Raises:
        TransferError: Waybill runs on it, it cannot be adopted, or it does not verify.
    """
    await await_database(settings)
    async with connected(settings.dsn, NAME) as connection:
        if await is_led(connection):
            raise TransferError(
                "nothing was changed: a projector gives this log its positions, so it is at home here and Waybill"
                " runs on it; a restored log is adopted before any process is started"
            )
        found = await examine_log(connection)
        at_home = not found.foreign and not found.waiting
        try:
            head = found.head if at_home else await adopt_log(connection)
        except StoreError as error:
            raise TransferError(str(error)) from error
        verified = await verify_chain(connection)
    if verified.fault:
        raise TransferError(f"the chain does not verify: {verified.fault}")
    done = "nothing to adopt, the log is at home in this cluster" if at_home else "adopted"
    console.print(f"{done}: log at {head}, hash {verified.hash}")


def _known(events: Codec, name: str, version: int) -> bool:
    try:
        return events.newest(name) >= version
    except UnknownEventType:
        return False


def _progress(console: Console) -> Progress:
    return Progress(console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there once it is whole, and on disk. Raises TransferError."""
    if path.exists():
        raise TransferError(f"{path} exists; give a new name")
    partial = path.with_name(path.name + ".part")
    try:
        with _opened(partial, "wb", path.suffix) as file:
            yield file
        partial.rename(path)
    except OSError as error:
        raise TransferError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, mode: str, suffix: str) -> Iterator[IO[bytes]]:
    """The file, compressed by the name it will have; what was written is on disk afterwards."""
    if suffix not in (".jsonl", ".gz"):
        raise TransferError(f"{path.name.removesuffix('.part')}: names ending in .jsonl or .jsonl.gz are taken")
    with path.open(mode) as plain:
        if mode == "wb":
            path.chmod(0o600)
        if suffix == ".gz":
            with gzip.GzipFile(fileobj=plain, mode=mode, compresslevel=GZIP_LEVEL) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield cast(IO[bytes], plain)
        if mode == "wb":
            plain.flush()
            os.fsync(plain.fileno())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE):
        yield line
