"""What the steps at the carrier are given and what they answer."""

from dataclasses import dataclass
from uuid import UUID

from activities.contracts import Step
from domain.shipping.events import PlannedParcel, TrackingStatus


@dataclass(frozen=True, slots=True)
class ParcelStep:
    step: Step
    parcel: PlannedParcel


@dataclass(frozen=True, slots=True)
class StopParcelStep:
    """`booking` is the key of the booking step whose outcome may be unknown."""

    step: Step
    parcel: PlannedParcel
    booking: str


@dataclass(frozen=True, slots=True)
class TrackStep:
    order_id: UUID
    shipment_id: str


@dataclass(frozen=True, slots=True)
class Tracked:
    status: TrackingStatus
