"""An order as it was: `as_of` read off the request, and the order folded from its stream up to then."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from activities.order_stream import fold_order, order_stream
from api import positions
from api.errors import Problem
from domain.errors import InvalidValue, NotFound
from eventstore.store import Recorded
from eventstore.time_travel import AsOf, AtPosition, AtTime, AtVersion, NotReached, StreamHistory
from readmodels.views import OrderView

AsOfParameter = Annotated[
    str | None,
    Query(
        max_length=positions.MAX_TOKEN,
        description="Show the order as it was: at an RFC 3339 time (write `+` as `%2B`), at a version, or"
        " when a `Waybill-Position` was written, be it of this order or of anything else",
    ),
]

_VERSION: Final = re.compile(r"[0-9]{1,15}")
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


async def moment(history: StreamHistory, order_id: UUID, text: str) -> AsOf:
    """What `as_of` names.

    Raises:
        InvalidValue: `invalid-as-of`, it names nothing, or what is not there.
        Problem: `read-not-caught-up`, the position is too young to be compared with others.
    """
    if _VERSION.fullmatch(text):
        if int(text) == 0:
            raise _invalid("versions count from 1")
        return AtVersion(int(text))
    if _TIME.fullmatch(text):
        return AtTime(_time(text))
    try:
        named = positions.decode(text)
    except InvalidValue:
        raise _invalid(
            "an RFC 3339 time such as 2026-03-01T12:00:00Z, a version such as 3, or a Waybill-Position is accepted"
        ) from None
    if named.stream_id == order_stream(order_id) and named.version:
        return AtVersion(named.version)
    try:
        position = await history.position_of(named.stream_id, named.version)
    except NotReached as error:
        raise _invalid(f"nothing was written at this position: {error.present}") from None
    if position is None:
        raise Problem("read-not-caught-up", "the log has not reached this position yet; repeat it in a moment")
    return AtPosition(position)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _invalid("there is no such time") from None


def _invalid(why: str) -> InvalidValue:
    return InvalidValue(f"as_of: {why}", code="invalid-as-of")


async def order_as_of(history: StreamHistory, order_id: UUID, as_of: AsOf) -> OrderView:
    """The order as it was.

    Raises:
        NotFound: `order-not-placed-then`.
        InvalidValue: `invalid-as-of`, that moment is not reached yet.
    """
    try:
        stored = await history.read_stream_as_of(order_stream(order_id), as_of)
    except NotReached as error:
        raise _invalid(f"that is not reached yet; {error.present}") from None
    return view_of(order_id, stored)


def view_of(order_id: UUID, stored: Sequence[Recorded]) -> OrderView:
    """The order after these, its first events. Raises NotFound (`order-not-placed-then`)."""
    folded = fold_order(order_id, stored)
    try:
        placed = folded.record.order.placed
    except NotFound:
        raise NotFound("the order was not placed then", code="order-not-placed-then") from None
    return OrderView(order_id, folded.version, folded.record, placed.placed_at, stored[-1].recorded_at)
