"""An order's returns, folded from its events."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from domain.returns.events import (
    InspectedItem,
    ReplacementPlanned,
    ReturnApproved,
    ReturnClosed,
    ReturnEvent,
    ReturnInspected,
    ReturnKind,
    ReturnLabelBooked,
    ReturnLabelCancelled,
    ReturnParcelMoved,
    ReturnReceived,
    ReturnRejected,
    ReturnRequested,
)


class ReturnStatus(StrEnum):
    """`refunding` is over once the money is back, `replacing` once what is sent has arrived.

    `closed` and `rejected` are the ends.
    """

    REQUESTED = "requested"
    APPROVED = "approved"
    RECEIVED = "received"
    REFUNDING = "refunding"
    REPLACING = "replacing"
    CLOSED = "closed"
    REJECTED = "rejected"

    @property
    def terminal(self) -> bool:
        return self in (ReturnStatus.CLOSED, ReturnStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class Label:
    """What the carrier brings the goods back with, and how far it came."""

    booking: str
    tracking_number: str
    cancelled: bool = False
    sent: bool = False
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """One return. `reason` is that of its approval or rejection."""

    requested: ReturnRequested
    status: ReturnStatus = ReturnStatus.REQUESTED
    reason: str | None = None
    warehouse: str | None = None
    inspected: tuple[InspectedItem, ...] = ()
    label: Label | None = None
    replacement: ReplacementPlanned | None = None

    @property
    def return_id(self) -> UUID:
        return self.requested.return_id

    @property
    def kind(self) -> ReturnKind:
        return self.requested.kind

    @property
    def is_claim(self) -> bool:
        """Whether nothing comes back."""
        return not self.kind.comes_back

    @property
    def wants_label(self) -> bool:
        """Whether a label is to be booked now."""
        return self.requested.terms.label and self.status is ReturnStatus.APPROVED and self.label is None

    @property
    def idle_label(self) -> bool:
        """Whether its label was booked for nothing."""
        label = self.label
        return label is not None and self.status is ReturnStatus.REJECTED and not (label.cancelled or label.sent)

    @property
    def at_work(self) -> bool:
        """Whether a workflow has something to do that nobody's command will ask for."""
        match self.status:
            case ReturnStatus.REFUNDING | ReturnStatus.REPLACING:
                return True
            case ReturnStatus.APPROVED:
                return self.wants_label or (self.label is not None and not self.label.arrived)
            case _:
                return self.idle_label

    @property
    def grant_id(self) -> str:
        """Id of the refund that it ends in."""
        return f"return-{self.return_id}"

    @property
    def pieces(self) -> Counter[str]:
        """What was asked to be taken back, by SKU."""
        return Counter({item.sku: item.quantity for item in self.requested.items})

    @property
    def received(self) -> bool:
        return self.warehouse is not None

    @property
    def taken(self) -> Counter[str]:
        """Pieces that are refunded or replaced, by SKU: none before they were inspected, or the claim approved."""
        if self.is_claim:
            settled = (ReturnStatus.REFUNDING, ReturnStatus.REPLACING, ReturnStatus.CLOSED)
            return self.pieces if self.status in settled else Counter()
        return Counter({item.sku: item.accepted for item in self.inspected})

    @property
    def accepted(self) -> Counter[str]:
        """Those of them that are refunded."""
        return Counter() if self.kind.replaces else self.taken

    @property
    def replaced(self) -> Counter[str]:
        """Those of them that came back and are replaced."""
        return self.taken if self.kind is ReturnKind.EXCHANGE else Counter()


@dataclass(frozen=True, slots=True)
class Returns:
    """All the returns of an order, by id."""

    by_id: Mapping[UUID, Return] = field(default_factory=dict)

    @property
    def requested(self) -> Counter[str]:
        """Pieces that are asked back or came back, by SKU; those of rejected returns are the customer's again."""
        return _sum(each.pieces for each in self.by_id.values() if each.status is not ReturnStatus.REJECTED)

    @property
    def received(self) -> Counter[str]:
        """Pieces that the shop has again, by SKU: in a warehouse and not sent back."""
        return _sum(each.pieces - _dismissed(each) for each in self.by_id.values() if each.received)

    @property
    def written_off(self) -> Counter[str]:
        """Pieces that nobody can sell any more: damaged, or claimed."""
        damaged = self._inspected(lambda item: item.damaged)
        return damaged + _sum(each.taken for each in self.by_id.values() if each.is_claim)

    @property
    def replaced(self) -> Counter[str]:
        """Pieces that came back, and for which the customer gets others."""
        return _sum(each.replaced for each in self.by_id.values())

    @property
    def replacements(self) -> tuple[ReplacementPlanned, ...]:
        """What is sent, or was, in place of money."""
        planned = (each.replacement for each in self.by_id.values() if each.status is not ReturnStatus.REJECTED)
        return tuple(plan for plan in planned if plan is not None and plan.items)

    @property
    def accepted(self) -> Counter[str]:
        return _sum(each.accepted for each in self.by_id.values())

    def _inspected(self, pieces: Callable[[InspectedItem], int]) -> Counter[str]:
        return _sum(Counter({item.sku: pieces(item)}) for each in self.by_id.values() for item in each.inspected)


def _dismissed(each: Return) -> Counter[str]:
    return Counter({item.sku: item.dismissed for item in each.inspected})


def _sum(parts: Iterable[Counter[str]]) -> Counter[str]:
    whole: Counter[str] = Counter()
    for part in parts:
        whole.update(part)
    return whole


INITIAL = Returns()


def evolve(state: Returns, event: ReturnEvent) -> Returns:
    if isinstance(event, ReturnRequested):
        return _with(state, Return(event))
    known = state.by_id.get(event.return_id)
    if known is None:
        return state
    match event:
        case ReturnApproved(_, reason):
            status = _settling(known) if known.is_claim else ReturnStatus.APPROVED
            return _with(state, replace(known, status=status, reason=reason))
        case ReturnRejected(_, reason):
            return _with(state, replace(known, status=ReturnStatus.REJECTED, reason=reason))
        case ReturnReceived(_, warehouse):
            return _with(state, replace(known, status=ReturnStatus.RECEIVED, warehouse=warehouse))
        case ReturnInspected(_, items):
            return _with(state, replace(known, status=_settling(known), inspected=items))
        case ReturnLabelBooked(_, booking, tracking_number):
            return _with(state, replace(known, label=Label(booking, tracking_number)))
        case ReturnLabelCancelled():
            return _labelled(state, known, cancelled=True)
        case ReturnParcelMoved(_, arrived):
            return _labelled(state, known, sent=True, arrived=arrived)
        case ReplacementPlanned():
            return _with(state, replace(known, replacement=event))
        case ReturnClosed():
            return _with(state, replace(known, status=ReturnStatus.CLOSED))
        case _:
            assert_never(event)


def _settling(known: Return) -> ReturnStatus:
    return ReturnStatus.REPLACING if known.kind.replaces else ReturnStatus.REFUNDING


def _labelled(state: Returns, known: Return, **changes: Any) -> Returns:
    return _with(state, replace(known, label=replace(known.label, **changes))) if known.label else state


def _with(state: Returns, changed: Return) -> Returns:
    return Returns({**state.by_id, changed.return_id: changed})
