"""Stripe's webhooks: proven by the library, and read for what concerns an order."""

import hashlib
import hmac
import time
from typing import Any

import orjson
import pytest

from activities.gateway_news import Dispute, GatewayNews
from activities.gateways.stripe_webhook import TOLERANCE, read_stripe_webhook
from activities.gateways.tracking import WebhookRejected
from tests.support.samples import eur

SECRET = "whsec_tests"
DISPUTE = {
    "id": "dp_1",
    "object": "dispute",
    "amount": 900,
    "currency": "eur",
    "reason": "fraudulent",
    "payment_intent": "pi_1",
}


def body(kind: str, about: Any, event_id: str = "evt_1") -> bytes:
    return orjson.dumps({"id": event_id, "object": "event", "type": kind, "data": {"object": about}})


def signed(payload: bytes, *, secret: str = SECRET, age: int = 0) -> str:
    at = int(time.time()) - age
    mac = hmac.new(secret.encode(), b"%d.%s" % (at, payload), hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def read(payload: bytes) -> GatewayNews | None:
    return read_stripe_webhook(SECRET, payload, signed(payload))


def test_a_dispute() -> None:
    news = read(body("charge.dispute.created", DISPUTE))
    assert news == GatewayNews("evt_1", "stripe", "pi_1", Dispute("dp_1", eur("9.00"), "fraudulent"))


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("charge.refunded", {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}),
        ("refund.created", {"id": "re_1", "object": "refund", "payment_intent": "pi_1"}),
        ("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"}),
    ],
)
def test_money_that_moved(kind: str, about: dict[str, str]) -> None:
    assert read(body(kind, about)) == GatewayNews("evt_1", "stripe", "pi_1")


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("customer.created", {"id": "cus_1", "object": "customer"}),
        ("charge.refunded", {"id": "ch_1", "object": "charge", "payment_intent": None}),
    ],
)
def test_what_concerns_no_order(kind: str, about: dict[str, str]) -> None:
    assert read(body(kind, about)) is None


PAYLOAD = body("charge.dispute.created", DISPUTE)


@pytest.mark.parametrize(
    "signature",
    ["", "t=1", "nonsense", signed(PAYLOAD, secret="whsec_other"), signed(PAYLOAD, age=TOLERANCE + 60)],
    ids=["none", "no mac", "nonsense", "another secret", "too old"],
)
def test_what_is_not_proven_is_rejected(signature: str) -> None:
    with pytest.raises(WebhookRejected) as rejected:
        read_stripe_webhook(SECRET, PAYLOAD, signature)
    assert rejected.value.code == "bad-signature"


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b"no json",
        body("charge.dispute.created", {**DISPUTE, "amount": "much"}),
        body("charge.dispute.created", {**DISPUTE, "currency": "xxx"}),
        body("charge.refunded", {"id": "ch_1", "object": "charge"}),
    ],
)
def test_what_is_proven_and_not_to_be_read_is_malformed(payload: bytes) -> None:
    with pytest.raises(WebhookRejected) as rejected:
        read(payload)
    assert rejected.value.code == "malformed"
