"""Goods in place of money: sent once, whoever is away or killed in between, and followed to the customer."""

from uuid import UUID

import pytest

from domain.errors import NotAllowed
from domain.identifiers import replacement_parcel
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from domain.returns.events import InspectedItem, ReturnKind
from domain.returns.model import ReturnStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop
from tests.workflows.returning import approve, closed, inspect, receive, request
from tests.workflows.test_aftercare_recovery import kinds, once, recover, terminate
from tests.workflows.test_returns import on_hand
from workflows.return_contracts import return_workflow_id

DOWN = ("down", "down")


async def completed(shop: Shop, *lines: tuple[str, int]) -> UUID:
    order_id = await shop.place(*lines)
    await shop.ended(order_id)
    return order_id


async def exchanged(shop: Shop, order_id: UUID, *lines: tuple[str, int]) -> UUID:
    """Asked for, approved and received."""
    return_id = await request(shop, order_id, *lines, kind=ReturnKind.EXCHANGE)
    await approve(shop, order_id, return_id)
    await receive(shop, order_id, return_id)
    return return_id


def parcels(shop: Shop, order_id: UUID) -> list[str]:
    return [each.shipment_id for each in shop.carrier.books.values() if each.order_id == order_id]


async def test_what_comes_back_is_exchanged_and_no_money_moves(shop: Shop) -> None:
    order_id = await completed(shop, ("MUG", 3))
    return_id = await exchanged(shop, order_id, ("MUG", 2))
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1, dismissed=1))
    record = await closed(shop, order_id, return_id)
    assert record.returns.by_id[return_id].status is ReturnStatus.CLOSED
    parcel = record.shipments.by_id[replacement_parcel(return_id)]
    assert (parcel.status, parcel.pieces) == (TrackingStatus.DELIVERED, 1)
    assert shop.payments.total(order_id, "refund") == 0
    assert on_hand(shop, "MUG") == 10 - 3 + 1 - 1
    assert record.status is OrderStatus.COMPLETED


async def test_what_broke_is_sent_again_and_nothing_comes_back(shop: Shop) -> None:
    order_id = await completed(shop, ("MUG", 1))
    return_id = await request(shop, order_id, ("MUG", 1), kind=ReturnKind.REPLACEMENT)
    await approve(shop, order_id, return_id)
    record = await closed(shop, order_id, return_id)
    assert record.lines[0].written_off == 1
    assert on_hand(shop, "MUG") == 8
    again = await request(shop, order_id, ("MUG", 1), key="again")  # what was sent again may come back
    assert (await shop.record(order_id)).returns.by_id[again].status is ReturnStatus.REQUESTED


async def test_without_stock_it_is_not_approved_and_may_become_a_refund(shop: Shop) -> None:
    order_id = await completed(shop, ("MUG", 10))
    return_id = await request(shop, order_id, ("MUG", 1), kind=ReturnKind.EXCHANGE)
    with pytest.raises(NotAllowed) as refused:
        await approve(shop, order_id, return_id)
    assert refused.value.code == "out-of-stock"
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="none left", actor="operator:eve")
    await closed(shop, order_id, return_id)


async def test_a_rejected_one_gives_its_stock_to_those_who_wait(shop: Shop) -> None:
    order_id = await completed(shop, ("MUG", 2))
    return_id = await request(shop, order_id, ("MUG", 2), kind=ReturnKind.EXCHANGE)
    await approve(shop, order_id, return_id)
    assert (await shop.record(order_id)).reserved
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="never came", actor="operator:eve")
    assert not (await closed(shop, order_id, return_id)).reserved
    await completed(shop, ("MUG", 8))


async def test_of_an_open_order_which_then_completes(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    shop.auto = False
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == 2)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    await shop.until(order_id, lambda record: "ShipmentDelivered" in shop.types(order_id))
    return_id = await request(shop, order_id, ("MUG", 1), kind=ReturnKind.REPLACEMENT)
    await approve(shop, order_id, return_id)
    parcel = replacement_parcel(return_id)
    await shop.until(order_id, lambda record: parcel in record.shipments.by_id)
    await shop.start_again(order_id)  # what it takes up is its own parcels
    await shop.news(shop.booking(order_id, "LYS"), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    await shop.news(shop.booking(order_id, parcel), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    await closed(shop, order_id, return_id)
    assert len(parcels(shop, order_id)) == 3


@pytest.mark.parametrize("fault", [("lost",), ("refused",), DOWN])
async def test_a_parcel_is_booked_once_whatever_the_carrier_answers(shop: Shop, fault: tuple[str, ...]) -> None:
    order_id = await completed(shop, ("MUG", 1))
    return_id = await exchanged(shop, order_id, ("MUG", 1))
    shop.carrier.faults.plan("book", *fault)
    await inspect(shop, order_id, return_id, InspectedItem("MUG", damaged=1))
    if fault != ("lost",):
        step = await shop.stalled(order_id)
        assert step == f"book:{replacement_parcel(return_id)}#0"
        with pytest.raises(NotAllowed) as refused:
            await shop.resolve(order_id, step, StepAction.COMPENSATE)
        assert refused.value.code == "cannot-compensate"
        await shop.resolve(order_id, step)
    record = await closed(shop, order_id, return_id)
    assert not record.attention
    assert parcels(shop, order_id).count(replacement_parcel(return_id)) == 1


async def test_a_lost_workflow_goes_on_with_what_was_sent(shop: Shop) -> None:
    order_id = await completed(shop, ("MUG", 1))
    shop.auto = False
    return_id = await exchanged(shop, order_id, ("MUG", 1))
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1))
    parcel = replacement_parcel(return_id)
    await shop.until(order_id, lambda record: parcel in record.shipments.by_id)
    await terminate(shop, return_workflow_id(return_id))
    shop.carrier.move(shop.booking(order_id, parcel).reference, TrackingStatus.DELIVERED)  # the news is lost
    await recover(shop, kinds(shop).returns(once((order_id, return_id))))
    record = await closed(shop, order_id, return_id)
    assert record.shipments.by_id[parcel].status is TrackingStatus.DELIVERED
    assert parcels(shop, order_id).count(parcel) == 1
