"""Stripe's webhooks: signature and time window checked by Stripe's library, then read for what concerns orders."""

from typing import Any, Final

import stripe

from activities.gateway_news import Dispute, GatewayNews
from activities.gateways.stripe_money import from_stripe
from activities.gateways.tracking import WebhookRejected
from domain.errors import DomainError

SOURCE: Final = "stripe"
TOLERANCE: Final = 300
"""Seconds that a message may be old: a recorded one cannot be sent again later."""
DISPUTED: Final = "charge.dispute.created"
MOVED: Final = frozenset(
    {
        "charge.captured",
        "charge.refunded",
        "payment_intent.canceled",
        "payment_intent.succeeded",
        "refund.created",
    }
)


def read_stripe_webhook(secret: str, payload: bytes, signature: str) -> GatewayNews | None:
    """What a webhook says; None where it concerns no payment of an order.

    Raises:
        WebhookRejected: `bad-signature`, which an old one has too, or `malformed`.
    """
    try:
        event = stripe.Webhook.construct_event(payload, signature, secret, TOLERANCE).to_dict()
    except stripe.SignatureVerificationError:
        raise WebhookRejected("bad-signature", "not signed with our secret in the last minutes") from None
    except (ValueError, AttributeError, TypeError):
        raise WebhookRejected("malformed", "not an event of Stripe") from None
    try:
        return _news(event)
    except (KeyError, TypeError, ValueError, AttributeError, DomainError):
        raise WebhookRejected("malformed", "not an event of Stripe") from None


def _news(event: dict[str, Any]) -> GatewayNews | None:
    kind, about = str(event["type"]), event["data"]["object"]
    if kind != DISPUTED and kind not in MOVED:
        return None
    payment = about["id"] if about["object"] == "payment_intent" else about["payment_intent"]
    if payment is None:  # a charge without a PaymentIntent is none that Waybill made
        return None
    dispute = None
    if kind == DISPUTED:
        amount = from_stripe(int(about["amount"]), str(about["currency"]))
        dispute = Dispute(str(about["id"]), amount, str(about["reason"]))
    return GatewayNews(str(event["id"]), SOURCE, str(payment), dispute)
