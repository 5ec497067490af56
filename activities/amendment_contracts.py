"""What the steps of an amendment are given and what they answer."""

from dataclasses import dataclass
from uuid import UUID

from activities.contracts import Refusal, Step
from domain.money import Money
from domain.orders.amendments import Amendment
from domain.privacy import PersonalText
from domain.shipping.events import PlannedParcel


@dataclass(frozen=True, slots=True)
class StageStep:
    """`whole`: without its last line the order is cancelled; otherwise that is refused."""

    step: Step
    amendment: Amendment
    reason: PersonalText
    expected_version: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class RejectAmendmentStep:
    step: Step
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Gap:
    """What amendments left between what parcels captured and the price: still to capture, or captured too much."""

    share: Money | None
    excess: bool


@dataclass(frozen=True, slots=True)
class Amending:
    """How an amendment stands.

    Under way, it has parcels `to_stop`, and perhaps an amount `to_authorise`. Then it is applied, and `parcels`
    are those to send from now on; or there is a `refusal`. `served` are other orders that got what came free.
    `early`: nothing is sent before the order is confirmed, so that its `parcels` are taken as they are.
    """

    version: int
    amendment_id: str | None
    under_way: bool
    parcels: tuple[PlannedParcel, ...]
    to_stop: tuple[str, ...] = ()
    to_authorise: Money | None = None
    refusal: Refusal | None = None
    cancelling: bool = False
    served: tuple[UUID, ...] = ()
    early: bool = False
