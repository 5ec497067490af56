"""pyeventsourcing on the same PostgreSQL, called as fast as its own interface allows.

Its recorder is called directly, without the aggregates, mappers and transcoders above it: `insert_events` from a
number of threads, each with a connection of its own out of its pool, with psycopg's compiled driver. In its
default mode an append locks the table of events, which orders them; `fast` is its mode of database functions
(`POSTGRES_ENABLE_DB_FUNCTIONS`), which does not, and whose readers therefore pass over events that commit late.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from benchmarks.loops import Window, quantile

TOPIC = "domain.payments.events:PaymentAuthorized"
PAGE = 5000


@contextmanager
def rival(dsn: str, *, threads: int, fast: bool = False) -> Iterator[PostgresApplicationRecorder]:
    """Its recorder on a database of its own, with as many connections as threads and one to read."""
    parts = urlsplit(dsn)
    datastore = PostgresDatastore(
        parts.path[1:],
        parts.hostname or "",
        parts.port or 5432,
        parts.username or "",
        parts.password or "",
        pool_size=threads + 1,
        enable_db_functions=fast,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    try:
        yield recorder
    finally:
        datastore.close()


def append(
    recorder: PostgresApplicationRecorder, state: bytes, *, threads: int, per_append: int, seconds: float
) -> Window:
    """Append from every thread for so long, each to streams of its own; gives what was finished."""
    began, latencies = time.perf_counter(), list[float]()

    def work() -> None:
        while time.perf_counter() < began + seconds:
            stream = uuid4()
            for version in range(1, 10 * per_append, per_append):
                started = time.perf_counter()
                recorder.insert_events(
                    [StoredEvent(stream, version + index, TOPIC, state) for index in range(per_append)]
                )
                latencies.append(time.perf_counter() - started)

    _in_threads(work, threads)
    return Window(len(latencies) * per_append, time.perf_counter() - began, latencies)


def catch_up(recorder: PostgresApplicationRecorder, decode: Callable[[bytes], object]) -> tuple[int, float]:
    """Read all events from the first on, decoded; gives their number and the seconds it took."""
    began, read, last = time.perf_counter(), 0, 0
    while events := recorder.select_notifications(last + 1, PAGE):
        for event in events:
            decode(event.state)
        read, last = read + len(events), events[-1].id
    return read, time.perf_counter() - began


def missed_while_tailing(dsn: str, state: bytes, *, fast: bool, threads: int, seconds: float) -> tuple[int, int]:
    """Follow its log while threads write to it, as our own readers do; gives events written and events missed."""
    with rival(dsn, threads=threads, fast=fast) as recorder:
        seen: set[int] = set()
        done = threading.Event()

        def tail() -> None:
            last = recorder.max_notification_id() or 0
            finishing = False
            while True:
                events = recorder.select_notifications(last + 1, PAGE)
                seen.update(event.id for event in events)
                last = events[-1].id if events else last
                if finishing and not events:
                    return
                finishing = done.is_set()

        before = recorder.max_notification_id() or 0
        reader = threading.Thread(target=tail)
        reader.start()
        append(recorder, state, threads=threads, per_append=3, seconds=seconds)
        done.set()
        reader.join()
        written = {event.id for event in _all(recorder, before)}
        return len(written), len(written - seen)


def _all(recorder: PostgresApplicationRecorder, after: int) -> Iterator[Notification]:
    while events := recorder.select_notifications(after + 1, PAGE):
        yield from events
        after = events[-1].id


def _in_threads(work: Callable[[], None], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()


def p99(window: Window) -> float:
    """Milliseconds."""
    return 1000 * quantile(window.latencies, 0.99)
