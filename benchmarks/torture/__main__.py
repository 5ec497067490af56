"""The event store under SIGKILL: `python -m benchmarks.torture`, or `make torture`.

Writers, sequencers, readers, the relay and a consumer of its streams run as processes, and every one of them,
PostgreSQL and Redis included, is killed again and again while they work. Then each observer's book is held against
what was planned: missed, repeated, reordered and foreign events must be none, and the hash chain must verify.
Prints its seed (`--seed` repeats the plan and the order of kills); exits with a status other than 0 on a fault.
"""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks.results import Row, save
from benchmarks.rival import missed_while_tailing
from benchmarks.servers import servers
from benchmarks.torture.book import Book, Findings, examine
from benchmarks.torture.crew import CREW, Crew, patient, torment
from benchmarks.torture.plan import LANES, Plan
from eventstore.verify import Verified, verify_chain
from ops.config import Settings
from ops.embedded.postgres import ensure_databases, sibling_dsn
from ops.migrate import migrate

OBSERVERS = [f"{part}-{number}" for part in ("reader", "consumer") for number in range(CREW[part])]
TRIES = 3  # at losing an event where nothing holds the loss back
CATCH_UP = 600.0  # seconds without any progress after which an observer is given up
EVENTS_PER_APPEND = 3.7

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed."""

    planned: int
    findings: Sequence[Findings]
    chain: Verified
    kills: dict[str, int]
    seconds: float
    lossy: tuple[int, int] | None  # events written to pyeventsourcing's fast mode, and missed there

    @property
    def faults(self) -> list[str]:
        wrong = [str(each) for each in self.findings if not each.clean]
        if self.chain.fault or self.chain.head != self.planned:
            wrong.append(f"log: {self.chain.fault or 'not as long as planned'} (head {self.chain.head})")
        return wrong


async def torture(arguments: argparse.Namespace, home: Path) -> Outcome:
    """One run, from empty servers to the findings."""
    async with servers(redis=True, durable=arguments.durable) as given:
        settings = given.settings
        await migrate(settings.dsn)
        appends = max(1, round(arguments.events / EVENTS_PER_APPEND / LANES / CREW["writer"]))
        plan = Plan(str(home), settings.dsn, settings.redis_dsn, arguments.seed, CREW["writer"], appends)
        plan.save()
        planned, began = plan.events, time.monotonic()
        crew = Crew(patient(given), home)
        try:
            await crew.start()
            say = console.print if arguments.verbose else (lambda line: None)
            await _until(crew, lambda: all(_count(home, name) for name in OBSERVERS))
            await torment(crew, arguments.seed, arguments.rounds, arguments.pause, say)
            await _catch_up(crew, home, planned)
            seconds = time.monotonic() - began
        finally:
            await crew.stop()
        findings = [_examined(home, name, plan, planned) for name in OBSERVERS]
        connection = await asyncpg.connect(settings.dsn)
        chain = await verify_chain(connection)
        await connection.close()
        lossy = await _lossy(settings) if arguments.rival else None
        return Outcome(planned, findings, chain, dict(crew.kills), seconds, lossy)


async def _lossy(settings: Settings) -> tuple[int, int]:
    """A reader of a store that loses events, with nobody killed: that a count finds them when there are any."""
    dsn = sibling_dsn(settings.dsn, "lossy")
    await ensure_databases(sibling_dsn(settings.dsn, "postgres"), ["lossy"])
    written, missed = 0, 0
    for _ in range(TRIES):
        written, missed = await asyncio.to_thread(
            missed_while_tailing, dsn, b"{}", fast=True, threads=8, seconds=10.0
        )
        if missed:
            break
    return written, missed


async def _until(crew: Crew, condition: Callable[[], bool]) -> None:
    while not condition():
        crew.check()
        await asyncio.sleep(0.1)


async def _catch_up(crew: Crew, home: Path, planned: int) -> None:
    """Wait until every observer has seen as many events as there are, or sees no more."""
    best, since = -1, time.monotonic()
    while (seen := [_count(home, name) for name in OBSERVERS]) and min(seen) < planned:
        crew.check()
        if sum(seen) != best:
            best, since = sum(seen), time.monotonic()
        if time.monotonic() - since > CATCH_UP:
            console.print(f"gave up waiting: {dict(zip(OBSERVERS, seen, strict=True))} of {planned}")
            return
        await asyncio.sleep(0.2)


def _count(home: Path, observer: str) -> int:
    path = home / f"{observer}.db"
    if not path.exists():
        return 0
    book = Book(path)
    try:
        return book.count
    finally:
        book.close()


def _examined(home: Path, observer: str, plan: Plan, planned: int) -> Findings:
    book = Book(home / f"{observer}.db")
    try:
        return examine(observer, book.rows(), plan, planned)
    finally:
        book.close()


def report(outcome: Outcome) -> None:
    table = Table(title=f"{outcome.planned:,} events in {outcome.seconds:.0f} s", title_justify="left")
    for column in ("observer", "seen", "missed", "repeated", "reordered", "foreign"):
        table.add_column(column, justify="left" if column == "observer" else "right")
    for each in outcome.findings:
        values = (each.seen, each.missed, each.repeated, each.reordered, each.foreign)
        table.add_row(each.observer, *(f"{value:,}" for value in values))
    console.print(table)
    console.print("killed: " + ", ".join(f"{name} {count}" for name, count in sorted(outcome.kills.items())))
    if outcome.lossy:
        written, missed = outcome.lossy
        console.print(
            f"for comparison, pyeventsourcing's fast mode with nobody killed: {missed:,} of {written:,} missed"
        )
    console.print(f"hash chain: {outcome.chain.fault or 'verified'}, head {outcome.chain.head:,}")


def rows(outcome: Outcome) -> list[Row]:
    measured = [Row("events written", outcome.planned, "events"), Row("kills", sum(outcome.kills.values()), "")]
    for each in outcome.findings:
        for name in ("missed", "repeated", "reordered", "foreign"):
            measured.append(Row(f"{each.observer}: {name}", getattr(each, name), "events"))
    if outcome.lossy:
        written, missed = outcome.lossy
        measured.append(Row(f"pyeventsourcing, fast mode, nobody killed: missed of {written:,}", missed, "events"))
    return [*measured, Row("duration", outcome.seconds, "s")]


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.torture", description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=2_200_000, help="about how many events are written")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the plan and of the kills; at random if not given"
    )
    parser.add_argument(
        "--pause", type=float, default=0.7, help="seconds between kills, at least; three times at most"
    )
    parser.add_argument(
        "--rounds", type=int, default=1_000_000, help="rounds of kills, if not all is written earlier"
    )
    parser.add_argument("--no-fsync", dest="durable", action="store_false", help="only a power cut would tell")
    parser.add_argument("--no-rival", dest="rival", action="store_false", help="leave pyeventsourcing out")
    parser.add_argument("--save", action="store_true", help="write results/torture.json")
    parser.add_argument("--home", type=Path, help="an empty directory for books and logs; kept")
    parser.add_argument("--verbose", action="store_true", help="say who is killed")
    arguments = parser.parse_args(given)
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(2**32)
    home = arguments.home or Path(tempfile.mkdtemp(prefix="waybill-torture-"))
    console.print(f"seed {arguments.seed}, books and logs in {home}")
    outcome = asyncio.run(torture(arguments, home))
    report(outcome)
    if arguments.save:
        save("torture", rows(outcome), {"seed": arguments.seed, "events": outcome.planned, "kills": outcome.kills})
    for fault in outcome.faults:
        console.print(f"FAULT with seed {arguments.seed}: {fault}", style="bold red")
    if not (outcome.faults or arguments.home):
        shutil.rmtree(home)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
