"""Projections that an operator may operate, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import DomainError
from readmodels.operating import BuildView, Comparison, ParkedKey, RowDifference, TableDifference
from readmodels.views import Page
from tests.support import samples


def build(number: int, state: str, position: int = 40) -> BuildView:
    at = samples.NOON
    return BuildView("orders", number, 1, state, position, 42, 0, False, "operator:1", at, None, 2.0)


PARKED = ParkedKey(
    "orders", 1, "live", "order/x", 7, "OrderPlaced", "bug", 1, 2, samples.NOON, samples.NOON, False
)


@dataclass
class FakeProjections:
    """Notes what it was asked; `fails` is raised by everything."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fails: DomainError | None = None

    async def builds(self) -> Sequence[BuildView]:
        return [build(1, "live"), build(2, "candidate", 10)]

    async def rebuild(self, projection: str, *, actor: str, switch: bool = False) -> BuildView:
        self._note("rebuild", projection, actor=actor, switch=switch)
        return build(2, "candidate", 0)

    async def switch(self, projection: str, *, actor: str, force: bool = False) -> Sequence[BuildView]:
        self._note("switch", projection, actor=actor, force=force)
        return [build(2, "live"), build(1, "previous")]

    async def roll_back(self, projection: str, *, actor: str, force: bool = False) -> Sequence[BuildView]:
        self._note("roll_back", projection, actor=actor, force=force)
        return [build(1, "live"), build(2, "previous")]

    async def discard(self, projection: str, *, actor: str) -> Sequence[BuildView]:
        self._note("discard", projection, actor=actor)
        return [build(1, "live")]

    async def compare(self, projection: str) -> Comparison:
        self._note("compare", projection)
        sample = RowDifference({"order_id": "x"}, None, ["state"])
        return Comparison(
            build(1, "live"), build(2, "candidate"), [TableDifference("orders", 3, 0, 0, 1, [sample])]
        )

    async def parked(self, projection: str, *, limit: int, cursor: str | None) -> Page[ParkedKey]:
        self._note("parked", projection, limit=limit, cursor=cursor)
        return Page([PARKED], None)

    async def retry(self, projection: str, key: str | None, *, actor: str) -> int:
        self._note("retry", projection, key=key, actor=actor)
        return 1

    async def skip(self, projection: str, key: str, *, reason: str, actor: str) -> ParkedKey:
        self._note("skip", projection, key=key, reason=reason, actor=actor)
        return PARKED

    def _note(self, what: str, projection: str, **given: Any) -> None:
        if self.fails:
            raise self.fails
        self.asked.append((what, {"projection": projection, **given}))
