"""Amendments over HTTP: priced and previewed, sent with the version that was seen, for one's own orders only."""

from decimal import Decimal
from typing import Any

import pytest

from domain.amending import Preview
from domain.errors import NotAllowed
from domain.inventory.events import Allocation
from domain.money import Money
from domain.orders.amendments import Amendment
from tests.api.world import World, order_view, problem, product
from tests.support.samples import LINES, ORDER, PLACED

PATH = f"/v1/orders/{ORDER}/amendments"
PARIS = {"name": "Ada", "line1": "1 rue de la Paix", "city": "Paris", "postal_code": "75002", "country": "FR"}


def body(**given: Any) -> dict[str, Any]:
    return {"reason": "one is enough", **given}


def asked(world: World) -> Amendment:
    amendment: Amendment = world.gateway.calls[-1][1]["amendment"]
    return amendment


@pytest.fixture
def known(world: World) -> World:
    world.knows(order_view())
    world.queries.catalogue["CUP"] = product("CUP", amount="12.00")
    return world


async def test_lines_are_changed_taken_out_and_added(known: World) -> None:
    kept, gone = LINES
    wanted = [{"sku": kept.sku, "quantity": 1}, {"sku": gone.sku, "quantity": 0}, {"sku": "CUP", "quantity": 3}]
    answer = await known.call("POST", PATH, json=body(lines=wanted), headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    name, given = known.gateway.calls[-1]
    assert (name, given["expected_version"], given["actor"]) == ("amend", 1, "customer:c-1")
    assert asked(known).quantities == {kept.sku: 1, gone.sku: 0}
    (added,) = asked(known).added
    assert (added.sku, added.quantity, str(added.unit_price)) == ("CUP", 3, "12.00 EUR")


async def test_a_key_stands_for_the_body_whatever_it_comes_to(known: World) -> None:
    for _ in range(2):
        await known.call("POST", PATH, json=body(lines=[{"sku": "CUP", "quantity": 1}]))
    first, again = known.gateway.calls
    assert first[1]["asked"] == again[1]["asked"]


async def test_another_country_has_its_own_rules(known: World) -> None:
    await known.call("POST", PATH, json=body(shipping_address=PARIS))
    amendment = asked(known)
    assert (amendment.country, amendment.rules.tax_rate) == ("FR", Decimal(0))
    assert amendment.shipping_address is not None


async def test_another_shipping_method_has_its_fee(known: World) -> None:
    given = body(shipping_method="express", shipping_address=PARIS | {"country": "DE"})
    await known.call("POST", PATH, json=given)
    assert (asked(known).method, asked(known).rules.shipping) == ("express", Money(1290, "EUR"))


async def test_a_dry_run_says_what_would_be_done(known: World) -> None:
    placed = PLACED.totals
    known.gateway.preview = Preview(
        terms=order_view().record.order.terms,
        before=placed,
        more=Money(-500, "EUR"),
        to_authorise=Money(0, "EUR"),
        taken=(Allocation("BER", "CUP", 1),),
        released=(),
        parcels=("S-BER",),
    )
    answer = await known.call("POST", f"{PATH}?dry_run=true", json=body(lines=[{"sku": "CUP", "quantity": 1}]))
    shown = answer.json()
    assert [name for name, _ in known.gateway.calls] == ["preview_amendment"]
    assert (shown["less_to_pay"]["amount"], shown["more_to_pay"]["amount"]) == ("5.00", "0.00")
    assert shown["stock_taken"] == [{"warehouse": "BER", "sku": "CUP", "quantity": 1}]
    assert shown["shipments_stopped"] == ["S-BER"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, "unknown-sku"),
        ({"lines": [{"sku": "CUP", "quantity": 0}]}, "invalid-quantity"),
        ({"lines": [{"sku": "CUP", "quantity": 1}, {"sku": "CUP", "quantity": 2}]}, "duplicate-sku"),
        ({"shipping_method": "pigeon"}, "unknown-shipping-method"),
        ({"shipping_method": "express", "shipping_address": PARIS}, "shipping-method-not-available"),
    ],
)
async def test_what_cannot_be_is_refused_and_sent_nowhere(known: World, given: dict[str, Any], code: str) -> None:
    problem(await known.call("POST", PATH, json=body(**given)), 422, code)
    assert not known.gateway.calls


async def test_a_refusal_says_what_is_possible(known: World) -> None:
    known.gateway.fails = NotAllowed("left", code="too-late-to-amend", details={"not_dispatched": {"TEA": 1}})
    answer = await known.call("POST", PATH, json=body(lines=[{"sku": "CUP", "quantity": 1}]))
    problem(answer, 409, "too-late-to-amend")
    assert answer.json()["not_dispatched"] == {"TEA": 1}


async def test_a_line_is_cancelled_whole(known: World) -> None:
    path = f"/v1/orders/{ORDER}/lines/{LINES[0].sku}/cancel"
    assert (await known.call("POST", path, json={"reason": "not needed"})).status_code == 200
    name, given = known.gateway.calls[-1]
    assert (name, given["whole"], asked(known).quantities) == ("amend", True, {LINES[0].sku: 0})


async def test_others_do_not_learn_of_the_order(known: World) -> None:
    for path in (PATH, f"/v1/orders/{ORDER}/lines/MUG/cancel"):
        problem(await known.call("POST", path, subject="c-2", json=body()), 404, "order-not-found")
