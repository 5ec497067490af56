"""Deciders: `decide` turns a state and a command into events, `evolve` turns a state and an event into a state.

Rules live in `decide`. `evolve` never refuses: whatever was once written must always load.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

S = TypeVar("S")
E = TypeVar("E")


def fold(evolve: Callable[[S, E], S], state: S, events: Iterable[E]) -> S:
    """The state after `events`."""
    for event in events:
        state = evolve(state, event)
    return state
