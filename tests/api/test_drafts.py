"""`/v1/drafts`: prepared by staff, priced as orders are, placed once through the orders' own door."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx

from domain.catalog.model import ProductStatus
from domain.drafts.events import DraftSubmitted
from domain.drafts.model import Draft
from readmodels.views import DraftView
from tests.api.graphql.asking import data
from tests.api.world import BODY, World, problem, product
from tests.support.samples import NOON
from workflows.drafts import LoadedDraft
from workflows.errors import CommandTimeout

START = {"customer_id": "c-1", "currency": "EUR", "note": "rang us up"}
REST = {name: BODY[name] for name in ("email", "lines", "shipping_address", "payment")}


async def create(world: World, body: Any = START, key: str = "k-1") -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return await world.call("POST", "/v1/drafts", role="operator", subject="eve", json=body, headers=headers)


async def call(world: World, method: str, path: str, **given: Any) -> httpx.Response:
    return await world.call(method, path, role="operator", subject="eve", **given)


async def prepared(world: World) -> str:
    """The path of a draft that can be placed."""
    created = await create(world, {**START, **REST})
    assert created.status_code == 201, created.text
    return created.headers["location"]


async def test_a_draft_is_begun_changed_and_read_with_its_price(world: World) -> None:
    created = await create(world)
    shown = created.json()
    assert (shown["status"], shown["quote"], shown["note"]) == ("open", None, "rang us up")
    assert shown["hindrance"]["type"].endswith("/draft-incomplete")
    path = created.headers["location"]
    changed = await call(world, "PATCH", path, json=REST, headers={"If-Match": created.headers["etag"]})
    assert changed.status_code == 200, changed.text
    priced = (await world.call("POST", "/v1/orders?dry_run=true", json=BODY)).json()
    assert changed.json()["quote"] == {"lines": priced["lines"], "totals": priced["totals"]}
    assert (changed.json()["hindrance"], changed.json()["version"]) == (None, 2)
    read = await call(world, "GET", path)
    assert (read.json(), read.headers["etag"]) == (changed.json(), '"2"')
    assert read.json()["shipping_address"]["name"] == "Ada Lovelace"
    sealed = world.store.streams[f"draft/{shown['draft_id']}"][1].event.contents  # type: ignore[attr-defined]
    assert all(text.startswith("sealed:1:") for text in (sealed.email, sealed.note, sealed.shipping_address.name))


async def test_a_key_is_one_draft(world: World) -> None:
    first, again = await create(world), await create(world)
    assert first.json() == again.json()
    problem(await create(world, {**START, "note": "other"}), 422, "idempotency-key-reuse")
    world.queries.catalogue["MUG"] = product("MUG", ProductStatus.DISCONTINUED)
    problem(await create(world, {**START, **REST}, key="k-2"), 422, "product-not-available")


async def test_repeating_what_the_catalogue_allowed_then(world: World) -> None:
    await create(world, {**START, **REST})
    world.queries.catalogue["MUG"] = product("MUG", ProductStatus.DISCONTINUED)
    again = await create(world, {**START, **REST})
    assert again.status_code == 201
    assert again.json()["hindrance"]["type"].endswith("/product-not-available")


async def test_what_no_order_could_have_is_refused_at_once(world: World) -> None:
    path = (await create(world)).headers["location"]
    for change, code in (
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, "unknown-sku"),
        ({"lines": [{"sku": "MUG", "quantity": 0}]}, "invalid-quantity"),
        ({"currency": "XXX"}, "unknown-currency"),
        ({"email": "nobody"}, "invalid-email"),
        ({"payment": {"method": "cash"}}, "unknown-payment-method"),
        ({"customer_id": "ada@example.org"}, "invalid-customer-id"),
        ({"shipping_address": {**BODY["shipping_address"], "country": "Germany"}}, "invalid-address"),
        ({"currency": None}, "invalid-request"),
        ({}, "invalid-request"),
    ):
        problem(await call(world, "PATCH", path, json=change), 422, code)
    assert (await call(world, "GET", path)).json()["version"] == 1


async def test_a_stale_version_changes_nothing(world: World) -> None:
    path = await prepared(world)
    await call(world, "PATCH", path, json={"note": "b"})
    for method, where, body in (
        ("PATCH", path, {"note": "c"}),
        ("POST", f"{path}/discard", {"reason": "r"}),
        ("POST", f"{path}/place", None),
    ):
        problem(await call(world, method, where, json=body, headers={"If-Match": '"1"'}), 412, "version-mismatch")
    assert not world.gateway.placed
    same = {"If-Match": '"2"', "Idempotency-Key": "same"}
    answers = [await call(world, "PATCH", path, json={"note": "d"}, headers=same) for _ in range(2)]
    assert [answer.json()["version"] for answer in answers] == [3, 3]


async def test_null_takes_away_and_another_customer_starts_anew(world: World) -> None:
    path = await prepared(world)
    cleared = (await call(world, "PATCH", path, json={"payment": None, "email": None})).json()
    assert (cleared["payment_method"], cleared["email"], cleared["note"]) == (None, None, "rang us up")
    other = (await call(world, "PATCH", path, json={"customer_id": "c-2"})).json()
    assert (other["note"], other["shipping_address"], len(other["lines"])) == (None, None, 2)


async def test_placing_twice_is_one_order_of_the_drafts_id(world: World) -> None:
    path = await prepared(world)
    twins = await asyncio.gather(*(call(world, "POST", f"{path}/place") for _ in range(3)))
    assert {twin.status_code for twin in twins} == {201}
    (order_id,) = world.gateway.placed
    assert path.endswith(str(order_id))
    assert {twin.json()["order_id"] for twin in twins} == {str(order_id)}
    command = world.gateway.calls[0][1]["command"]
    assert (command.email, command.shipping_address.name) == ("ada@example.org", "Ada Lovelace")
    read = (await call(world, "GET", path)).json()
    assert (read["status"], read["order_number"]) == ("placed", twins[0].json()["order_number"])
    assert read["quote"]["totals"] == twins[0].json()["totals"]
    for where, body in ((path, {"note": "x"}), (f"{path}/discard", {"reason": "r"})):
        method = "PATCH" if where == path else "POST"
        problem(await call(world, method, where, json=body), 409, "draft-placed")


async def test_an_unknown_outcome_is_placed_again_at_the_same_price(world: World) -> None:
    path = await prepared(world)
    world.gateway.fails = CommandTimeout()
    problem(await call(world, "POST", f"{path}/place"), 503, "outcome-unknown")
    problem(await call(world, "PATCH", path, json={"note": "late"}), 409, "draft-being-placed")
    world.gateway.fails = None
    world.queries.catalogue["MUG"] = product("MUG", amount="99.00")
    world.queries.catalogue["TEA"] = product("TEA", ProductStatus.DISCONTINUED)
    placed = await call(world, "POST", f"{path}/place")
    assert placed.status_code == 201, placed.text
    assert placed.json()["totals"]["subtotal"]["amount"] == "30.00"


async def test_what_cannot_be_placed_says_why(world: World) -> None:
    path = (await create(world)).headers["location"]
    document = problem(await call(world, "POST", f"{path}/place"), 409, "draft-incomplete")
    assert document["missing"] == ["lines", "shipping_address", "payment_method"]
    await call(world, "PATCH", path, json=REST)
    world.queries.catalogue["MUG"] = product("MUG", ProductStatus.DRAFT)
    problem(await call(world, "POST", f"{path}/place"), 422, "unknown-sku")
    assert (await call(world, "GET", path)).json()["status"] == "open"
    discarded = await call(world, "POST", f"{path}/discard", json={"reason": "ordered online"})
    assert (discarded.json()["status"], discarded.json()["discard_reason"]) == ("discarded", "ordered online")
    problem(await call(world, "POST", f"{path}/place"), 409, "draft-discarded")
    for unknown in ("/v1/drafts/x", f"/v1/drafts/{UUID(int=1)}"):
        problem(await call(world, "GET", unknown), 404, "draft-not-found")


async def test_an_order_that_is_screened_is_held(screening: World) -> None:
    screening.queries.catalogue["MUG"] = product("MUG", amount="900.00")
    path = await prepared(screening)
    await call(screening, "POST", f"{path}/place")
    draft = (await screening_draft(screening, path)).draft
    assert isinstance(draft.submitted, DraftSubmitted)
    assert draft.submitted.screening == screening.gateway.calls[0][1]["command"].screening != ()


async def screening_draft(world: World, path: str) -> LoadedDraft:
    drafts = world.app.state.dependencies.drafts
    return await drafts.load(UUID(path.rsplit("/", 1)[1]))  # type: ignore[no-any-return]


async def test_the_list_shows_open_ones_by_default(world: World) -> None:
    path = await prepared(world)
    draft: Draft = (await screening_draft(world, path)).draft
    world.queries.known_drafts.append(DraftView(draft, NOON, NOON, 1))
    world.queries.known_drafts.append(DraftView(replace(draft, status="discarded"), NOON, NOON, 2))  # type: ignore[arg-type]
    (item,) = (await call(world, "GET", "/v1/drafts?customer_id=c-1")).json()["items"]
    assert (item["customer_id"], item["lines"], item["created_by"]) == ("c-1", 2, "operator:eve")
    assert "rang us up" not in str(item)


GRAPH = """mutation ($input: DraftInput!) { createDraft(input: $input, idempotencyKey: "g") {
  ... on DraftCommanded { draftId version draft { note quote { totals { total { amount } } } } }
  ... on Problem { type detail } } }"""
CHANGE = """mutation ($id: UUID!) { changeDraft(draftId: $id, input: {note: "other"}) {
  ... on DraftCommanded { version draft { note email } } ... on Problem { type detail } } }"""
END = """mutation ($id: UUID!) {
  placeDraft(draftId: $id) { ... on OrderCommanded { orderId } ... on Problem { type } }
  discardDraft(draftId: $id, reason: "r") { ... on ConflictProblem { type } }
}"""


async def test_the_graph_does_the_same(world: World) -> None:
    body = {
        "customerId": "c-1",
        "currency": "EUR",
        "email": "ada@example.org",
        "lines": BODY["lines"],
        "shippingAddress": {
            **{name: value for name, value in BODY["shipping_address"].items() if name != "postal_code"},
            "postalCode": "10117",
        },
        "payment": {"method": "sim_ok"},
    }
    created = (await data(world, GRAPH, input=body, role="operator"))["createDraft"]
    assert created["draft"]["quote"]["totals"]["total"]["amount"] == "41.53"
    given = {"id": created["draftId"], "role": "operator"}
    changed = (await data(world, CHANGE, **given))["changeDraft"]
    assert (changed["version"], changed["draft"]) == (2, {"note": "other", "email": "ada@example.org"})
    ended = await data(world, END, **given)
    assert ended["placeDraft"]["orderId"] == created["draftId"]
    assert ended["discardDraft"]["type"].endswith("/draft-placed")
