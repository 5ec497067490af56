"""What those who run the shop ask of all orders: who did what, what was sold, how far they get and how fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.money import Money
from readmodels.views import Page


@dataclass(frozen=True, slots=True)
class Action:
    """One event that an operator caused. `action` is the event's type."""

    position: int
    actor: str
    action: str
    stream: str
    version: int
    order_id: UUID | None
    reason: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """All conditions hold."""

    actor: str | None = None
    action: str | None = None
    order_id: UUID | None = None


class SalesBy(StrEnum):
    DAY = "day"
    PRODUCT = "product"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of placing, UTC, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Sales:
    """Sums over the orders placed in a period. By product there are only `units` and `ordered`.

    `ordered` is what they were placed at; by product without shipping and taxes that are added.
    """

    key: str
    units: int
    ordered: Money
    orders: int | None = None
    cancelled: int | None = None
    captured: Money | None = None
    refunded: Money | None = None


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How many orders reached a stage, and how long after their placing, in seconds.

    The percentiles are bounds: at least that share of the orders was faster, by less than a factor of two.
    """

    stage: str
    orders: int
    mean: float
    p50: float
    p95: float


class Insight(Protocol):
    async def audit(self, where: AuditFilter, *, limit: int, cursor: str | None) -> Page[Action]:
        """Newest first."""
        ...

    async def sales(self, by: SalesBy, period: Period, *, limit: int) -> Sequence[Sales]:
        """By day in their order, else those that sold for most first, currency by currency."""
        ...

    async def stages(self, period: Period) -> Sequence[StageTimes]:
        """Every stage, in the order in which an order goes through them."""
        ...
