"""News of parcels, pushed by carriers."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from activities.gateways.tracking import WebhookRejected, verify_tracking_webhook
from api.dependencies import Deps
from api.errors import Problem
from api.openapi import problems
from api.rest import examples
from domain.errors import NotFound

router = APIRouter(prefix="/v1/webhooks/carriers", tags=["webhooks"])

_EXAMPLE: Final[dict[str, Any]] = {
    "booking": "bk_01",
    "shipment_id": "s-1",
    "order_id": examples.ORDER_ID,
    "sequence": 2,
    "status": "in_transit",
    "occurred_at": examples.TIME,
}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "A tracking update, signed by Standard Webhooks headers",
    "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
}


@router.post(
    "/{carrier}",
    status_code=204,
    openapi_extra={
        "requestBody": _BODY,
        **problems("bad-signature", "malformed-webhook", "unknown-carrier", "order-not-found"),
    },
)
async def receive_tracking(request: Request, deps: Deps, carrier: str) -> Response:
    """Take a tracking update. Answered once the order's workflow durably has it; repeats change nothing."""
    secret = deps.carrier_secrets.get(carrier)
    if secret is None:
        raise NotFound("no carrier of this name sends webhooks here", code="unknown-carrier")
    try:
        update = verify_tracking_webhook(secret, request.headers, await request.body())
    except WebhookRejected as rejected:
        code = "malformed-webhook" if rejected.code == "malformed" else rejected.code
        raise Problem(code, "the webhook is not taken: see its title") from None
    await deps.gateway.tracking(update)
    return Response(status_code=204)
