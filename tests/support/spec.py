"""Given, when, then: a decider's tests in literal events.

given = Spec(evolve, INITIAL).given
given(StockReceived(5, "delivery")).when(reserve, ORDER, 3).then(UnitsReserved(ORDER, 3))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, Generic, ParamSpec, TypeVar

from domain.decider import fold
from domain.errors import DomainError, NotAllowed

S = TypeVar("S")
E = TypeVar("E")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[E]):
    """What a decision gave: events, or a refusal."""

    events: Sequence[E]
    refusal: DomainError | None

    def then(self, *expected: E) -> None:
        if self.refusal:
            raise self.refusal
        assert list(self.events) == list(expected)

    def then_nothing(self) -> None:
        """Allowed, and there was nothing to do."""
        self.then()

    def then_refused(self, code: str, kind: type[DomainError] = NotAllowed) -> DomainError:
        """Refused as exactly `kind`, with this code and a message."""
        assert self.refusal, f"allowed, with {self.events}"
        assert (type(self.refusal), self.refusal.code) == (kind, code)
        assert self.refusal.message
        return self.refusal


@dataclass(frozen=True, slots=True)
class Given(Generic[S, E]):
    state: S

    def when(
        self, decide: Callable[Concatenate[S, P], Sequence[E]], *args: P.args, **kwargs: P.kwargs
    ) -> Outcome[E]:
        try:
            return Outcome(decide(self.state, *args, **kwargs), None)
        except DomainError as refusal:
            return Outcome((), refusal)


@dataclass(frozen=True, slots=True)
class Spec(Generic[S, E]):
    """A decider's fold. `given` takes the events that happened."""

    evolve: Callable[[S, E], S]
    initial: S

    def given(self, *events: E) -> Given[S, E]:
        return Given(fold(self.evolve, self.initial, events))
