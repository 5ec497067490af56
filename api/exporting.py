"""Exports of orders as jobs: what the API asks of whoever keeps and makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from readmodels.views import OrderFilter


class ExportFormat(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


class ExportState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Export:
    """`orders`: how many were found so far. `estimated`: how many there were when it began, once counted."""

    export_id: UUID
    owner: str
    format: ExportFormat
    state: ExportState
    orders: int
    estimated: int | None
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime


class Exports(Protocol):
    """`ops.exports.PostgresExports` is one."""

    async def begin(self, export_id: UUID, owner: str, form: ExportFormat, where: OrderFilter) -> Export | None:
        """The job, made now or before; None where the owner has too many that run.

        Raises InvalidValue (`idempotency-key-reuse`).
        """
        ...

    async def find(self, export_id: UUID) -> Export | None:
        """The job, until it has expired."""
        ...

    async def cancel(self, export_id: UUID) -> None:
        """End it, if it has not ended, and forget what it found."""
        ...

    async def part(self, export_id: UUID, number: int) -> Sequence[UUID] | None:
        """The orders of a part; None where there is none yet."""
        ...
