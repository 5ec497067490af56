"""How the clients read answers: only a no that names its code is definite; all else is unknown."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx
import pytest

from activities.gateways.protocol import AlreadyDispatched, Declined, PaymentEffect, Refused, Unknown
from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from domain.money import Money

ORDER = UUID("00000000-0000-4000-8000-000000000001")
EFFECT = {
    "kind": "authorization",
    "reference": "pay_1",
    "payment": "pay_1",
    "order_id": str(ORDER),
    "idempotency_key": f"{ORDER}/authorize#1",
    "amount": {"minor": 500, "currency": "EUR"},
}
Answering = Callable[[httpx.Request], httpx.Response]


@asynccontextmanager
async def gateway_answering(answer: Answering) -> AsyncIterator[SimulatedPaymentGateway]:
    gateway = SimulatedPaymentGateway("http://gateway.test", 1, transport=httpx.MockTransport(answer))
    yield gateway
    await gateway.aclose()


def says(status: int, code: str | None = None) -> Answering:
    body = {"error": {"code": code, "message": "No."}} if code else {"detail": "?"}
    return lambda _: httpx.Response(status, json=body)


def authorize(gateway: SimulatedPaymentGateway) -> Awaitable[PaymentEffect]:
    return gateway.authorize(ORDER, "authorize#1", method="sim_ok", amount=Money(500, "EUR"))


async def test_an_effect_is_read_and_its_key_is_the_orders_own() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Idempotency-Key"])
        return httpx.Response(201, json=EFFECT)

    async with gateway_answering(answer) as gateway:
        effect = await authorize(gateway)
    assert effect == PaymentEffect("authorization", "pay_1", "pay_1", ORDER, "authorize#1", Money(500, "EUR"))
    assert sent == [f"{ORDER}/authorize#1"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (402, "card_declined", Declined),
        (404, "unknown_payment", Refused),
        (409, "exceeds_authorized", Refused),
        (409, "already_dispatched", AlreadyDispatched),
        (422, "idempotency_key_reused", Refused),
    ],
)
async def test_a_definite_no_carries_its_code_in_kebab_case(status: int, code: str, error: type[Refused]) -> None:
    async with gateway_answering(says(status, code)) as gateway:
        with pytest.raises(Refused) as refused:
            await authorize(gateway)
    assert type(refused.value) is error
    assert refused.value.code == code.replace("_", "-")


@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "in_flight"), (503, "unavailable"), (500, None), (404, None), (422, None), (403, "x"), (302, None)],
)
async def test_any_other_answer_is_unknown(status: int, code: str | None) -> None:
    async with gateway_answering(says(status, code)) as gateway:
        with pytest.raises(Unknown):
            await authorize(gateway)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{}", b'{"order_id": 5}'])
async def test_a_broken_success_is_unknown(content: bytes) -> None:
    async with gateway_answering(lambda _: httpx.Response(201, content=content)) as gateway:
        with pytest.raises(Unknown):
            await authorize(gateway)
        with pytest.raises(Unknown):
            await gateway.list_effects()


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout]
)
async def test_no_answer_is_unknown_and_says_nothing_of_what_was_sent(error: type[httpx.TransportError]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("12 Elm Row", request=request)

    async with gateway_answering(answer) as gateway:
        with pytest.raises(Unknown) as unknown:
            await authorize(gateway)
    assert "Elm" not in str(unknown.value)


async def test_all_pages_of_the_books_are_read() -> None:
    pages = {
        None: {"items": [EFFECT], "next_cursor": "7"},
        "7": {"items": [EFFECT | {"idempotency_key": f"{uuid4()}/other"}], "next_cursor": None},
    }
    async with gateway_answering(lambda r: httpx.Response(200, json=pages[r.url.params.get("cursor")])) as gateway:
        assert len(await gateway.list_effects(ORDER)) == 2


async def test_a_booking_of_an_unknown_status_is_unknown() -> None:
    booking = {"reference": "b", "shipment_id": "s", "order_id": str(ORDER), "idempotency_key": "k"}
    answer = booking | {"tracking_number": "t", "status": "teleported"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    carrier = SimulatedCarrier("http://gateway.test", 1, transport=transport)
    with pytest.raises(Unknown):
        await carrier.track("b")
    await carrier.aclose()
