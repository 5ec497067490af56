"""Reading a carrier's webhook: proves who sent it and when, then what it says."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from activities.gateways.protocol import TrackingUpdate

_UPDATE = TypeAdapter(TrackingUpdate)


class WebhookRejected(Exception):
    """A webhook that is not taken. `code` says why; the message holds nothing of the body.

    `bad-signature`: headers missing, the time more than five minutes off, or signed with another secret: answer
    401. `malformed`: properly signed, but not a tracking update: answer 400.
    """

    def __init__(self, code: Literal["bad-signature", "malformed"], reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


def verify_tracking_webhook(secret: str, headers: Mapping[str, str], body: bytes) -> TrackingUpdate:
    """The update a webhook carries, after its Standard Webhooks signature over the raw `body` was checked.

    Raises:
        WebhookRejected: it was not signed with `secret` in the last five minutes, or does not read as an update.
    """
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        raise WebhookRejected("bad-signature", str(error)) from None
    except ValueError:
        # A signature header that is not `version,base64`, or a body that is not UTF-8.
        raise WebhookRejected("bad-signature", "the signature cannot be read") from None
    try:
        update = _UPDATE.validate_json(body)
    except ValidationError as error:
        fields = ", ".join(sorted({str(item["loc"][0]) for item in error.errors() if item["loc"]}))
        raise WebhookRejected("malformed", f"not a tracking update ({fields or 'no JSON object'})") from None
    if update.occurred_at.tzinfo is None:
        raise WebhookRejected("malformed", "occurred_at has no offset from UTC")
    if any("\0" in text for text in asdict(update).values() if isinstance(text, str)):
        raise WebhookRejected("malformed", "a text holds a NUL")
    return update
