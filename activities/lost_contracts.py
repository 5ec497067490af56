"""What the steps on lost parcels are given and what they answer."""

from dataclasses import dataclass
from datetime import datetime

from activities.contracts import Step
from domain.privacy import PersonalText
from domain.shipping.events import LostAnswer, PlannedParcel


@dataclass(frozen=True, slots=True)
class DispatchStep:
    """`deliver_by`: when the parcel will count as lost, by the workflow's clock."""

    step: Step
    parcel: PlannedParcel
    deliver_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispatched:
    """`deliver_by` as the stream has it; `lost` when a second run finds that the parcel was lost since."""

    version: int
    deliver_by: datetime | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class LoseStep:
    step: Step
    shipment_id: str
    deliver_by: datetime


@dataclass(frozen=True, slots=True)
class AnswerLostStep:
    """`lenient`: the answer is the policy's; where it is not possible, an operator is waited for."""

    step: Step
    shipment_id: str
    answer: LostAnswer
    reason: PersonalText
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class LostParcel:
    """How a lost parcel stands: `answer` is what is done about it, `arrived` whether it was found first."""

    version: int
    answer: LostAnswer | None = None
    arrived: bool = False
    replacement: PlannedParcel | None = None
    grant_id: str | None = None
