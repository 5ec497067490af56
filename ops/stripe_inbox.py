"""Stripe's webhooks as the API takes them: proven, read, and kept before they are answered."""

from dataclasses import dataclass

from temporalio.client import Client

from activities.gateways.stripe_webhook import read_stripe_webhook
from workflows.keep_news import keep_news


@dataclass(frozen=True, slots=True)
class StripeInbox:
    """`secret`: the signing secret of the webhook endpoint."""

    temporal: Client
    secret: str

    async def take(self, payload: bytes, signature: str) -> None:
        """Raises WebhookRejected, CommandUnavailable."""
        news = read_stripe_webhook(self.secret, payload, signature)
        if news:
            await keep_news(self.temporal, news)
