"""What callers send. Types are checked here; what a value means is the domain's to judge, with its own codes."""

from collections import Counter
from typing import Annotated, Any, Final, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

from api.rest.texts import NOT_BLANK, PLAIN, Id, Note, Plain, Reason, Short
from domain.identifiers import Address
from domain.money import Money
from domain.orders.events import STANDARD_SHIPPING, Decision, HoldScope, OnUnavailable, StepAction
from domain.reconciliation.events import CaseAction
from domain.shipping.events import LostAnswer

ORDER_EXAMPLE: Final[dict[str, Any]] = {
    "customer_id": "c-1042",
    "email": "ada@example.org",
    "currency": "EUR",
    "lines": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEE-BLACK-M", "quantity": 1}],
    "shipping_address": {
        "name": "Ada Lovelace",
        "line1": "Unter den Linden 1",
        "city": "Berlin",
        "postal_code": "10117",
        "country": "DE",
    },
    "payment": {"method": "sim_ok"},
}


Reference = Annotated[str, StringConstraints(min_length=1, max_length=200), PLAIN, NOT_BLANK]
Staff = Annotated[str, StringConstraints(min_length=1, max_length=128), PLAIN, NOT_BLANK]


class Body(BaseModel):
    """Unknown members are refused: a misspelt one must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MoneyBody(Body):
    """`amount` is text, because a JSON number may lose a cent on its way."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": "19.99", "currency": "EUR"}]})

    amount: Short
    currency: Short

    def money(self) -> Money:
        """Raises InvalidValue (`invalid-amount`, `unknown-currency`)."""
        return Money.parse(self.amount, self.currency)


class LineBody(Body):
    sku: Short
    quantity: StrictInt


class AddressBody(Body):
    name: Short
    line1: Short
    line2: Short | None = None
    city: Short
    region: Short | None = None
    postal_code: Short
    country: Short

    def address(self) -> Address:
        """Raises InvalidValue (`invalid-address`)."""
        return Address(**self.model_dump())


class PaymentBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"method": "sim_ok"}]})

    method: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]


class OrderBody(Body):
    """Prices are not in it: they come from the catalogue."""

    model_config = ConfigDict(json_schema_extra={"examples": [ORDER_EXAMPLE]})

    customer_id: Id
    email: Short | None = None
    currency: Short
    lines: list[LineBody]
    shipping_address: AddressBody
    payment: PaymentBody
    on_unavailable: OnUnavailable = OnUnavailable.CANCEL
    shipping_method: Plain = STANDARD_SHIPPING


class CancelBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "ordered twice"}]})

    reason: Reason


class AmendmentBody(Body):
    """`lines`: how many pieces each of these is to have. 0 takes a line out, a SKU that is not there is added."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"lines": [{"sku": "MUG-BLUE", "quantity": 1}], "reason": "one is enough"}],
        }
    )

    lines: Annotated[list[LineBody], Field(max_length=1000)] = []
    shipping_address: AddressBody | None = None
    shipping_method: Plain | None = None
    reason: Reason


class LineCancelBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not needed any more"}]})

    reason: Reason


class LossBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "replace", "reason": "the carrier lost it"}]}
    )

    answer: LostAnswer
    reason: Reason


class DecisionBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"decision": "wait"}]})

    decision: Decision


class OfferBody(Body):
    """`sku` is the line that is short, `substitute` the product that is offered in its place, piece by piece."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sku": "MUG-BLUE", "substitute": "MUG-GREEN"}]})

    sku: Short
    substitute: Short


class HoldBody(Body):
    """`subject` is the line's SKU or the parcel's id. Without `expires_at` somebody has to release it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"scope": "line", "subject": "MUG-BLUE", "reason": "a batch is being recalled"}]
        }
    )

    scope: HoldScope
    subject: Plain | None = None
    reason: Reason
    expires_at: AwareDatetime | None = None


class ReleaseBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "looked at it, it is fine"}]})

    reason: Reason


class AdjustmentBody(Body):
    """`quantity` is the change, negative to take stock away. Without a warehouse the preferred one is meant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quantity": 50, "reason": "delivery 4711"}]})

    quantity: StrictInt
    reason: Reason
    warehouse: Plain | None = None


class RefundLine(Body):
    sku: Plain
    quantity: Annotated[StrictInt, Field(gt=0, le=1_000_000)]


class RefundBody(Body):
    """Either `amount` or `lines`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku": "MUG-BLUE", "quantity": 1}], "reason": "chipped"}]}
    )

    amount: MoneyBody | None = None
    lines: Annotated[list[RefundLine], Field(max_length=1000)] = []
    reason: Reason

    def pieces(self) -> dict[str, int]:
        pieces = Counter[str]()
        for line in self.lines:
            pieces[line.sku] += line.quantity
        return dict(pieces)


class CaseBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "refund", "reason": "captured twice by hand"}]}
    )

    action: CaseAction
    reason: Reason


class LetterBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the product exists now"}]})

    reason: Reason


class ResolveBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "retry", "reason": "carrier is back"}]})

    action: StepAction
    reason: Reason
    reference: Reference | None = None

    @model_validator(mode="after")
    def _reference_to_adopt(self) -> Self:
        if (self.reference is not None) != (self.action is StepAction.ADOPT):
            raise ValueError("`reference` is given with the action adopt, and with no other")
        return self


class BulkRetryBody(Body):
    """`limit`: how many steps at most."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"error_type": "Unknown", "reason": "carrier is back", "limit": 100}]}
    )

    error_type: Reference
    reason: Reason
    limit: Annotated[StrictInt, Field(ge=1, le=100)] = 50


class AssignBody(Body):
    """`assignee` null takes the order from whoever has it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assignee": "eve", "reason": "knows the carrier"}]})

    assignee: Staff | None
    reason: Reason


class NoteBody(Body):
    """No personal data belongs in a note: it stays for ever."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "the carrier calls back on Monday"}]})

    note: Note
