"""`POST /v1/orders/{id}/payment`."""

from domain.errors import NotAllowed
from tests.api.world import World, problem
from tests.support.samples import ORDER

PATH = f"/v1/orders/{ORDER}/payment"
BODY = {"method": "sim_ok"}


async def test_a_customer_pays_its_own_order_again(world: World) -> None:
    world.knows()
    response = await world.call("POST", PATH, json=BODY)
    assert response.status_code == 200
    ((name, given),) = world.gateway.calls
    assert (name, given["method"], given["actor"]) == ("pay", "sim_ok", "customer:c-1")


async def test_what_is_not_possible_says_why(world: World) -> None:
    world.knows()
    problem(await world.call("POST", PATH, json={"method": "beads"}), 422, "unknown-payment-method")
    problem(await world.call("POST", PATH, json=BODY, subject="c-2"), 404, "order-not-found")
    assert not world.gateway.calls
    world.gateway.fails = NotAllowed("it is paid", code="payment-not-awaited")
    problem(await world.call("POST", PATH, json=BODY), 409, "payment-not-awaited")
