"""How the clients read answers: only a no that names its code is definite; all else is unknown."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

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
Answering = Callable[[web.Request], web.Response]
PATIENCE = 0.5


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """An HTTP server on a free port that gives one answer to everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


@asynccontextmanager
async def gateway_at(url: str, patience: float = 30) -> AsyncIterator[SimulatedPaymentGateway]:
    gateway = SimulatedPaymentGateway(url, patience)
    try:
        yield gateway
    finally:
        await gateway.aclose()


@asynccontextmanager
async def gateway_answering(answer: Answering) -> AsyncIterator[SimulatedPaymentGateway]:
    async def answered(request: web.Request) -> web.Response:
        return answer(request)

    async with serving(answered) as url, gateway_at(url) as gateway:
        yield gateway


def says(status: int, code: str | None = None) -> Answering:
    body = {"error": {"code": code, "message": "No."}} if code else {"detail": "?"}
    return lambda _: web.json_response(body, status=status)


def authorize(gateway: SimulatedPaymentGateway) -> Awaitable[PaymentEffect]:
    return gateway.authorize(ORDER, "authorize#1", method="sim_ok", amount=Money(500, "EUR"))


async def test_an_effect_is_read_and_its_key_is_the_orders_own() -> None:
    sent: list[str] = []

    def answer(request: web.Request) -> web.Response:
        sent.append(request.headers["Idempotency-Key"])
        return web.json_response(EFFECT, status=201)

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
    async with gateway_answering(lambda _: web.Response(status=201, body=content)) as gateway:
        with pytest.raises(Unknown):
            await authorize(gateway)
        with pytest.raises(Unknown):
            await gateway.list_effects()


async def test_no_connection_is_unknown() -> None:
    async with serving(_says_nothing) as url:
        pass  # nobody listens there any more
    async with gateway_at(url) as gateway:
        with pytest.raises(Unknown, match="no answer"):
            await authorize(gateway)


async def test_an_answer_that_does_not_come_in_time_is_unknown() -> None:
    async with serving(_says_nothing) as url, gateway_at(url, PATIENCE) as gateway:
        with pytest.raises(Unknown, match="no answer"):
            await authorize(gateway)


async def test_a_connection_that_is_cut_is_unknown_and_says_nothing_of_what_was_sent() -> None:
    asked: list[str] = []

    async def cut(request: web.Request) -> web.Response:
        asked.append(await request.text())
        assert request.transport
        request.transport.abort()
        return web.Response()

    async with serving(cut) as url, gateway_at(url) as gateway:
        with pytest.raises(Unknown) as unknown:
            await authorize(gateway)
    assert "sim_ok" not in str(unknown.value)
    assert len(asked) == 1, "a call that may have had its effect is repeated by Temporal alone"


async def _says_nothing(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def test_all_pages_of_the_books_are_read() -> None:
    pages = {
        None: {"items": [EFFECT], "next_cursor": "7"},
        "7": {"items": [EFFECT | {"idempotency_key": f"{uuid4()}/other"}], "next_cursor": None},
    }
    async with gateway_answering(lambda r: web.json_response(pages[r.query.get("cursor")])) as gateway:
        assert len(await gateway.list_effects(ORDER)) == 2


async def test_a_booking_of_an_unknown_status_is_unknown() -> None:
    booking = {"reference": "b", "shipment_id": "s", "order_id": str(ORDER), "idempotency_key": "k"}
    answer = booking | {"tracking_number": "t", "status": "teleported"}

    async def answered(_: web.Request) -> web.Response:
        return web.json_response(answer)

    async with serving(answered) as url:
        carrier = SimulatedCarrier(url, 30)
        with pytest.raises(Unknown):
            await carrier.track("b")
        await carrier.aclose()
