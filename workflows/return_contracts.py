"""Names and messages of the return workflow. `fingerprint` is a digest of what was asked for."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.privacy import KeyedDigest, PersonalText
from domain.returns.events import InspectedItem
from domain.rma import ReturnRequest, ReturnRules
from workflows.contracts import StepPolicies

RETURN_WORKFLOW: Final = "Return"


def return_workflow_id(return_id: UUID) -> str:
    return f"return/{return_id}"


@dataclass(frozen=True, slots=True)
class ReturnInput:
    """`resumed`: the run was not started by a command, and goes on from what the stream tells."""

    order_id: UUID
    return_id: UUID
    policies: StepPolicies
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class RequestReturn:
    command_id: str
    request: ReturnRequest
    rules: ReturnRules
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class DecideReturn:
    """Approve or reject, by the update that it is sent to."""

    command_id: str
    reason: PersonalText
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class ReceiveReturn:
    command_id: str
    warehouse: str | None
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class InspectReturn:
    command_id: str
    items: tuple[InspectedItem, ...]
    actor: str
    fingerprint: KeyedDigest | None = None
