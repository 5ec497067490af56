"""A client outlives the server that it was made from."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.rest import examples
from ops.client import UNKNOWN_ATTEMPTS, ApiClient
from waybill_client.client import WaybillClient, every
from waybill_client.errors import OutcomeUnknown, ProblemError, UnexpectedAnswer, Unreachable
from waybill_client.models import CancelBody, Money, Order, OrderStatus, ProblemCode

BUSY = {
    "type": "https://waybill.dev/problems/outcome-unknown",
    "title": "The outcome is not known yet",
    "status": 503,
    "detail": "no answer came in time",
    "instance": "/v1/orders",
}


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def read(**changes: Any) -> Order:
    document = {**examples.ORDER, **changes}
    async with answering(lambda request: httpx.Response(200, json=document)) as http:
        return await WaybillClient("http://waybill.test", http=http).get_order(examples.ORDER_ID)


async def test_a_status_that_is_new_is_read_and_equals_no_known_one() -> None:
    order = await read(status="teleporting")

    assert order.status == "teleporting"
    assert order.status not in set(OrderStatus)
    assert isinstance(order.status, OrderStatus)
    assert '"status":"teleporting"' in order.model_dump_json()


async def test_a_member_that_is_new_is_kept() -> None:
    order = await read(mood={"of": "the day"})

    assert order.model_extra == {"mood": {"of": "the day"}}


async def test_a_member_that_is_missing_is_told() -> None:
    document = {name: value for name, value in examples.ORDER.items() if name != "status"}
    async with answering(lambda request: httpx.Response(200, json=document)) as http:
        with pytest.raises(UnexpectedAnswer, match="status"):
            await WaybillClient("http://waybill.test", http=http).get_order(examples.ORDER_ID)


async def test_a_problem_that_is_new_is_raised_by_its_code() -> None:
    document = {**BUSY, "type": "https://waybill.dev/problems/full-moon", "status": 409, "until": "dawn"}
    async with answering(lambda request: _problem(document)) as http:
        with pytest.raises(ProblemError) as raised:
            await WaybillClient("http://waybill.test", http=http).get_order(examples.ORDER_ID)

    assert raised.value.code == "full-moon"
    assert raised.value.members == {"until": "dawn"}


async def test_a_proxys_page_is_no_problem_document() -> None:
    async with answering(lambda request: httpx.Response(502, text="<h1>Bad gateway</h1>")) as http:
        with pytest.raises(UnexpectedAnswer, match="502: <h1>Bad gateway"):
            await WaybillClient("http://waybill.test", http=http).get_order(examples.ORDER_ID)


async def test_no_answer_is_unreachable() -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with answering(refused) as http:
        with pytest.raises(Unreachable, match=r"http://waybill\.test does not answer"):
            await WaybillClient("http://waybill.test", http=http).get_order(examples.ORDER_ID)


async def test_events_are_read_from_a_stream() -> None:
    def streamed(request: httpx.Request) -> httpx.Response:
        content = f": waybill\nretry: 2000\n\n{examples.STREAMED}".encode()
        return httpx.Response(200, content=content, headers={"content-type": "text/event-stream; charset=utf-8"})

    async with answering(streamed) as http:
        api = WaybillClient("http://waybill.test", http=http)
        events = [event async for event in api.stream_events(type=["OrderPlaced", "OrderConfirmed"])]

    assert [str(event.order_id) for event in events] == [examples.ORDER_ID]


async def test_lists_are_sent_item_by_item_and_nothing_that_was_not_given() -> None:
    asked: list[httpx.URL] = []

    def streamed(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, headers={"content-type": "text/event-stream"})

    async with answering(streamed) as http:
        api = WaybillClient("http://waybill.test/", http=http)
        assert not [event async for event in api.stream_events(type=["A", "B"])]

    assert str(asked[0]) == "http://waybill.test/v1/stream?type=A&type=B"


async def test_an_order_is_waited_for_until_it_has_ended_or_is_as_wanted() -> None:
    documents = [{**examples.ORDER, "status": status} for status in ("placed", "teleporting", "completed")]
    asked: list[str] = []

    def step_by_step(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        if len(asked) == 1:
            return _problem({**BUSY, "type": "https://waybill.dev/problems/read-not-caught-up"})
        return httpx.Response(200, json=documents[min(len(asked), 4) - 2])

    async with answering(step_by_step) as http:
        api = WaybillClient("http://waybill.test", http=http)
        ended = await api.wait(examples.ORDER_ID, min_position="p1")
        again = await api.wait(examples.ORDER_ID, lambda order: order.status != OrderStatus.PLACED)

    assert (ended.status, again.status) == (OrderStatus.COMPLETED, OrderStatus.COMPLETED)
    assert asked == ["min_position=p1"] * 4 + [""]


async def test_an_outage_ends_the_wait_for_an_order() -> None:
    async with answering(lambda request: _problem(BUSY)) as http:
        with pytest.raises(OutcomeUnknown):
            await WaybillClient("http://waybill.test", http=http).wait(examples.ORDER_ID)


async def test_pages_are_followed_to_the_last() -> None:
    asked: list[dict[str, str]] = []

    def paged(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        number = len(asked)
        items = [{**examples.SUMMARY, "version": number}]
        return httpx.Response(200, json={"items": items, "next_cursor": f"c{number}" if number < 3 else None})

    async with answering(paged) as http:
        api = WaybillClient("http://waybill.test", http=http)
        orders = [order async for order in every(api.list_orders, customer_id="ada", attention=False)]

    assert [order.version for order in orders] == [1, 2, 3]
    first = {"customer_id": "ada", "attention": "false"}
    assert asked == [first, {**first, "cursor": "c1"}, {**first, "cursor": "c2"}]


async def test_the_command_line_repeats_a_503_under_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []

    def busy_once(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        return _problem(BUSY) if len(keys) == 1 else httpx.Response(200, json=examples.ORDER)

    monkeypatch.setattr(ApiClient._send.retry, "sleep", _no_time)
    async with answering(busy_once) as http:
        await ApiClient("http://waybill.test", http=http).cancel_order(examples.ORDER_ID, CancelBody(reason="x"))

    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_the_command_line_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return _problem(BUSY)

    monkeypatch.setattr(ApiClient._send.retry, "sleep", _no_time)
    async with answering(busy) as http:
        with pytest.raises(OutcomeUnknown, match="503 The outcome is not known yet") as raised:
            await ApiClient("http://waybill.test", http=http).get_order(examples.ORDER_ID)

    assert raised.value.code == ProblemCode.OUTCOME_UNKNOWN
    assert len(asked) == UNKNOWN_ATTEMPTS


def test_what_was_not_given_is_not_sent() -> None:
    assert Money(amount="1.00", currency="EUR").model_dump(exclude_unset=True) == {
        "amount": "1.00",
        "currency": "EUR",
    }
    assert CancelBody(reason="x").model_dump_json(exclude_unset=True) == '{"reason":"x"}'


async def _no_time(seconds: float) -> None:
    pass


def _problem(document: dict[str, Any]) -> httpx.Response:
    headers = {"content-type": "application/problem+json"}
    return httpx.Response(document["status"], json=document, headers=headers)
