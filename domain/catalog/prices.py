"""Which price counts when: a standing price per currency, and scheduled ones that count instead for a while.

A scheduled price counts from its beginning, included, to its end, excluded. Those of one currency do not overlap,
so at any moment there is at most one; without one the standing price counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.money import Money

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScheduledPrice:
    """`valid_until` is None while no end is known."""

    price_id: str
    price: Money
    valid_from: datetime
    valid_until: datetime | None

    @property
    def end(self) -> datetime:
        return self.valid_until or FOREVER

    def counts_at(self, at: datetime) -> bool:
        return self.valid_from <= at < self.end

    def overlaps(self, other: "ScheduledPrice") -> bool:
        same = self.price.currency == other.price.currency
        return same and self.valid_from < other.end and other.valid_from < self.end


def price_at(
    standing: Mapping[str, Money], scheduled: Iterable[ScheduledPrice], currency: str, at: datetime
) -> Money | None:
    """The price that counts at a moment, or None if there is none in the currency."""
    for each in scheduled:
        if each.price.currency == currency and each.counts_at(at):
            return each.price
    return standing.get(currency)


def prices_at(
    standing: Mapping[str, Money], scheduled: Sequence[ScheduledPrice], at: datetime
) -> Mapping[str, Money]:
    """Every price that counts at a moment, by currency."""
    return {**standing, **{each.price.currency: each.price for each in scheduled if each.counts_at(at)}}


def ended(scheduled: Iterable[ScheduledPrice], price_id: str, valid_until: datetime) -> tuple[ScheduledPrice, ...]:
    """The prices after one of them was ended; one that would not have begun by then is gone."""
    changed = (
        replace(each, valid_until=min(each.end, valid_until)) if each.price_id == price_id else each
        for each in scheduled
    )
    return tuple(each for each in changed if each.price_id != price_id or each.valid_from < each.end)


def without_past(scheduled: Iterable[ScheduledPrice], at: datetime) -> tuple[ScheduledPrice, ...]:
    """Those that count at the moment or will: what is over is told by the price history."""
    return tuple(each for each in scheduled if each.end > at)
