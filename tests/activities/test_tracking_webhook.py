"""A carrier's webhook is believed only when it is signed, fresh and whole."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
import pytest
from standardwebhooks import Webhook

from activities.gateways.protocol import TrackingUpdate
from activities.gateways.tracking import WebhookRejected, verify_tracking_webhook
from domain.shipping.events import TrackingStatus

SECRET = "whsec_dGVzdHMta2V5LW9mLXRoZS1jYXJyaWVy"
OTHER = "whsec_YW5vdGhlci1rZXktb2YtYS1jYXJyaWVy"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
UPDATE = TrackingUpdate("bkg_1", "shipment-1", uuid4(), 1, TrackingStatus.DISPATCHED, NOON)
BODY = orjson.dumps(UPDATE)


def signed(body: bytes, *, secret: str = SECRET, age: timedelta = timedelta(0)) -> dict[str, str]:
    at = datetime.now(UTC) - age
    signature = Webhook(secret).sign("msg_1", at, body.decode())
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}


def test_a_signed_update_is_read() -> None:
    assert verify_tracking_webhook(SECRET, signed(BODY), BODY) == UPDATE


def test_one_good_signature_of_several_is_enough() -> None:
    headers = signed(BODY)
    headers["Webhook-Signature"] = f"v1,AAAA v2,BBBB {headers['Webhook-Signature']}"
    assert verify_tracking_webhook(SECRET, headers, BODY) == UPDATE


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(BODY, secret=OTHER),
        signed(BODY + b" "),
        signed(BODY, age=timedelta(minutes=6)),
        signed(BODY, age=timedelta(hours=-1)),
        signed(BODY) | {"Webhook-Signature": "nonsense"},
        signed(BODY) | {"Webhook-Signature": "v1,%%%"},
        signed(BODY) | {"Webhook-Timestamp": "noon"},
    ],
)
def test_what_is_not_signed_by_the_carrier_now_is_rejected(headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRejected) as rejected:
        verify_tracking_webhook(SECRET, headers, BODY)
    assert rejected.value.code == "bad-signature"


def test_a_body_that_is_no_text_is_rejected() -> None:
    with pytest.raises(WebhookRejected):
        verify_tracking_webhook(SECRET, signed(BODY), b"\xff\xfe")


@pytest.mark.parametrize(
    "change",
    [{"status": "eaten"}, {"order_id": "7"}, {"sequence": "first"}, {"occurred_at": "2026-05-04T12:00:00"}],
)
def test_a_signed_body_that_is_no_update_is_malformed(change: dict[str, str]) -> None:
    body = orjson.dumps(orjson.loads(BODY) | change)
    with pytest.raises(WebhookRejected) as rejected:
        verify_tracking_webhook(SECRET, signed(body), body)
    assert rejected.value.code == "malformed"
    assert not any(value in str(rejected.value) for value in ("eaten", "first"))


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no json", b""])
def test_a_signed_body_of_another_kind_is_malformed(body: bytes) -> None:
    with pytest.raises(WebhookRejected) as rejected:
        verify_tracking_webhook(SECRET, signed(body), body)
    assert rejected.value.code == "malformed"
