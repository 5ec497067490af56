"""`GET /v1/ops/mails`."""

from datetime import timedelta
from uuid import UUID

from messaging.mails.log import Mail, MailState
from tests.api.world import World, problem
from tests.support.samples import NOON, ORDER, OTHER_ORDER


def mail(nr: int, order_id: UUID, state: MailState, reason: str | None = None) -> Mail:
    at = NOON - timedelta(minutes=nr)
    return Mail(UUID(int=nr), order_id, "confirmed", state, 1, reason, at, at)


async def test_the_log_is_filtered_and_paged(world: World) -> None:
    world.mails.known += [
        mail(1, ORDER, MailState.SENT),
        mail(2, ORDER, MailState.SKIPPED, "customer-erased"),
        mail(3, OTHER_ORDER, MailState.SENT),
    ]
    first = (await world.call("GET", "/v1/ops/mails?limit=2", role="operator")).json()
    assert [(item["event_id"], item["state"], item["reason"]) for item in first["items"]] == [
        (str(UUID(int=1)), "sent", None),
        (str(UUID(int=2)), "skipped", "customer-erased"),
    ]
    path = f"/v1/ops/mails?limit=2&cursor={first['next_cursor']}"
    rest = (await world.call("GET", path, role="operator")).json()
    assert ([item["order_id"] for item in rest["items"]], rest["next_cursor"]) == ([str(OTHER_ORDER)], None)
    filtered = f"/v1/ops/mails?state=sent&order_id={ORDER}"
    (only,) = (await world.call("GET", filtered, role="operator")).json()["items"]
    assert only["event_id"] == str(UUID(int=1))


async def test_what_is_malformed_is_named(world: World) -> None:
    problem(await world.call("GET", "/v1/ops/mails?cursor=x", role="operator"), 422, "invalid-cursor")
    problem(await world.call("GET", "/v1/ops/mails?state=lost", role="operator"), 422, "invalid-request")
