"""`POST /v1/webhooks/stripe`: proven, kept, answered; the reader itself is tested beside its code."""

from dataclasses import replace

from activities.gateways.tracking import WebhookRejected
from tests.api.world import World, problem
from workflows.errors import CommandUnavailable

PATH = "/v1/webhooks/stripe"


class Inbox:
    def __init__(self, fails: Exception | None = None) -> None:
        self.fails, self.taken = fails, list[tuple[bytes, str]]()

    async def take(self, payload: bytes, signature: str) -> None:
        self.taken.append((payload, signature))
        if self.fails:
            raise self.fails


def with_inbox(world: World, fails: Exception | None = None) -> Inbox:
    inbox = Inbox(fails)
    world.app.state.dependencies = replace(world.app.state.dependencies, stripe=inbox)
    return inbox


async def test_what_is_kept_is_answered_with_nothing(world: World) -> None:
    inbox = with_inbox(world)
    headers = {"Stripe-Signature": "t=1,v1=a"}
    response = await world.call("POST", PATH, role=None, content=b'{"id": 1}', headers=headers)
    assert response.status_code == 204
    assert inbox.taken == [(b'{"id": 1}', "t=1,v1=a")]


async def test_what_is_not_taken_says_why(world: World) -> None:
    with_inbox(world, WebhookRejected("bad-signature", "no"))
    problem(await world.call("POST", PATH, role=None, content=b"{}"), 401, "bad-signature")
    with_inbox(world, WebhookRejected("malformed", "no"))
    problem(await world.call("POST", PATH, role=None, content=b"{}"), 400, "malformed-webhook")
    with_inbox(world, CommandUnavailable("Temporal is away"))
    problem(await world.call("POST", PATH, role=None, content=b"{}"), 503, "unavailable")


async def test_without_stripe_there_is_no_such_webhook(world: World) -> None:
    problem(await world.call("POST", PATH, role=None, content=b"{}"), 404, "gateway-not-used")
