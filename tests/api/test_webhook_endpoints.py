"""`/v1/webhook-endpoints`."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from api.outbound import Webhooks
from messaging.webhooks.addresses import AddressRules
from tests.api.fake_webhooks import HOOK, NEXT
from tests.api.world import World, problem
from tests.support.webhooks import LOOPBACK, outbound, receiver

PATH = "/v1/webhook-endpoints"
KEY = {"Idempotency-Key": "warehouse"}
ONE = f"{PATH}/{HOOK}"
BODY = {"url": "https://example.org/hooks", "event_types": ["OrderConfirmed", "OrderConfirmed"]}


async def test_the_secret_is_told_once(world: World) -> None:
    made = await world.call("POST", PATH, role="service", subject="erp", json=BODY, headers=KEY)
    assert (made.status_code, made.headers["location"]) == (201, f"{PATH}/{NEXT}")
    assert made.headers["cache-control"] == "no-store"
    document = made.json()
    assert document.pop("secret") == "whsec_bmV3"
    assert (document["event_types"], document["created_by"]) == (["OrderConfirmed"], "service:erp")
    assert (await world.call("GET", f"{PATH}/{NEXT}", role="service")).json() == {
        **document,
        "paused_reason": None,
        "paused_at": None,
    }
    listed = (await world.call("GET", PATH, role="admin")).json()["items"]
    assert [each["endpoint_id"] for each in listed] == [str(HOOK), str(NEXT)]


async def test_no_more_than_there_may_be(world: World) -> None:
    world.webhooks.full = True
    problem(
        await world.call("POST", PATH, role="admin", json=BODY, headers=KEY), 409, "too-many-webhook-endpoints"
    )


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"url": "http://example.org/"}, "invalid-webhook-url"),
        ({"url": "https://127.0.0.1/"}, "invalid-webhook-url"),
        ({"url": "https://169.254.169.254/"}, "invalid-webhook-url"),
        ({"url": "https://a:b@example.org/"}, "invalid-webhook-url"),
        ({"event_types": ["ProductCreated"]}, "unknown-event-type"),
        ({"url": ""}, "invalid-request"),
        ({"url": None}, "invalid-request"),
        ({"description": "a\u0000b"}, "invalid-request"),
        ({"secret": "mine"}, "invalid-request"),
    ],
)
async def test_what_is_refused(world: World, members: dict[str, Any], code: str) -> None:
    before = dict(world.webhooks.known)
    problem(await world.call("POST", PATH, role="admin", json={**BODY, **members}, headers=KEY), 422, code)
    problem(await world.call("PATCH", ONE, role="admin", json=members), 422, code)
    assert world.webhooks.known == before


async def test_a_change_leaves_alone_what_it_does_not_name(world: World) -> None:
    changed = (await world.call("PATCH", ONE, role="admin", json={"event_types": ["OrderCompleted"]})).json()
    assert (changed["url"], changed["event_types"]) == ("https://example.org/h", ["OrderCompleted"])
    changed = (await world.call("PATCH", ONE, role="admin", json={"event_types": [], "description": "d"})).json()
    assert (changed["event_types"], changed["description"]) == ([], "d")


async def test_pause_and_resume(world: World) -> None:
    paused = (await world.call("POST", f"{ONE}/pause", role="admin")).json()
    assert (paused["state"], paused["paused_reason"]) == ("paused", "operator")
    assert (await world.call("POST", f"{ONE}/resume", role="admin")).json()["state"] == "active"


async def test_rotate_replay_test_and_delete(world: World) -> None:
    rotated = await world.call("POST", f"{ONE}/rotate-secret", role="admin")
    assert (rotated.json()["secret"], rotated.headers["cache-control"]) == ("whsec_cm90", "no-store")
    replayed = await world.call("POST", f"{ONE}/replay", role="admin", json={"after": 17})
    assert (replayed.status_code, replayed.json()) == (202, {"orders": 3})
    tried = (await world.call("POST", f"{ONE}/test", role="admin")).json()
    assert tried == {"succeeded": False, "status": 503, "error": "http-503", "milliseconds": 12}
    assert orjson.loads(world.webhooks.tests[0])["type"] == "webhook.test"
    deleted = await world.call("DELETE", ONE, role="admin")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert world.webhooks.calls == [("rotate", 60), ("replay", 17), ("delete", HOOK)]


@pytest.mark.parametrize("after", [-1, "1", 2**63, None, 1.5])
async def test_a_position_is_a_number(world: World, after: Any) -> None:
    problem(await world.call("POST", f"{ONE}/replay", role="admin", json={"after": after}), 422, "invalid-request")


async def test_deliveries_by_the_page(world: World) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await world.call("GET", f"{ONE}/deliveries", role="admin", params=query)).json()
        seen += [item["delivery_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [5, 4, 3, 2, 1]
    for bad in ("x", "-1", "", "9" * 30):
        response = await world.call("GET", f"{ONE}/deliveries", role="admin", params={"cursor": bad})
        problem(response, 422, "invalid-cursor")


@pytest.mark.parametrize("name", ["x", str(UUID(int=7))])
async def test_an_endpoint_that_is_not_there(world: World, name: str) -> None:
    for method, path, json in [
        ("GET", "", None),
        ("PATCH", "", {"description": "d"}),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("GET", "/deliveries", None),
        ("POST", "/replay", {"after": 0}),
        ("POST", "/test", None),
    ]:
        response = await world.call(method, f"{PATH}/{name}{path}", role="admin", json=json)
        problem(response, 404, "webhook-endpoint-not-found")


async def test_the_engine_behind_it(world: World, database: str) -> None:
    """Created, tested, paused, resumed, replayed, rotated, deleted: over the real tables and a real receiver."""
    order = uuid4()
    async with outbound(database) as out, receiver() as there:
        courier = out.courier
        rules = AddressRules((LOOPBACK,))
        given = Webhooks(
            courier.endpoints, courier.lanes, courier.test, rules.check_url, frozenset({"OrderConfirmed"}), 60
        )
        object.__setattr__(world.app.state.dependencies, "webhooks", given)
        body = {"url": there.url, "event_types": ["OrderConfirmed"]}
        made = (await world.call("POST", PATH, role="service", json=body, headers=KEY)).json()
        one, found = f"{PATH}/{made['endpoint_id']}", UUID(made["endpoint_id"])

        await out.confirmed(order)
        assert there.sequences(order) == [1]
        assert there.received[0].verified_by(made["secret"])

        rotated = (await world.call("POST", f"{one}/rotate-secret", role="service")).json()
        tried = (await world.call("POST", f"{one}/test", role="service")).json()
        assert (tried["succeeded"], tried["status"]) == (True, 200)
        assert there.received[1].item["type"] == "webhook.test"
        assert there.received[1].verified_by(made["secret"])
        assert there.received[1].verified_by(rotated["secret"])

        assert (await world.call("POST", f"{one}/pause", role="service")).json()["state"] == "paused"
        await out.confirmed(order)
        assert len(there.received) == 2
        assert (await world.call("POST", f"{one}/resume", role="service")).json()["state"] == "active"
        replay = await world.call("POST", f"{one}/replay", role="service", json={"after": 0})
        assert replay.json() == {"orders": 1}
        assert (await courier.drive(found, order)).outcome == "done"
        assert [each.item["sequence"] for each in there.received[2:]] == [1, 2]

        page = (await world.call("GET", f"{one}/deliveries", role="service", params={"limit": 3})).json()
        assert [(each["type"], each["sequence"]) for each in page["items"]] == [
            ("OrderConfirmed", 2),
            ("OrderConfirmed", 1),
            ("webhook.test", None),
        ]
        cursor = {"cursor": page["next_cursor"]}
        last = (await world.call("GET", f"{one}/deliveries", role="service", params=cursor)).json()
        assert ([each["sequence"] for each in last["items"]], last["next_cursor"]) == ([1], None)
        assert (await world.call("DELETE", one, role="service")).status_code == 204
        problem(await world.call("GET", one, role="service"), 404, "webhook-endpoint-not-found")


async def test_one_key_is_one_endpoint(world: World, database: str) -> None:
    """Also of requests that are under way at once; whoever lost the answer gets a secret that signs."""
    async with outbound(database) as out, receiver() as there:
        courier = out.courier
        check = AddressRules((LOOPBACK,)).check_url
        given = Webhooks(courier.endpoints, courier.lanes, courier.test, check, frozenset(), 60)
        object.__setattr__(world.app.state.dependencies, "webhooks", given)

        async def make(headers: dict[str, str] = KEY, **members: str) -> httpx.Response:
            body = {"url": there.url, **members}
            return await world.call("POST", PATH, role="service", json=body, headers=headers)

        first, *twins = [answer.json() for answer in await asyncio.gather(*(make() for _ in range(4)))]
        assert [(each["endpoint_id"], each["secret"]) for each in twins] == [
            (first["endpoint_id"], first["secret"])
        ] * 3
        problem(await make(description="another"), 422, "idempotency-key-reuse")
        problem(await make(headers={}), 400, "idempotency-key-required")
        one = f"{PATH}/{first['endpoint_id']}"
        rotated = (await world.call("POST", f"{one}/rotate-secret", role="service")).json()
        assert (await make()).json()["secret"] == rotated["secret"]
        assert (await make({"Idempotency-Key": "other"})).json()["endpoint_id"] != first["endpoint_id"]
        assert len((await world.call("GET", PATH, role="service")).json()["items"]) == 2
