"""What an observer saw, in a file that outlives its process, and what is wrong with it."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from benchmarks.torture.plan import Plan

TABLES = """
    CREATE TABLE IF NOT EXISTS seen (
        nr INTEGER PRIMARY KEY, position INTEGER,
        event_id BLOB NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS inbox (event_id BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS cursor (topic TEXT PRIMARY KEY, last TEXT NOT NULL);
"""
SEE = "INSERT INTO seen (position, event_id, stream, version) VALUES (?, ?, ?, ?)"

Seen = tuple[int | None, bytes, str, int]
"""Position (if the observer learns it), event id, stream and version."""


class Book:
    """One observer's effects. What is written in one call is there whole or not at all, whenever it is killed."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + TABLES)

    def see(self, events: Iterable[Seen]) -> None:
        """An effect per event, as a reader with a checkpoint has it: nothing would hold a repeat back."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany(SEE, events)

    def handle(self, topic: str, last: str, events: Sequence[Seen]) -> int:
        """An effect per event that is not in the inbox, and the place read up to; gives the number of repeats."""
        repeats = 0
        with self._db:
            self._db.execute("BEGIN")
            for event in events:
                new = self._db.execute("INSERT OR IGNORE INTO inbox VALUES (?)", (event[1],)).rowcount
                if new:
                    self._db.execute(SEE, event)
                repeats += not new
            self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (topic, last))
        return repeats

    def cursors(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT topic, last FROM cursor"))

    @property
    def position(self) -> int:
        """The last position seen; a reader's checkpoint."""
        found: int = self._db.execute("SELECT coalesce(max(position), 0) FROM seen").fetchone()[0]
        return found

    @property
    def count(self) -> int:
        found: int = self._db.execute("SELECT coalesce(max(nr), 0) FROM seen").fetchone()[0]
        return found

    def rows(self) -> Iterable[Seen]:
        """Everything seen, in the order of seeing."""
        return self._db.execute("SELECT position, event_id, stream, version FROM seen ORDER BY nr")

    def close(self) -> None:
        self._db.close()


@dataclass(frozen=True, slots=True)
class Findings:
    """An observer's faults against the plan. `foreign` events were never written by it."""

    observer: str
    seen: int
    missed: int
    repeated: int
    reordered: int
    foreign: int = 0

    @property
    def clean(self) -> bool:
        return not (self.missed or self.repeated or self.reordered or self.foreign)


def examine(observer: str, rows: Iterable[Seen], plan: Plan, planned: int) -> Findings:
    """Count an observer's faults.

    Reordered is an event behind a later one of its stream, or (where positions are seen) one that is not at the
    position next to that of the event before it.
    """
    known: set[bytes] = set()
    versions: dict[str, int] = {}
    seen = repeated = reordered = foreign = last = 0
    for position, event_id, stream, version in rows:
        seen += 1
        if event_id in known:
            repeated += 1
            continue
        known.add(event_id)
        foreign += not plan.holds(UUID(bytes=event_id))
        reordered += version <= versions.get(stream, 0) or position not in (None, last + 1)
        versions[stream] = max(version, versions.get(stream, 0))
        last = position or last
    return Findings(observer, seen, planned - (len(known) - foreign), repeated, reordered, foreign)
