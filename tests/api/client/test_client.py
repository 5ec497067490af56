"""The Python client, over the API's real routes."""

from dataclasses import replace

import pytest

from domain.identifiers import Address
from tests.api.world import BODY, ISSUER, World, order_view
from tests.support import samples
from waybill_client.client import WaybillClient
from waybill_client.errors import ProblemError, UnexpectedAnswer
from waybill_client.models import (
    Accepted,
    CancelBody,
    ExportBody,
    ImportedOrderBody,
    Order,
    OrderBody,
    OrderStatus,
    PaymentBody,
    ProblemCode,
)

ORDER = OrderBody.model_validate(BODY)
BASE = "http://waybill.test"


def address(name: str) -> Address:
    return replace(samples.ADDRESS, name=name)


def client(world: World, role: str = "customer", subject: str = "c-1") -> WaybillClient:
    return WaybillClient(BASE, ISSUER.token(role, subject), http=world.http)


async def test_an_order_is_placed_once_under_its_key(world: World) -> None:
    first = await client(world).place(ORDER, key="k-1")
    again = await client(world).place(ORDER, key="k-1")

    assert first.order_id == again.order_id
    assert first.status == OrderStatus.PLACED
    assert (first.totals.total.amount, first.totals.total.currency) == ("41.53", "EUR")


async def test_commands_without_a_key_are_commands_of_their_own(world: World) -> None:
    placed = {(await client(world).place(ORDER)).order_id for _ in range(2)}

    assert len(placed) == 2


async def test_a_price_is_asked_for_and_nothing_is_placed(world: World) -> None:
    priced = await client(world).price(ORDER)

    assert [line.sku for line in priced.lines] == ["MUG", "TEA"]
    assert not world.gateway.placed


async def test_lines_end_where_json_lines_end(world: World) -> None:
    """A separator of paragraphs stands in JSON as it is; it once ended a line in the middle of an address."""
    name = "Ada\u2028Love\u2029lace"
    view = world.knows(order_view(placed=replace(samples.PLACED, shipping_address=address(name))))
    world.exports.parts = [[view.order_id]]
    customer = client(world)
    export = await customer.begin_export(ExportBody())

    (order,) = [each async for each in customer.download_export(export.export_id)]

    assert order.shipping_address.name == name


async def test_a_problem_is_raised_with_what_it_says(world: World) -> None:
    with pytest.raises(ProblemError) as raised:
        await client(world).place(ORDER.model_copy(update={"currency": "XXX"}))

    problem = raised.value
    assert problem.code == ProblemCode.UNKNOWN_CURRENCY
    assert (problem.status, problem.title) == (422, "The currency is not accepted")
    assert problem.detail in str(problem)


async def test_a_problem_names_every_wrong_place(world: World) -> None:
    wrong = ORDER.model_copy(update={"payment": PaymentBody(method="sim_ok", means="none")})

    with pytest.raises(ProblemError, match="#/payment/means: is not a member") as raised:
        await client(world).place(wrong)

    assert [error.pointer for error in raised.value.errors] == ["#/payment/means"]


async def test_what_a_command_answers_is_told_apart_by_its_type(world: World) -> None:
    view = world.knows(order_view(*samples.AUTHORIZED))
    world.gateway.version = view.version
    order = await client(world).cancel_order(view.order_id, CancelBody(reason="ordered twice"))
    world.queries.behind = True
    accepted = await client(world).cancel_order(view.order_id, CancelBody(reason="ordered twice"))

    assert isinstance(order, Order)
    assert isinstance(accepted, Accepted)
    assert accepted.version == view.version


async def test_lines_are_read_as_they_come(world: World) -> None:
    bodies = [ImportedOrderBody(key=f"k-{index}", **BODY) for index in range(2)]
    bodies.append(bodies[0].model_copy(update={"currency": "XXX", "key": "k-3"}))

    results = [result async for result in client(world, "service", "shop").import_orders(bodies)]

    assert [result.status for result in results] == [201, 201, 422]
    assert results[0].order_id in world.gateway.placed
    assert results[2].problem
    assert ProblemError(results[2].problem, results[2].status).code == ProblemCode.UNKNOWN_CURRENCY


async def test_an_export_is_typed(world: World) -> None:
    view = world.knows()
    world.queries.last_page = True

    orders = [order async for order in client(world, "operator").export_orders()]

    assert [order.order_id for order in orders] == [view.order_id]


async def test_a_refused_stream_raises_its_problem(world: World) -> None:
    with pytest.raises(ProblemError, match="401"):
        _ = [order async for order in WaybillClient(BASE, http=world.http).export_orders()]


async def test_an_id_stays_one_segment_of_the_path(world: World) -> None:
    with pytest.raises(ProblemError) as raised:
        await client(world, "operator").get_stock("../products")

    assert raised.value.code in (ProblemCode.STOCK_NOT_FOUND, ProblemCode.ROUTE_NOT_FOUND)


async def test_an_answer_of_another_form_is_no_answer(world: World) -> None:
    with pytest.raises(UnexpectedAnswer, match="no documented answer"):
        await client(world)._call("POST", "/v1/orders", {200: None}, body=ORDER, headers={"idempotency-key": "k"})
