"""What operators see of projections and may do with them: the shapes, and the protocol that callers are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from readmodels.views import Page


@dataclass(frozen=True, slots=True)
class BuildView:
    """A filling of a projection's tables. `state`: live | candidate | previous.

    `rate` is events per second from its beginning until it had caught up (or now), `remaining` the seconds that
    the rest takes at that rate; None where it has not moved yet.
    """

    projection: str
    build: int
    version: int
    state: str
    position: int
    head: int
    parked: int
    switches: bool
    begun_by: str
    begun_at: datetime
    caught_up_at: datetime | None
    elapsed: float

    @property
    def events(self) -> int:
        return max(0, self.head - self.position)

    @property
    def rate(self) -> float | None:
        return self.position / self.elapsed if self.position and self.elapsed > 0 else None

    @property
    def remaining(self) -> float | None:
        rate = self.rate
        return None if rate is None else self.events / rate


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row by its key. `columns` differ; none where the row stands on one side alone. Values may be personal."""

    key: Mapping[str, str]
    only_in: str | None
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class TableDifference:
    table: str
    rows: int
    only_live: int
    only_candidate: int
    different: int
    samples: Sequence[RowDifference]

    @property
    def same(self) -> bool:
        return not (self.only_live or self.only_candidate or self.different)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The candidate beside the live build, in one snapshot: at one position they should agree."""

    live: BuildView
    candidate: BuildView
    tables: Sequence[TableDifference]

    @property
    def same(self) -> bool:
        return all(table.same for table in self.tables)


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """`position` and `type` are the poison's; `waiting` counts it and what is behind it."""

    projection: str
    build: int
    state: str
    key: str
    position: int
    type: str
    error: str
    attempts: int
    waiting: int
    parked_at: datetime
    tried_at: datetime
    wanted: bool


class ProjectionControl(Protocol):
    """Everything an operator may do. Every change is noted with its actor.

    All raise NotFound (`projection-not-found`) for a name there is none of.
    """

    async def builds(self) -> Sequence[BuildView]: ...

    async def rebuild(self, projection: str, *, actor: str, switch: bool = False) -> BuildView:
        """Begin to fill a candidate, which goes live by itself once it has caught up, if `switch` says so.

        Raises:
            NotAllowed: `rebuild-in-progress`, `projection-not-fed`.
        """
        ...

    async def switch(self, projection: str, *, actor: str, force: bool = False) -> Sequence[BuildView]:
        """Make the candidate live. `force` takes one that is behind, or has more keys parked.

        Raises:
            NotAllowed: `no-candidate`, `build-behind`, `build-incomplete`, `switch-blocked`.
        """
        ...

    async def roll_back(self, projection: str, *, actor: str, force: bool = False) -> Sequence[BuildView]:
        """Make the previous build live. Raises NotAllowed: `no-previous`, `build-behind`, `switch-blocked`."""
        ...

    async def discard(self, projection: str, *, actor: str) -> Sequence[BuildView]:
        """Drop the candidate. Raises NotAllowed: `no-candidate`."""
        ...

    async def compare(self, projection: str) -> Comparison:
        """Raises NotAllowed: `no-candidate`."""
        ...

    async def parked(self, projection: str, *, limit: int, cursor: str | None) -> Page[ParkedKey]: ...

    async def retry(self, projection: str, key: str | None, *, actor: str) -> int:
        """Ask for parked keys, all or one, to be tried again; gives how many. Raises NotFound."""
        ...

    async def skip(self, projection: str, key: str, *, reason: str, actor: str) -> ParkedKey:
        """Give the first event of a parked key up, and go on with those behind it. Raises NotFound."""
        ...
