"""The command bus as the API needs it: `workflows.gateway.CommandGateway` is one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from activities.aggregates import Committed
from activities.contracts import Placed
from activities.gateways.credit import LoadedCredit
from activities.gateways.protocol import TrackingUpdate
from api.catalogue_commands import CatalogueCommands
from domain.amending import Preview
from domain.drafts.events import DraftContents, DraftSubmitted
from domain.drafts.model import Draft
from domain.identifiers import Sku
from domain.money import Money
from domain.orders.amendments import Amendment
from domain.orders.decide import PlaceOrder
from domain.orders.events import Decision, HoldScope, OrderLine, StepAction
from domain.reconciliation.events import CaseAction
from domain.returns.events import InspectedItem, ReturnItem, ReturnKind
from domain.rma import ReturnRules
from domain.shipping.events import LostAnswer
from workflows.drafts import LoadedDraft


class WebhookInbox(Protocol):
    """Takes a signed webhook, and returns once it is durably kept; `ops.stripe_inbox.StripeInbox` is one."""

    async def take(self, payload: bytes, signature: str) -> None:
        """Raises WebhookRejected, CommandUnavailable."""
        ...


class RefundGrants(Protocol):
    """`workflows.refund_commands.RefundCommands` is one."""

    async def grant(
        self,
        order_id: UUID,
        *,
        key: str,
        amount: Money | None,
        lines: Mapping[str, int],
        reason: str,
        actor: str,
    ) -> Committed: ...


class CaseAnswers(Protocol):
    """`workflows.case_commands.CaseCommands` is one."""

    async def answer(
        self, case_id: UUID, *, key: str, action: CaseAction, reason: str, actor: str
    ) -> Committed: ...


class Drafts(Protocol):
    """`workflows.drafts.DraftCommands` is one."""

    async def load(self, draft_id: UUID) -> LoadedDraft: ...

    async def opened(self, draft: Draft) -> DraftContents: ...

    async def create(
        self, draft_id: UUID, contents: DraftContents, *, fingerprint: str, actor: str
    ) -> LoadedDraft: ...

    async def change(
        self, draft_id: UUID, given: Mapping[str, Any], *, key: str, actor: str, expected_version: int | None
    ) -> LoadedDraft: ...

    async def discard(
        self, draft_id: UUID, *, key: str, reason: str, actor: str, expected_version: int | None
    ) -> LoadedDraft: ...

    async def submit(
        self, draft_id: UUID, submitted: DraftSubmitted, *, actor: str, expected_version: int
    ) -> LoadedDraft: ...

    async def note_placed(self, draft_id: UUID, order_number: str, *, actor: str) -> LoadedDraft: ...


class Commands(CatalogueCommands, Protocol):
    """Each is idempotent under its key, and may raise DomainError, CommandTimeout and CommandUnavailable."""

    async def place(self, command: PlaceOrder, *, key: str, actor: str) -> Placed: ...

    async def body_fingerprint(self, customer_id: str, asked: bytes) -> str:
        """A digest of a body under the customer's key."""
        ...

    async def erase_customer(self, customer_id: str, *, reason: str, actor: str) -> Committed: ...

    async def grant_credit(
        self, customer_id: str, *, key: str, amount: Money, reason: str, fingerprint: str, actor: str
    ) -> Committed: ...

    async def credit_of(self, customer_id: str) -> LoadedCredit: ...

    async def cancel(
        self, order_id: UUID, *, key: str, reason: str, actor: str, expected_version: int | None = None
    ) -> Committed: ...

    async def amend(
        self,
        order_id: UUID,
        *,
        key: str,
        amendment: Amendment,
        asked: str,
        reason: str,
        actor: str,
        expected_version: int | None = None,
        whole: bool = False,
    ) -> Committed: ...

    async def preview_amendment(
        self, order_id: UUID, amendment: Amendment, *, expected_version: int | None = None
    ) -> Preview: ...

    async def hold(
        self,
        order_id: UUID,
        *,
        key: str,
        scope: HoldScope,
        subject: str | None,
        reason: str,
        expires_at: datetime | None,
        actor: str,
        expected_version: int | None = None,
    ) -> Committed: ...

    async def request_return(
        self,
        order_id: UUID,
        *,
        key: str,
        kind: ReturnKind,
        items: Sequence[ReturnItem],
        reason: str,
        rules: ReturnRules,
        actor: str,
        prices: Mapping[str, Money] | None = None,
    ) -> Committed: ...

    async def approve_return(
        self, order_id: UUID, return_id: UUID, *, key: str, reason: str, actor: str
    ) -> Committed: ...

    async def reject_return(
        self, order_id: UUID, return_id: UUID, *, key: str, reason: str, actor: str
    ) -> Committed: ...

    async def receive_return(
        self, order_id: UUID, return_id: UUID, *, key: str, warehouse: str | None, actor: str
    ) -> Committed: ...

    async def inspect_return(
        self, order_id: UUID, return_id: UUID, *, key: str, items: Sequence[InspectedItem], actor: str
    ) -> Committed: ...

    async def release_hold(
        self, order_id: UUID, *, key: str, hold_id: str, reason: str, actor: str
    ) -> Committed: ...

    async def decide(self, order_id: UUID, *, key: str, decision: Decision, actor: str) -> Committed: ...

    async def offer_substitute(
        self, order_id: UUID, *, key: str, sku: str, substitute: OrderLine, actor: str
    ) -> Committed: ...

    async def answer_lost(
        self, order_id: UUID, *, key: str, shipment_id: str, answer: LostAnswer, reason: str, actor: str
    ) -> Committed: ...

    async def resolve_step(
        self,
        order_id: UUID,
        *,
        key: str,
        step: str,
        action: StepAction,
        reason: str,
        actor: str,
        reference: str | None = None,
    ) -> Committed: ...

    async def assign(
        self, order_id: UUID, *, key: str, assignee: str | None, reason: str, actor: str
    ) -> Committed: ...

    async def note(self, order_id: UUID, *, key: str, note: str, actor: str) -> Committed: ...

    async def pay(self, order_id: UUID, *, key: str, method: str, actor: str) -> Committed: ...

    async def tracking(self, update: TrackingUpdate) -> None: ...

    async def adjust_stock(
        self, sku: Sku, warehouse: str | None, *, key: str, change: int, reason: str, actor: str
    ) -> Committed: ...
