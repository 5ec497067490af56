"""What operators, carriers and monitoring use, and the document that describes all of it."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from api.app import create_app
from api.rest import health
from domain.errors import NotAllowed, NotFound
from domain.orders.events import StepAction
from domain.shipping.events import TrackingStatus
from eventstore.sequencer import Holder, Watermark
from tests.api.world import SECRET, World, now, problem
from tests.support import samples
from workflows.errors import CommandUnavailable

STEPS = f"/v1/ops/orders/{samples.ORDER}/steps"
HOOK = "/v1/webhooks/carriers/simulated"
NEWS = {
    "booking": "b-1",
    "shipment_id": "s-1",
    "order_id": str(samples.ORDER),
    "sequence": 2,
    "status": "delivered",
    "occurred_at": "2026-03-01T12:00:00Z",
}


async def test_stalled_steps_are_listed(world: World) -> None:
    response = await world.call("GET", "/v1/ops/sagas?state=stalled", role="operator")
    assert response.json()["items"] == [
        {
            "order_id": str(samples.ORDER),
            "order_number": samples.NUMBER,
            "step": "authorize#1",
            "error_type": "Unknown",
            "error": "no answer",
            "since": "2026-03-01T12:00:00Z",
            "assignee": None,
        }
    ]
    other = await world.call("GET", "/v1/ops/sagas?state=happy", role="operator")
    problem(other, 422, "invalid-request")


async def resolve(world: World, step: str, body: Any) -> Any:
    return await world.call("POST", f"{STEPS}/{step}", role="operator", json=body)


async def test_a_step_is_answered(world: World) -> None:
    world.knows()
    response = await resolve(world, "book%3ABER%2FA%231", {"action": "compensate", "reason": "carrier is gone"})
    assert response.status_code == 200
    assert response.json()["stalled"] == []
    given = world.gateway.calls[0][1]
    assert (given["step"], given["action"]) == ("book:BER/A#1", StepAction.COMPENSATE)
    assert (given["reason"], given["actor"]) == ("carrier is gone", "operator:c-1")


@pytest.mark.parametrize("body", [{"action": "wait", "reason": "r"}, {"action": "retry"}, {}])
async def test_an_answer_that_is_none(world: World, body: Any) -> None:
    problem(await resolve(world, "book%231", body), 422, "invalid-request")


async def test_a_step_that_does_not_wait(world: World) -> None:
    world.gateway.fails = NotAllowed("no", code="step-not-stalled", details={"stalled": ["book#1"]})
    answer = {"action": "retry", "reason": "r"}
    assert problem(await resolve(world, "x%231", answer), 409, "step-not-stalled")["stalled"] == ["book#1"]
    problem(await resolve(world, "a" * 201, answer), 409, "step-not-stalled")


# Carriers


async def push(world: World, body: str, *, secret: str = SECRET, path: str = HOOK, age: int = 0) -> Any:
    at = now() - timedelta(seconds=age)
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg-1", at, body),
    }
    return await world.call("POST", path, role=None, content=body.encode(), headers=headers)


async def test_news_of_a_parcel_reaches_the_order(world: World) -> None:
    response = await push(world, json.dumps(NEWS))
    assert (response.status_code, response.content) == (204, b"")
    update = world.gateway.calls[0][1]["update"]
    assert (update.order_id, update.status) == (samples.ORDER, TrackingStatus.DELIVERED)


async def test_news_of_nobody_is_refused(world: World) -> None:
    other = "whsec_" + "b3RoZXItdGVzdHMtb25seS1rZXktb2YtYS1jYXJyaWVy"
    problem(await push(world, json.dumps(NEWS), secret=other), 401, "bad-signature")
    problem(await push(world, json.dumps(NEWS), age=600), 401, "bad-signature")
    problem(await world.call("POST", HOOK, role=None, json=NEWS), 401, "bad-signature")
    problem(await push(world, json.dumps(NEWS), path="/v1/webhooks/carriers/none"), 404, "unknown-carrier")
    assert not world.gateway.calls


@pytest.mark.parametrize(
    "body",
    [
        *("{}", "[]", "no", '{"a":' * 3_000, '{"booking": "\\ud800"}'),
        *(json.dumps({**NEWS, **wrong}) for wrong in ({"status": "eaten"}, {"booking": "a\0b"})),
    ],
)
async def test_signed_nonsense_is_malformed(world: World, body: str) -> None:
    problem(await push(world, body), 400, "malformed-webhook")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (CommandUnavailable("down"), 503, "unavailable"),
        (NotFound("no", code="order-not-found"), 404, "order-not-found"),
    ],
)
async def test_news_that_is_not_durable_is_not_taken(
    world: World, error: Exception, status: int, code: str
) -> None:
    world.gateway.fails = error
    problem(await push(world, json.dumps(NEWS)), status, code)


# Health


async def test_ready_when_every_dependency_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def reached() -> None: ...

    async def refused() -> None:
        raise ConnectionRefusedError("db.internal:5432")

    async def silent() -> None:
        await asyncio.Event().wait()

    world.readiness["database"] = reached
    ready = await world.call("GET", "/readyz", role=None)
    assert (ready.status_code, ready.json()["ok"]) == (200, True)

    monkeypatch.setattr(health, "CHECK_TIMEOUT", 0.01)
    world.readiness |= {"temporal": refused, "redis": silent}
    response = await world.call("GET", "/readyz", role=None)
    assert response.status_code == 503
    assert response.json() == {
        "ok": False,
        "dependencies": {
            "database": {"ok": True, "detail": "reached"},
            "temporal": {"ok": False, "detail": "ConnectionRefusedError"},
            "redis": {"ok": False, "detail": "no answer within 0.01 s"},
        },
    }
    assert (await world.call("GET", "/livez", role=None)).json() == {"ok": True}


async def test_requests_are_counted_by_route_not_by_path() -> None:
    world = World(create_app)
    world.knows()
    await world.call("GET", f"/v1/orders/{samples.ORDER}")
    await world.call("GET", f"/v1/orders/{samples.OTHER_ORDER}")
    await world.call("BREW", "/nowhere")
    metrics = (await world.call("GET", "/metrics", role=None)).text
    for status in (200, 404):
        line = f'waybill_http_requests_total{{method="GET",route="/v1/orders/{{order_id}}",status="{status}"}} 1.0'
        assert line in metrics
    assert 'method="*",route="unmatched",status="404"' in metrics
    assert "BREW" not in metrics
    assert str(samples.ORDER) not in metrics


async def test_the_logs_state_is_measured_and_who_holds_it_back_is_named(world: World) -> None:
    found = Watermark(7, 2, 1.5, Holder(42, "report", "shop", "idle in transaction", 3.0))

    async def watermark() -> Watermark:
        return found

    async def away() -> Watermark:
        raise OSError("connection refused")

    given = world.app.state.dependencies
    world.app.state.dependencies = replace(given, watermark=watermark)
    metrics = (await world.call("GET", "/metrics", role=None)).text
    labels = 'application="report",database="shop",pid="42",state="idle in transaction"'
    for line in (
        "waybill_log_head 7.0",
        "waybill_log_waiting_events 2.0",
        "waybill_log_waiting_seconds 1.5",
        f"waybill_log_held_seconds{{{labels}}} 3.0",
    ):
        assert line in metrics
    found = Watermark(9, 0, 0.0, None)
    assert "waybill_log_held" not in (await world.call("GET", "/metrics", role=None)).text
    world.app.state.dependencies = replace(given, watermark=away)
    response = await world.call("GET", "/metrics", role=None)
    assert response.status_code == 200
    assert "waybill_log" not in response.text


async def test_how_other_services_events_fare_is_measured(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = (await world.call("GET", "/metrics", role=None)).text
    labels = 'outcome="handled",stream="waybill.inbound.products",type="products.discontinued"'
    for line in (
        f"waybill_subscriber_events_total{{{labels}}} 7.0",
        'waybill_subscriber_events_total{outcome="dead",stream="waybill.inbound.products",type=""} 3.0',
        'waybill_subscriber_lag_events{stream="waybill.inbound.products"} 1.0',
        'waybill_subscriber_pending_events{stream="waybill.inbound.products"} 2.0',
        'waybill_subscriber_reading{stream="waybill.inbound.products"} 1.0',
        'waybill_dead_letters{stream="waybill.inbound.products"} 3.0',
    ):
        assert line in metrics

    async def away() -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(world.letters, "routes", away)
    response = await world.call("GET", "/metrics", role=None)
    assert response.status_code == 200
    assert "waybill_subscriber" not in response.text
    assert "waybill_dead_letters" in response.text


# The document


def test_every_operation_is_described_with_an_example_and_its_problems(world: World) -> None:
    document = world.app.openapi()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            success = operation["responses"][min(operation["responses"])].get("content", {})
            asked = operation.get("requestBody", {}).get("content", {})
            empty = "204" in operation["responses"]
            assert empty or "example" in str(success) or "example" in str(asked), where
            assert "500" in operation["responses"], where
            assert "x-problem-types" not in operation
            for status, response in operation["responses"].items():
                given = response.get("content", {}).get("application/problem+json", {"examples": {}})
                assert all(str(item["value"]["status"]) == status for item in given["examples"].values()), where
