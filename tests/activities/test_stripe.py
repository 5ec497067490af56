"""What Stripe's answers mean: recorded shapes of its API, through its own library, on no network."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import orjson
import pytest
import stripe

from activities.gateways.protocol import Declined, PaymentEffect, Refused, Unknown
from activities.gateways.stripe import StripePayments
from activities.gateways.stripe_money import from_stripe, to_stripe
from domain.money import Money
from tests.support.samples import ORDER, eur

Answer = tuple[int, Mapping[str, Any]]


class Transport(stripe.HTTPClient):
    """Gives the answers planned, in order, and keeps what was asked."""

    name = "recorded"

    def __init__(self, *answers: Answer | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, list[str]], Mapping[str, str]]] = []

    async def request_async(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        path, _, query = url.removeprefix("https://stripe.test").partition("?")
        self.asked.append((method, path, parse_qs(post_data or query), headers))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return orjson.dumps(body), status, {"Request-Id": "req_1"}


def payments(*answers: Answer | Exception) -> tuple[StripePayments, Transport]:
    transport = Transport(*answers)
    client = stripe.StripeClient(
        "sk_test_1", base_addresses={"api": "https://stripe.test"}, max_network_retries=0, http_client=transport
    )
    return StripePayments(client), transport


def intent(status: str = "requires_capture", received: int = 0, **changes: Any) -> dict[str, Any]:
    notes = {"waybill_order": str(ORDER), "waybill_key": "authorize#0", **changes.pop("metadata", {})}
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 3570,
        "amount_received": received,
        "amount_capturable": 3570 - received,
        "currency": "eur",
        "status": status,
        "metadata": notes,
        "latest_charge": {"id": "ch_1", "object": "charge", "payment_method_details": {"card": {}}},
        **changes,
    }


def several(**changes: Any) -> dict[str, Any]:
    """An authorisation of a card that takes several captures."""
    details = {"card": {"multicapture": {"status": "available"}}}
    return intent(latest_charge={"id": "ch_1", "object": "charge", "payment_method_details": details}, **changes)


def error(status: int, kind: str, code: str | None = None, decline: str | None = None) -> Answer:
    return status, {"error": {"type": kind, "code": code, "decline_code": decline, "message": "No."}}


async def authorize(gateway: StripePayments) -> PaymentEffect:
    return await gateway.authorize(ORDER, "authorize#0", method="pm_card_visa", amount=eur("35.70"))


async def test_an_authorisation_is_asked_for_once_and_captured_by_hand() -> None:
    gateway, transport = payments((200, intent()))
    assert await authorize(gateway) == PaymentEffect(
        "authorization", "pi_1", "pi_1", ORDER, "authorize#0", eur("35.70")
    )
    ((method, path, asked, headers),) = transport.asked
    assert (method, path) == ("post", "/v1/payment_intents")
    assert headers["Idempotency-Key"] == f"{ORDER}/authorize#0"
    assert asked["capture_method"] == ["manual"]
    assert asked["metadata[waybill_key]"] == ["authorize#0"]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(402, "card_error", "card_declined", "insufficient_funds"), Declined, "insufficient-funds"),
        (error(402, "card_error", "expired_card"), Declined, "expired-card"),
        (error(400, "invalid_request_error", "parameter_invalid_empty"), Refused, "parameter-invalid-empty"),
        (error(404, "invalid_request_error", "resource_missing"), Refused, "resource-missing"),
        (error(400, "idempotency_error"), Refused, "idempotency-error"),
    ],
)
async def test_definite_refusals(answer: Answer, kind: type[Refused], code: str) -> None:
    gateway, _ = payments(answer)
    with pytest.raises(Refused) as refused:
        await authorize(gateway)
    assert type(refused.value) is kind
    assert refused.value.code == code


@pytest.mark.parametrize(
    "answer",
    [
        error(429, "invalid_request_error", "rate_limit"),
        error(409, "idempotency_error", "idempotency_key_in_use"),
        error(500, "api_error"),
        error(503, "api_error"),
        error(401, "invalid_request_error"),
        error(403, "invalid_request_error"),
        stripe.APIConnectionError("no answer"),  # type: ignore[no-untyped-call]
    ],
)
async def test_what_says_nothing_of_the_outcome(answer: Answer | Exception) -> None:
    gateway, _ = payments(answer)
    with pytest.raises(Unknown):
        await authorize(gateway)


async def test_a_payment_that_needs_the_customer_is_declined() -> None:
    gateway, _ = payments((200, intent("requires_action", latest_charge=None)))
    with pytest.raises(Declined):
        await authorize(gateway)


async def test_one_of_several_captures_leaves_the_rest_and_writes_its_key_with_the_capture() -> None:
    captured = several(received=2000)
    gateway, transport = payments((200, several()), (200, captured))

    def noted(asked: dict[str, list[str]]) -> dict[str, str]:
        return {name[9:-1]: value[0] for name, value in asked.items() if name.startswith("metadata[")}

    with pytest.raises(Unknown):  # the recorded answer does not show the note
        await gateway.capture(ORDER, "capture:p#0", payment="pi_1", amount=eur("20.00"))
    _, path, asked, _ = transport.asked[1]
    assert (path, asked["amount_to_capture"]) == ("/v1/payment_intents/pi_1/capture", ["2000"])
    assert asked["final_capture"][0].lower() == "false"
    gateway, _ = payments((200, several()), (200, several(received=2000, metadata=noted(asked))))
    effect = await gateway.capture(ORDER, "capture:p#0", payment="pi_1", amount=eur("20.00"))
    assert (effect.kind, effect.idempotency_key, effect.amount) == ("capture", "capture:p#0", eur("20.00"))


async def test_a_card_of_one_capture_is_captured_as_stripe_does_it() -> None:
    gateway, transport = payments((200, intent()), error(400, "invalid_request_error", "x"))
    with pytest.raises(Refused):
        await gateway.capture(ORDER, "capture:p#0", payment="pi_1", amount=eur("20.00"))
    assert "final_capture" not in transport.asked[1][2]


@pytest.mark.parametrize(
    "answers",
    [
        [(200, intent("canceled", cancellation_reason="automatic"))],
        [(200, intent()), error(400, "invalid_request_error", "charge_expired_for_capture")],
        [(200, intent()), error(402, "card_error", "capture_charge_authorization_expired")],
    ],
)
async def test_what_has_expired_is_refused_as_the_simulator_does(answers: list[Answer]) -> None:
    gateway, transport = payments(*answers)
    with pytest.raises(Refused) as refused:
        await gateway.capture(ORDER, "capture:p#0", payment="pi_1", amount=eur("20.00"))
    assert (refused.value.code, transport.answers) == ("authorization-expired", [])


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        (intent(), ["/v1/payment_intents/pi_1", "/v1/payment_intents/pi_1/cancel"]),
        (intent(received=2000), ["/v1/payment_intents/pi_1", "/v1/payment_intents/pi_1/capture"]),
        (intent("succeeded", 2000, metadata={"waybill_void": "void#0"}), ["/v1/payment_intents/pi_1"]),
    ],
    ids=["never captured", "captured in part", "freed by Stripe"],
)
async def test_a_void_frees_what_is_left(before: dict[str, Any], calls: list[str]) -> None:
    received = before["amount_received"]
    after = intent("succeeded" if received else "canceled", received, metadata={"waybill_void": "void#0"})
    gateway, transport = payments((200, before), (200, after))
    effect = await gateway.void(ORDER, "void#0", payment="pi_1")
    assert (effect.kind, effect.idempotency_key, effect.amount.minor) == ("void", "void#0", 3570 - received)
    assert [path for _, path, _, _ in transport.asked] == calls


async def test_the_books_tell_what_was_made_elsewhere() -> None:
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "currency": "eur",
        "status": "succeeded",
        "metadata": {},
    }
    failed = {**refund, "id": "re_2", "status": "failed"}
    found = (200, {"object": "search_result", "data": [intent("succeeded", 3570)], "has_more": False})
    gateway, transport = payments(found, (200, {"object": "list", "data": [failed, refund], "has_more": False}))
    effects = await gateway.list_effects(ORDER)
    assert [(each.kind, each.idempotency_key, each.amount) for each in effects] == [
        ("authorization", "authorize#0", eur("35.70")),
        ("capture", "", eur("35.70")),
        ("refund", "", eur("5.00")),
    ]
    assert transport.asked[0][2]["query"] == [f"metadata['waybill_order']:'{ORDER}'"]


async def test_a_key_that_was_never_used_is_closed_by_using_it_up() -> None:
    nothing = (200, {"object": "search_result", "data": [], "has_more": False})
    gateway, transport = payments((200, intent("requires_payment_method", latest_charge=None)), nothing)
    assert await gateway.abandon(ORDER, "authorize#0") is None
    _, _, asked, headers = transport.asked[0]
    assert headers["Idempotency-Key"] == f"{ORDER}/authorize#0"
    assert "confirm" not in asked


@pytest.mark.parametrize(
    ("data", "found"),
    [([intent()], True), ([intent("requires_payment_method", latest_charge={"id": "ch_1"})], False), ([], None)],
    ids=["authorised", "declined", "not to be seen yet"],
)
async def test_a_key_that_was_used_tells_what_for(data: list[Any], found: bool | None) -> None:
    books = {"object": "search_result", "data": data, "has_more": False}
    gateway, _ = payments(error(400, "idempotency_error"), (200, books))
    if found is None:
        with pytest.raises(Unknown):
            await gateway.abandon(ORDER, "authorize#0")
        return
    effect = await gateway.abandon(ORDER, "authorize#0")
    assert (effect is not None) is found


async def test_others_payments_are_nobodys() -> None:
    gateway, _ = payments((200, {**intent(), "metadata": {}}))
    assert await gateway.order_of("pi_1") is None
    gateway, _ = payments((200, intent()))
    assert await gateway.order_of("pi_1") == UUID(str(ORDER))


@pytest.mark.parametrize(
    ("minor", "currency", "given"), [(500, "JPY", 500), (500, "ISK", 50_000), (500, "KWD", 500)]
)
def test_amounts_are_counted_as_stripe_counts_them(minor: int, currency: str, given: int) -> None:
    assert to_stripe(Money(minor, currency)) == given
    assert from_stripe(given, currency.lower()) == Money(minor, currency)


def test_an_amount_that_stripe_does_not_take_is_refused() -> None:
    with pytest.raises(Refused):
        to_stripe(Money(505, "KWD"))
