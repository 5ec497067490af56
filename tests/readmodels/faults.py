"""Projections that stand in the way, so that tests can hold a batch open or break it."""

import asyncio
from collections.abc import Sequence
from typing import Self

from sqlalchemy import text

from eventstore.store import Recorded
from readmodels.base import ByStream, Tables, Write

GATE = 4711


class Still(ByStream):
    """Without tables; each build shares the instance that the test holds."""

    def fresh(self) -> Self:
        return self


class Gate(Still):
    """Its write waits for a lock that a test holds: the batch's other rows are written, nothing is committed."""

    name, version, streams, tables = "gate", 1, ("order/", "stock/"), ()

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        return [Write(text("SELECT pg_advisory_xact_lock(:gate)"), {"gate": GATE})]


class Pause(Still):
    """Pauses before anything of the batch is written, once it is told to."""

    name, version, streams, tables = "pause", 1, ("order/", "stock/"), ()

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        self.reached.set()
        await self.go_on.wait()
        return []


class Breaks(Still):
    """Cannot apply the events at some positions: `raises` in Python, `fails` in the database."""

    name, version, streams, tables = "breaks", 1, ("order/", "stock/"), ()

    def __init__(self, *, raises: int | None = None, fails: int | None = None) -> None:
        self.raises, self.fails = raises, fails
        self.applied: list[int | None] = []

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        places = [event.position for event in events]
        if self.raises in places:
            raise LookupError("a bug")
        divisor = 0 if self.fails in places else 1
        return [Write(text("SELECT 1 / CAST(:divisor AS integer)"), {"divisor": divisor})]
