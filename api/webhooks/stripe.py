"""What Stripe tells by itself: disputes, and money moved elsewhere than here."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response

from activities.gateways.tracking import WebhookRejected
from api.dependencies import Deps
from api.errors import Problem
from api.openapi import problems

router = APIRouter(prefix="/v1/webhooks/stripe", tags=["webhooks"])

_EXAMPLE: Final[dict[str, Any]] = {
    "id": "evt_01",
    "type": "charge.dispute.created",
    "data": {
        "object": {
            "id": "dp_01",
            "object": "dispute",
            "amount": 3558,
            "currency": "eur",
            "reason": "fraudulent",
            "payment_intent": "pi_01",
        }
    },
}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "An event of Stripe, as Stripe signed it",
    "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
}


@router.post(
    "",
    status_code=204,
    openapi_extra={
        "requestBody": _BODY,
        **problems("bad-signature", "malformed-webhook", "gateway-not-used"),
    },
)
async def receive_stripe(
    request: Request,
    deps: Deps,
    stripe_signature: Annotated[str, Header(description="Time and signatures, as Stripe sends them")] = "",
) -> Response:
    """Take an event. Answered once it is durably kept; repeats and late ones change nothing."""
    if deps.stripe is None:
        raise Problem("gateway-not-used", "Stripe is not the payment gateway here")
    try:
        await deps.stripe.take(await request.body(), stripe_signature)
    except WebhookRejected as rejected:
        code = "malformed-webhook" if rejected.code == "malformed" else rejected.code
        raise Problem(code, "the webhook is not taken: see its title") from None
    return Response(status_code=204)
