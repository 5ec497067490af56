"""What callers send and get of drafts."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api import positions
from api.rest.bodies import (
    ORDER_EXAMPLE,
    AddressBody,
    Body,
    LineBody,
    OrderBody,
    PaymentBody,
)
from api.rest.representations import AddressOut, ItemOut, LineOut, TotalsOut
from api.rest.texts import Id, Note, Plain, Reason, Short
from domain import identifiers
from domain.drafts.events import DraftContents, DraftLine
from domain.drafts.model import Draft, DraftStatus
from domain.orders.events import STANDARD_SHIPPING, OnUnavailable, OrderLine, Totals
from readmodels.views import DraftView
from workflows.drafts import LoadedDraft

_CLEARED: Final = ("email", "shipping_address", "payment", "note")


class DraftBody(Body):
    """As an order's, but that all except customer and currency can come later."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**ORDER_EXAMPLE, "note": "rang us up"}]})

    customer_id: Id
    currency: Short
    email: Short | None = None
    lines: list[LineBody] = Field(default_factory=list)
    shipping_address: AddressBody | None = None
    shipping_method: Plain = STANDARD_SHIPPING
    payment: PaymentBody | None = None
    on_unavailable: OnUnavailable = OnUnavailable.CANCEL
    note: Note | None = None


class DraftChanges(Body):
    """What is given takes the place of what was.

    With another customer the e-mail, the address and the note go, unless they are given too.
    """

    customer_id: Id | None = None
    currency: Short | None = None
    email: Short | None = None
    lines: list[LineBody] | None = None
    shipping_address: AddressBody | None = None
    shipping_method: Plain | None = None
    payment: PaymentBody | None = None
    on_unavailable: OnUnavailable | None = None
    note: Note | None = None


class DraftChangeBody(DraftChanges):
    """As `DraftChanges`; null takes e-mail, address, payment or note away."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": [{"sku": "MUG-BLUE", "quantity": 3}]}]})

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one member to change")
        for name in self.model_fields_set:
            if getattr(self, name) is None and name not in _CLEARED:
                raise ValueError(f"{name} cannot be null; {', '.join(_CLEARED)} can")
        return self


class DiscardBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the customer ordered online"}]})

    reason: Reason


def given(body: DraftBody | DraftChangeBody) -> Mapping[str, Any]:
    """The members that were given, as `DraftContents` has them.

    Raises InvalidValue (`invalid-email`, `invalid-address`, `invalid-customer-id`).
    """
    values = {name: getattr(body, name) for name in body.model_fields_set}
    if "payment" in values:
        method = values.pop("payment")
        values["payment_method"] = method.method if method else None
    if "lines" in values:
        values["lines"] = tuple(DraftLine(line.sku, line.quantity) for line in values["lines"])
    if address := values.get("shipping_address"):
        values["shipping_address"] = address.address()
    if values.get("email") is not None:
        values["email"] = identifiers.email(values["email"])
    if "customer_id" in values:
        identifiers.customer_id(values["customer_id"])
    return values


def order_body(contents: DraftContents) -> OrderBody:
    """The order that complete, readable contents ask for."""
    assert contents.shipping_address is not None
    assert contents.payment_method is not None
    return OrderBody(
        customer_id=contents.customer_id,
        email=contents.email,
        currency=contents.currency,
        lines=[LineBody(sku=line.sku, quantity=line.quantity) for line in contents.lines],
        shipping_address=AddressBody(**asdict(contents.shipping_address)),
        payment=PaymentBody(method=contents.payment_method),
        on_unavailable=contents.on_unavailable,
        shipping_method=contents.shipping_method,
    )


class QuoteOut(BaseModel):
    """What the draft costs: now, or as it was placed."""

    lines: list[LineOut]
    totals: TotalsOut

    @classmethod
    def of(cls, lines: tuple[OrderLine, ...], totals: Totals) -> "QuoteOut":
        return cls(lines=[LineOut.of(line) for line in lines], totals=TotalsOut.of(totals))


class HindranceOut(BaseModel):
    """Why the draft could not be placed as it is: `type` is the problem that placing it would answer."""

    type: str
    detail: str


class DraftOut(BaseModel):
    """A draft as of `version`. The order that it becomes has its id."""

    draft_id: UUID
    status: DraftStatus
    customer_id: str
    email: str | None
    currency: str
    lines: list[ItemOut]
    shipping_address: AddressOut | None
    shipping_method: str
    payment_method: str | None
    on_unavailable: OnUnavailable
    note: str | None
    quote: QuoteOut | None
    hindrance: HindranceOut | None
    order_number: str | None
    discard_reason: str | None
    created_by: str
    version: int
    position: str

    @classmethod
    def of(cls, known: LoadedDraft, quote: QuoteOut | None, hindrance: HindranceOut | None) -> "DraftOut":
        draft, contents = known.draft, known.draft.contents
        address = contents.shipping_address
        return cls(
            draft_id=draft.draft_id,
            status=draft.status,
            customer_id=contents.customer_id,
            email=contents.email,
            currency=contents.currency,
            lines=[ItemOut(sku=line.sku, quantity=line.quantity) for line in contents.lines],
            shipping_address=AddressOut.model_validate(address, from_attributes=True) if address else None,
            shipping_method=contents.shipping_method,
            payment_method=contents.payment_method,
            on_unavailable=contents.on_unavailable,
            note=contents.note,
            quote=quote,
            hindrance=hindrance,
            order_number=draft.order_number,
            discard_reason=draft.reason,
            created_by=draft.created_by,
            version=known.version,
            position=positions.encode(known.committed),
        )


class DraftSummaryOut(BaseModel):
    """`lines`: how many there are."""

    draft_id: UUID
    status: DraftStatus
    customer_id: str
    currency: str
    lines: int
    order_number: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, view: DraftView) -> "DraftSummaryOut":
        draft: Draft = view.draft
        return cls(
            draft_id=draft.draft_id,
            status=draft.status,
            customer_id=draft.contents.customer_id,
            currency=draft.contents.currency,
            lines=len(draft.contents.lines),
            order_number=draft.order_number,
            created_by=draft.created_by,
            created_at=view.created_at,
            updated_at=view.updated_at,
            version=view.version,
        )
