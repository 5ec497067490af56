"""What may be done with a return, and when."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from domain.errors import InvalidValue, NotAllowed, NotFound, refuse_adoption
from domain.identifiers import label_parcel
from domain.returns.events import (
    InspectedItem,
    ReturnApproved,
    ReturnClosed,
    ReturnEvent,
    ReturnInspected,
    ReturnLabelBooked,
    ReturnLabelCancelled,
    ReturnParcelMoved,
    ReturnReceived,
    ReturnRejected,
)
from domain.returns.model import Return, Returns, ReturnStatus

POSSIBLE: Final[Mapping[ReturnStatus, tuple[str, ...]]] = {
    ReturnStatus.REQUESTED: ("approve", "reject"),
    ReturnStatus.APPROVED: ("receive", "reject"),
    ReturnStatus.RECEIVED: ("inspect",),
    ReturnStatus.REFUNDING: (),
    ReturnStatus.REPLACING: (),
    ReturnStatus.CLOSED: (),
    ReturnStatus.REJECTED: (),
}
"""What may be asked of a return now; what is not named is refused."""


def approve(state: Returns, return_id: UUID, *, reason: str, by: str) -> list[ReturnEvent]:
    _in(state, return_id, "approve")
    return [ReturnApproved(return_id, reason, by)]


def reject(state: Returns, return_id: UUID, *, reason: str, by: str) -> list[ReturnEvent]:
    """Refuse a request, or give up on goods that never came."""
    _in(state, return_id, "reject")
    return [ReturnRejected(return_id, reason, by)]


def receive(
    state: Returns, return_id: UUID, *, warehouse: str | None, warehouses: Sequence[str], by: str
) -> list[ReturnEvent]:
    """Note that the goods came in, by default at the preferred warehouse."""
    _in(state, return_id, "receive")
    place = warehouse or warehouses[0]
    if place not in warehouses:
        raise InvalidValue(
            f"{place!r} is not a warehouse; there are {', '.join(warehouses)}", code="unknown-warehouse"
        )
    return [ReturnReceived(return_id, place, by)]


def inspect(state: Returns, return_id: UUID, items: tuple[InspectedItem, ...], *, by: str) -> list[ReturnEvent]:
    """Say what becomes of every piece that came in.

    Raises:
        InvalidValue: `invalid-inspection`: a line is missing, unknown or named twice, or its pieces do not add up.
    """
    known = _in(state, return_id, "inspect")
    found = Counter({item.sku: item.pieces for item in items})
    if any(min(item.restocked, item.damaged, item.dismissed) < 0 for item in items):
        raise InvalidValue("pieces cannot be fewer than none", code="invalid-inspection")
    if len(found) != len(items) or found != known.pieces:
        wanted = ", ".join(f"{pieces} × {sku}" for sku, pieces in known.pieces.items())
        raise InvalidValue(
            f"an inspection says of each line once, and of every piece, what was found: {wanted} came back",
            code="invalid-inspection",
        )
    return [ReturnInspected(return_id, items, by)]


def close(state: Returns, return_id: UUID) -> list[ReturnEvent]:
    """End a return whose money is back, or whose replacement has arrived; nothing when that was noted before."""
    settling = (ReturnStatus.REFUNDING, ReturnStatus.REPLACING)
    return [ReturnClosed(return_id)] if find(state, return_id).status in settling else []


def label(state: Returns, return_id: UUID, *, booking: str, tracking: str) -> list[ReturnEvent]:
    """Note the carrier's label, which exists whatever became of the return meanwhile."""
    known = find(state, return_id)
    return [] if known.label else [ReturnLabelBooked(return_id, booking, tracking)]


def adopt_label(
    state: Returns, return_id: UUID, *, booking: str, of: str, tracking: str, cancelled: bool
) -> list[ReturnEvent]:
    """Take a booking in the carrier's books, of the parcel `of`, as the return's label."""
    if of != label_parcel(return_id):
        raise refuse_adoption(booking, f"it is of parcel {of}, not of {label_parcel(return_id)}")
    if cancelled:
        raise refuse_adoption(booking, "it was cancelled")
    return label(state, return_id, booking=booking, tracking=tracking)


def cancel_label(state: Returns, return_id: UUID) -> list[ReturnEvent]:
    """Note that the carrier fetches nothing."""
    label = find(state, return_id).label
    return [] if label is None or label.cancelled else [ReturnLabelCancelled(return_id, label.booking)]


def move(state: Returns, return_id: UUID, *, arrived: bool) -> list[ReturnEvent]:
    """Note how far the carrier came with the goods; nothing new where that was known."""
    label = find(state, return_id).label
    if label is None or label.arrived or (label.sent and not arrived):
        return []
    return [ReturnParcelMoved(return_id, arrived)]


def find(state: Returns, return_id: UUID) -> Return:
    """Raises NotFound (`return-not-found`)."""
    try:
        return state.by_id[return_id]
    except KeyError:
        raise NotFound("the order has no such return", code="return-not-found") from None


def _in(state: Returns, return_id: UUID, command: str) -> Return:
    known = find(state, return_id)
    possible = POSSIBLE[known.status]
    if command not in possible:
        now = f"possible now: {', '.join(possible)}" if possible else "nothing more is to be done with it"
        raise NotAllowed(
            f"a return that is {known.status} does not take {command}; {now}",
            code="invalid-transition",
            details={"status": known.status, "possible": list(possible)},
        )
    return known
