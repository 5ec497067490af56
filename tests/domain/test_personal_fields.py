"""Every text of every command and event is either personal, and sealed, or known to name nobody."""

from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from activities.erasure_contracts import EraseStep
from domain.orders.decide import PlaceOrder
from eventstore.vault import personal_fields
from ops.bootstrap import EVENT_MODULES
from workflows import contracts, return_contracts

COMMANDS = [PlaceOrder, EraseStep] + [
    kind
    for module in (contracts, return_contracts)
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__ == module.__name__ and is_dataclass(kind)
]
EVENTS = [event for module in EVENT_MODULES for event in module.EVENTS]

# Ids, codes, names of goods, and texts of the shop's own or of gateways: none is of or about a person.
CLEAR = {
    *("created_by", "changed_by", "discarded_by", "submitted_by"),
    *("actor", "placed_by", "released_by", "requested_by", "resolved_by", "customer_id", "hold_id", "command_id"),
    *("attribute", "categories", "category", "parent", "price_id"),
    *("booking", "reference", "shipment_id", "tracking_number", "order_number", "fingerprint", "step", "subject"),
    *("code", "country", "currency", "error", "error_type", "method", "payment_method", "shipping_method"),
    *(
        "assigned_by",
        "assignee",
        "dismissed_by",
        "noted_by",
        "offered_by",
        "granted_by",
        "answered_by",
        "approved_by",
        "rejected_by",
        "received_by",
        "inspected_by",
        "by",
        "amendment_id",
        "grant_id",
        "decided_by",
        *("created_by", "changed_by", "discarded_by", "submitted_by"),
        "decision_id",
        "effect",
        "payment",
        "screening",
        "sku",
        "warehouse",
    ),
}
CLEAR_HERE = {
    *(("ReturnItem", "instead"), ("ReturnRequest", "prices")),
    ("Amendment", "quantities"),
    ("PaymentRequested", "replaces"),
    *(("OrderLine", "name"), ("ProductCreated", "name"), ("LostShipmentAnswered", "replacement")),
    *(("ProductDescribed", "name"), ("ProductDescribed", "description"), ("CategoryCreated", "name")),
    *(("CategoryRenamed", "name"), ("AttributeDefined", "label"), ("AttributeDefined", "choices")),
    *(("ProductAttribute", "value"), ("ProductImage", "url"), ("ProductImage", "alt")),
}
# Reasons that no customer gives: of the shop, of a gateway, of an operator about goods or books; of an erasure.
CLEAR_REASONS = {
    "AmendmentRejected",
    "BookingRefused",
    "CaseActionRefused",
    "CaseActionRequested",
    "CaseDismissed",
    "CreditGranted",
    "ChargebackOpened",
    "CustomerErased",
    "EraseStep",
    "OpenChargeback",
    "OrderCancellationRejected",
    "PaymentActionRefused",
    "PaymentDeclined",
    "PaymentRequested",
    "ProductDiscontinued",
    "StockAdjusted",
    "StockReceived",
}


def texts(kind: type, within: str) -> list[tuple[str, str]]:
    """The unsealed fields of text, of a dataclass and of those within it, each behind its owner's name."""
    hints: dict[str, Any] = get_type_hints(kind)
    found = []
    for item in fields(kind):
        if item.name in personal_fields(kind):
            continue
        for part in parts(hints[item.name]):
            if part is str:
                found.append((within, item.name))
            elif isinstance(part, type) and is_dataclass(part):
                found += texts(part, part.__name__)
    return found


def parts(hint: Any) -> list[Any]:
    supertype = getattr(hint, "__supertype__", None)
    if supertype is not None:
        return parts(supertype)
    inner = get_args(hint)
    return [found for part in inner for found in parts(part)] if inner else [hint]


@pytest.mark.parametrize("kind", COMMANDS + EVENTS, ids=lambda kind: kind.__name__)
def test_a_text_is_personal_or_known_to_be_clear(kind: type) -> None:
    for owner, name in texts(kind, kind.__name__):
        clear = name in CLEAR or (owner, name) in CLEAR_HERE or (name == "reason" and owner in CLEAR_REASONS)
        assert clear, f"{owner}.{name}: mark it as personal (domain.privacy), or say here why it names nobody"


def test_an_address_is_personal_but_for_its_country() -> None:
    hints = get_type_hints(PlaceOrder)
    address = hints["shipping_address"]
    assert {item.name for item in fields(address)} - personal_fields(address) == {"country"}
    assert personal_fields(PlaceOrder) == {"email"}
