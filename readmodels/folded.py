"""Rows that are each the fold of one stream: the states after a batch, with the events that began and ended it."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Executable

from eventstore.store import Recorded
from readmodels.base import Tables

V = TypeVar("V")


async def folded(
    tables: Tables,
    events: Sequence[Recorded],
    prefix: str,
    load: Executable,
    stored: TypeAdapter[V],
    evolve: Callable[[Any, Any], Any],
    initial: object,
) -> Sequence[tuple[V, Recorded, Recorded]]:
    """The state of each stream that the events change, and its first and last event among them.

    Args:
        prefix: What the streams' ids begin with; the rest is the row's id.
        load: Selects id and state of the rows named by `ids`.
        initial: The state of a stream that has nothing to show.
    """
    ids = {recorded.stream_id.removeprefix(prefix) for recorded in events}
    rows = await tables.fetch(load, {"ids": list(ids)})
    states: dict[str, Any] = {f"{prefix}{key}": stored.validate_json(state) for key, state in rows}
    span: dict[str, tuple[Recorded, Recorded]] = {}
    for recorded in events:
        stream = recorded.stream_id
        states[stream] = evolve(states.get(stream, initial), recorded.event)
        span[stream] = (span[stream][0] if stream in span else recorded, recorded)
    return [(states[stream], first, last) for stream, (first, last) in span.items() if states[stream] != initial]
