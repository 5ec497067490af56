"""Examples of the OpenAPI document."""

import json
from typing import Any, Final

ORDER_ID: Final = "7f1f3c52-6a5e-5d0a-9d0c-2b6f3d1f8a10"
ORDER_NUMBER: Final = "7K3M-9QXD-4WTE"
POSITION: Final = "WyJvcmRlci83ZjFmM2M1MiIsMV0"
TIME: Final = "2026-03-01T12:00:00Z"


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


LINE: Final = {
    "sku": "MUG-BLUE",
    "name": "Blue mug",
    "quantity": 2,
    "unit_price": eur("12.50"),
    "total": eur("25.00"),
}
PRICED: Final[dict[str, Any]] = {
    "customer_id": "c-1042",
    "currency": "EUR",
    "lines": [LINE],
    "totals": {
        "subtotal": eur("25.00"),
        "shipping": eur("4.90"),
        "tax": eur("5.68"),
        "total": eur("35.58"),
    },
    "payment_method": "sim_ok",
    "shipping_method": "standard",
}
PLACED: Final[dict[str, Any]] = {
    **PRICED,
    "order_id": ORDER_ID,
    "order_number": ORDER_NUMBER,
    "status": "placed",
    "payment_status": "pending",
    "fulfilment_status": "unfulfilled",
    "attention": False,
    "version": 1,
    "position": POSITION,
}
ORDER: Final[dict[str, Any]] = {
    **PLACED,
    "lines": [
        LINE
        | {
            "quantities": {
                "ordered": 2,
                "reserved": 2,
                "backordered": 0,
                "allocated": 0,
                "shipped": 0,
                "delivered": 0,
                "cancelled": 0,
                "return_requested": 0,
                "received": 0,
                "written_off": 0,
            }
        }
    ],
    "email": "ada@example.org",
    "amounts": {name: eur("0.00") for name in ("authorized", "voided", "captured", "refunded", "charged_back")}
    | {"due": eur("35.58")},
    "shipments": [],
    "returns": [],
    "shipping_address": {
        "name": "Ada Lovelace",
        "line1": "Unter den Linden 1",
        "line2": None,
        "city": "Berlin",
        "region": None,
        "postal_code": "10117",
        "country": "DE",
    },
    "shipping_method": "standard",
    "cancel_reason": None,
    "decision": None,
    "holds": [],
    "stalled": None,
    "placed_at": TIME,
    "updated_at": TIME,
}
DRAFT: Final[dict[str, Any]] = {
    "draft_id": ORDER_ID,
    "status": "open",
    "customer_id": "c-1042",
    "email": "ada@example.org",
    "currency": "EUR",
    "lines": [{"sku": "MUG-BLUE", "quantity": 2}],
    "shipping_address": ORDER["shipping_address"],
    "shipping_method": "standard",
    "payment_method": "sim_ok",
    "on_unavailable": "cancel",
    "note": "rang us up",
    "quote": {"lines": PRICED["lines"], "totals": PRICED["totals"]},
    "hindrance": None,
    "order_number": None,
    "discard_reason": None,
    "created_by": "operator:eve",
    "version": 1,
    "position": POSITION,
}
DRAFT_SUMMARY: Final[dict[str, Any]] = {
    name: DRAFT[name]
    for name in ("draft_id", "status", "customer_id", "currency", "order_number", "created_by", "version")
} | {"lines": 1, "created_at": TIME, "updated_at": TIME}
HOLD: Final[dict[str, Any]] = {
    "hold_id": "3f0c2a9b7d15",
    "scope": "order",
    "subject": None,
    "expires_at": None,
    "reason": "the total 1200.00 EUR is above 1000.00 EUR",
    "placed_by": "screening",
}
SUMMARY: Final[dict[str, Any]] = {
    name: ORDER[name]
    for name in (
        *("order_id", "order_number", "customer_id", "status", "payment_status", "fulfilment_status"),
        *("attention", "placed_at", "updated_at", "version"),
    )
} | {"total": eur("35.58")}
EVENT: Final[dict[str, Any]] = {
    "position": 4711,
    "version": 2,
    "type": "StockReserved",
    "recorded_at": TIME,
    "step": "reserve#1",
    "actor": "system",
    "data": {"order_id": ORDER_ID},
}
EXPLAINED: Final[dict[str, Any]] = {
    "version": 4,
    "type": "PaymentAuthorized",
    "recorded_at": TIME,
    "step": "authorize#0",
    "actor": "system",
    "changes": [{"path": "payment_status", "before": "pending", "after": "authorized"}],
}
CUSTOMER: Final[dict[str, Any]] = {
    "customer_id": "c-1042",
    "erased": False,
    "erased_at": None,
    "forgotten_at": None,
    "orders": {"total": 3, "open": 1},
}
ERASED: Final[dict[str, Any]] = {
    "customer_id": "c-1042",
    "erased": True,
    "erased_at": TIME,
    "forgotten_at": None,
    "position": "Y3VzdG9tZXIvYy0xMDQyQDE",
}
STEP: Final[dict[str, Any]] = {
    "step": "authorize#1",
    "state": "stalled",
    "error_type": "Unknown",
    "error": "no answer within 5 s",
    "started_at": TIME,
    "updated_at": TIME,
}
LEDGER: Final[dict[str, Any]] = {
    "balances": [
        {"account": "gateway", "balance": eur("35.58")},
        {"account": "goods", "balance": eur("-25.00")},
        {"account": "shipping", "balance": eur("-4.90")},
        {"account": "tax", "balance": eur("-5.68")},
    ],
    "items": [
        {
            "version": 8,
            "type": "PaymentCaptured",
            "recorded_at": TIME,
            "entries": [
                {"account": "commitments", "debit": eur("35.58"), "credit": None},
                {"account": "authorized", "debit": None, "credit": eur("35.58")},
                {"account": "gateway", "debit": eur("35.58"), "credit": None},
                {"account": "receivable", "debit": None, "credit": eur("35.58")},
            ],
        }
    ],
}
STALLED: Final[dict[str, Any]] = {
    "order_id": ORDER_ID,
    "order_number": ORDER_NUMBER,
    "step": "authorize#1",
    "error_type": "Unknown",
    "error": "no answer within 5 s",
    "since": TIME,
    "assignee": "eve",
}
RETRIED: Final[dict[str, Any]] = {
    "order_id": ORDER_ID,
    "step": "authorize#1",
    "outcome": "retried",
    "detail": None,
}
NOTE: Final[dict[str, Any]] = {
    "kind": "assigned",
    "author": "operator:adam",
    "text": "knows the carrier",
    "assignee": "eve",
    "recorded_at": TIME,
}
CASE: Final[dict[str, Any]] = {
    "case_id": "0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55",
    "kind": "captured_twice",
    "status": "open",
    "order_id": ORDER_ID,
    "effect": "capture",
    "step": "capture:7K3M-9QXD-4WTE-BER#0",
    "reference": "cap_02",
    "expected": None,
    "found": eur("35.58"),
    "possible": ["adopt", "dismiss", "refund"],
    "refused": None,
    "opened_at": TIME,
    "updated_at": TIME,
    "version": 1,
}
CHANGED_PRODUCT: Final[dict[str, Any]] = {"sku": "MUG-BLUE", "version": 2, "position": POSITION}
STOCK: Final[dict[str, Any]] = {
    "sku": "MUG-BLUE",
    "on_hand": 120,
    "reserved": 3,
    "available": 117,
    "warehouses": [{"warehouse": "BER", "on_hand": 120, "reserved": 3, "available": 117}],
}
DEAD_LETTER: Final[dict[str, Any]] = {
    "id": "1764540000000-0",
    "stream": "waybill.inbound.products",
    "consumer": "waybill",
    "code": "product-not-found",
    "detail": "the product does not exist",
    "failed_at": TIME,
    "attempts": 1,
    "fields": {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/erp",
        "type": "products.discontinued",
        "data": '{"sku":"MUG","reason":"the supplier closed"}',
    },
}
SUBSCRIPTION: Final[dict[str, Any]] = {
    "stream": "waybill.inbound.products",
    "length": 4711,
    "lag": 0,
    "pending": 2,
    "handled": 4700,
    "retried": 3,
    "dead": 9,
    "consumed": True,
}
BUILD: Final[dict[str, Any]] = {
    "build": 3,
    "version": 1,
    "state": "candidate",
    "position": 1200,
    "events": 3511,
    "parked": 0,
    "rate": 15200.5,
    "remaining": 0.23,
    "switches": False,
    "begun_by": "operator:ada",
    "begun_at": TIME,
    "caught_up_at": TIME,
}
LAG: Final[dict[str, Any]] = {
    "projection": "orders",
    "version": 1,
    "position": 4700,
    "head": 4711,
    "events": 11,
    "seconds": 0.04,
    "parked": 0,
    "builds": [BUILD],
}
RETURN: Final[dict[str, Any]] = {
    "return_id": "2d4c5a1e-7f0b-5c7d-9a1e-3b6f8d2c4e10",
    "kind": "return",
    "status": "requested",
    "reason": "too small",
    "answer": None,
    "warehouse": None,
    "restocking_fee": "0",
    "refund_shipping": False,
    "label": None,
    "replacement": None,
    "lines": [
        {"sku": "MUG-BLUE", "quantity": 1, "instead": None, "inspected": False}
        | dict.fromkeys(("restocked", "damaged", "dismissed"), 0)
    ],
}
RETURN_TIMES: Final[dict[str, Any]] = {"requested_at": TIME, "updated_at": TIME}
PARKED: Final[dict[str, Any]] = {
    "build": 2,
    "state": "live",
    "key": "order/0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55",
    "position": 4699,
    "type": "OrderConfirmed",
    "error": "PoisonEvent('OrderConfirmed at position 4699: newer than the newest known here')",
    "attempts": 1,
    "waiting": 3,
    "parked_at": TIME,
    "tried_at": TIME,
    "wanted": False,
}
COMPARISON: Final[dict[str, Any]] = {
    "same": False,
    "live": {**BUILD, "build": 2, "state": "live"},
    "candidate": BUILD,
    "tables": [
        {
            "table": "stock",
            "rows": 412,
            "only_live": 0,
            "only_candidate": 0,
            "different": 1,
            "samples": [{"key": {"sku": "MUG-BLUE", "warehouse": "BER"}, "only_in": None, "columns": ["on_hand"]}],
        }
    ],
}


ACCEPTED: Final[dict[str, Any]] = {"order_id": ORDER_ID, "version": 5, "position": POSITION}
ACCEPTED_CASE: Final[dict[str, Any]] = {"case_id": CASE["case_id"], "version": 2, "position": POSITION}


def page(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item], "next_cursor": None}


def items(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item]}


LIVE: Final[dict[str, Any]] = {**EVENT, "stream": f"order/{ORDER_ID}", "order_id": ORDER_ID}
STREAMED: Final = f"event: {LIVE['type']}\ndata: {json.dumps(LIVE)}\nid: {LIVE['position']}\n\n"
