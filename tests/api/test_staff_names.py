"""A customer reads what happened to the order, and not who of the staff did it."""

import orjson

from readmodels.views import TimelineEntry
from tests.api.world import World
from tests.support import samples

APPROVED = {
    "return_id": "r-1",
    "approved_by": "operator:eve",
    "requested_by": "customer:c-1",
    "parts": [{"by": "admin:mallory", "sku": "MUG"}],
}


async def test_events_name_no_staff_to_a_customer(world: World) -> None:
    view = world.knows()
    world.queries.entries = [
        TimelineEntry(9, 1, "ReturnApproved", samples.NOON, None, "operator:eve", orjson.dumps(APPROVED).decode())
    ]
    path = f"/v1/orders/{view.order_id}/events"
    told = (await world.call("GET", path)).json()["items"][0]
    assert told["data"] == {"return_id": "r-1", "requested_by": "customer:c-1", "parts": [{"sku": "MUG"}]}
    assert told["actor"] is None
    assert (await world.call("GET", path, role="operator")).json()["items"][0]["data"] == APPROVED
