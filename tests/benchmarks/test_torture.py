"""The torture in short, and that its count of faults can find each of them."""

import asyncio
import sys
from pathlib import Path

import pytest

from benchmarks.torture.book import Book, Findings, Seen, examine
from benchmarks.torture.parts import Violation, check
from benchmarks.torture.plan import LANES, Plan
from eventstore.store import Appended

PLAN = Plan("", "", "", seed=7, writers=2, appends=3)


def log_of(plan: Plan) -> list[Seen]:
    """The plan's events as a faultless reader sees them."""
    versions: dict[str, int] = {}
    seen: list[Seen] = []
    for writer in range(plan.writers):
        for lane in range(LANES):
            for append in plan.lane(writer, lane):
                for write in append.writes():
                    for event in write.events:
                        version = versions[write.stream_id] = versions.get(write.stream_id, 0) + 1
                        seen.append((len(seen) + 1, event.event_id.bytes, write.stream_id, version))
    return seen


def found(rows: list[Seen]) -> tuple[int, int, int, int]:
    each = examine("reader", rows, PLAN, PLAN.events)
    return each.missed, each.repeated, each.reordered, each.foreign


def test_a_faultless_reader_is_clean() -> None:
    rows = log_of(PLAN)
    assert len(rows) == PLAN.events
    assert found(rows) == (0, 0, 0, 0)
    assert examine("reader", rows, PLAN, PLAN.events).clean


def test_every_fault_is_counted() -> None:
    rows = log_of(PLAN)
    assert found(rows[:-1]) == (1, 0, 0, 0), "the last is missed"
    assert found([*rows[:9], *rows[10:]]) == (1, 0, 1, 0), "one is missed, and the next is not where it should be"
    assert found([*rows, rows[4]]) == (0, 1, 0, 0), "one comes twice"
    assert found([*rows, (len(rows) + 1, bytes(16), "order/x", 1)]) == (0, 0, 0, 1), "one that nobody wrote"
    swapped: list[Seen] = [(None, *row[1:]) for row in rows]
    twin = next(nr for nr, row in enumerate(swapped) if nr and row[2] == swapped[nr - 1][2])
    swapped[twin - 1], swapped[twin] = swapped[twin], swapped[twin - 1]
    assert found(swapped) == (0, 0, 1, 0), "two of a stream change places"
    assert not Findings("x", 1, 0, 0, 1).clean


def test_a_lane_goes_on_from_where_it_was_answered() -> None:
    plan = Plan("", "", "", seed=1, writers=1, appends=120)
    whole = list(plan.lane(0, 3))
    assert [append.number for append in whole] == list(range(120))
    for after in (-1, 0, 49, 50, 118, 119):
        assert list(plan.lane(0, 3, after)) == whole[after + 1 :]


def test_a_writer_notices_a_wrong_answer() -> None:
    append = next(iter(PLAN.lane(0, 0)))
    right = {append.stream: append.own}
    check(append, Appended(right), again=False)
    check(append, Appended(right, repeated=True), again=True)
    for answer, again in ((Appended({append.stream: append.own + 1}), False), (Appended(right), True)):
        with pytest.raises(Violation):
            check(append, answer, again=again)


def test_a_consumers_book_holds_repeats_back(tmp_path: Path) -> None:
    rows = log_of(PLAN)[:6]
    book = Book(tmp_path / "book.db")
    assert book.handle("waybill.orders", "5-0", rows[:5]) == 0
    assert book.handle("waybill.orders", "6-0", rows[2:]) == 3
    book.close()
    again = Book(tmp_path / "book.db")
    assert list(again.rows()) == rows
    assert (again.cursors(), again.count, again.position) == ({"waybill.orders": "6-0"}, 6, 6)
    again.close()


@pytest.mark.timeout(600)
async def test_nothing_is_missed_repeated_or_reordered_while_everything_is_killed(tmp_path: Path) -> None:
    """Each process is killed at least once, PostgreSQL and Redis included; `make torture` is the long version."""
    arguments = [
        "--events",
        "12000",
        "--rounds",
        "1",
        "--pause",
        "0.1",
        "--no-fsync",
        "--no-rival",
        "--home",
        str(tmp_path),
        "--verbose",
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.torture", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-4000:]
