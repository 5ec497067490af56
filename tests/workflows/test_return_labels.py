"""The label that goods come back with: booked once, followed, cancelled; and in nobody's way."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.identifiers import label_parcel
from domain.orders.events import StepAction
from domain.record import OrderRecord
from domain.returns.events import InspectedItem, ReturnTerms
from domain.returns.model import Label, ReturnStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop
from tests.workflows.returning import approve, closed, inspect, receive, request, rules_of
from tests.workflows.test_aftercare_recovery import kinds, once, recover, terminate
from workflows.return_contracts import return_workflow_id

LABELS = rules_of(ReturnTerms(label=True), auto_approve=True)
FOUND = InspectedItem("MUG", restocked=1)


async def asked(shop: Shop) -> tuple[UUID, UUID]:
    """A completed order, and a return of its mug that the rules approve."""
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.auto = False
    return order_id, await request(shop, order_id, ("MUG", 1), rules=LABELS)


def label_of(record: OrderRecord, return_id: UUID) -> Label | None:
    return record.returns.by_id[return_id].label


async def booked(shop: Shop, order_id: UUID, return_id: UUID) -> Label:
    record = await shop.until(order_id, lambda record: label_of(record, return_id) is not None)
    label = label_of(record, return_id)
    assert label
    return label


@pytest.mark.parametrize("fault", [(), ("lost",)])
async def test_it_is_booked_once_and_followed(shop: Shop, fault: tuple[str, ...]) -> None:
    shop.carrier.faults.plan("track", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.carrier.faults.plan("book", *fault)
    shop.auto = False
    return_id = await request(shop, order_id, ("MUG", 1), rules=LABELS)
    label = await booked(shop, order_id, return_id)
    booking = shop.booking(order_id, label_parcel(return_id))
    assert (booking.reference, booking.tracking_number) == (label.booking, label.tracking_number)
    parcel = shop.carrier.labels[order_id]
    assert (parcel.direction, parcel.warehouse, parcel.recipient) == ("return", "BER", "Ada Lovelace")
    await shop.news(booking, TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool((found := label_of(record, return_id)) and found.sent))
    await shop.news(booking, TrackingStatus.DELIVERED)
    await shop.until(order_id, lambda record: bool((found := label_of(record, return_id)) and found.arrived))
    assert (await shop.record(order_id)).returns.by_id[return_id].status is ReturnStatus.APPROVED
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, FOUND)
    await closed(shop, order_id, return_id)
    assert shop.types(order_id).count("ReturnParcelMoved") == 2


async def test_without_news_the_carrier_is_asked(shop: Shop) -> None:
    order_id, return_id = await asked(shop)
    label = await booked(shop, order_id, return_id)
    shop.carrier.move(label.booking, TrackingStatus.DELIVERED)
    handle = shop.environment.client.get_workflow_handle(return_workflow_id(return_id))
    await shop.environment.fast_forward(handle, timedelta(hours=25))
    await shop.until(order_id, lambda record: bool((found := label_of(record, return_id)) and found.arrived))
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, FOUND)
    await closed(shop, order_id, return_id)


async def test_that_of_a_rejected_return_is_cancelled(shop: Shop) -> None:
    order_id, return_id = await asked(shop)
    await booked(shop, order_id, return_id)
    shop.carrier.faults.plan("cancel", "lost")
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="never came", actor="operator:eve")
    record = await closed(shop, order_id, return_id)
    label = label_of(record, return_id)
    assert label
    assert label.cancelled
    assert shop.booking(order_id, label_parcel(return_id)).status is TrackingStatus.CANCELLED


@pytest.mark.parametrize("faults", [("refused",), ("down", "down")])
async def test_one_that_cannot_be_booked_parks_and_the_goods_come_without(
    shop: Shop, faults: tuple[str, ...]
) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.carrier.faults.plan("book", *faults)
    return_id = await request(shop, order_id, ("MUG", 1), rules=LABELS)
    assert await shop.stalled(order_id) == f"book:{label_parcel(return_id)}#0"
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, FOUND)
    record = await closed(shop, order_id, return_id)
    assert not record.attention
    assert label_of(record, return_id) is None


async def test_a_parked_one_is_retried_and_a_wrong_booking_is_not_adopted(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.carrier.faults.plan("book", "down", "down")
    return_id = await request(shop, order_id, ("MUG", 1), rules=LABELS)
    step = await shop.stalled(order_id)
    with pytest.raises(DomainError) as refused:
        await shop.resolve(order_id, step, StepAction.ADOPT, reference=shop.booking(order_id).reference)
    assert refused.value.code == "adoption-refused"
    shop.auto = False
    await shop.resolve(order_id, step)
    await booked(shop, order_id, return_id)
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, FOUND)
    await closed(shop, order_id, return_id)


async def test_a_lost_workflow_goes_on_following_it(shop: Shop) -> None:
    order_id, return_id = await asked(shop)
    label = await booked(shop, order_id, return_id)
    await terminate(shop, return_workflow_id(return_id))
    shop.carrier.move(label.booking, TrackingStatus.DISPATCHED)  # the news is lost
    await recover(shop, kinds(shop).returns(once((order_id, return_id))))
    await shop.until(order_id, lambda record: bool((found := label_of(record, return_id)) and found.sent))
    await approve_again(shop, order_id, return_id)
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, FOUND)
    await closed(shop, order_id, return_id)


async def test_that_of_a_rejected_return_is_cancelled_also_by_another_workflow(shop: Shop) -> None:
    order_id, return_id = await asked(shop)
    await booked(shop, order_id, return_id)
    held = shop.carrier.faults.hold("cancel")
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="never came", actor="operator:eve")
    await held.entered.wait()
    await terminate(shop, return_workflow_id(return_id))
    assert (await shop.record(order_id)).returns.by_id[return_id].at_work
    held.open()
    await recover(shop, kinds(shop).returns(once((order_id, return_id))))
    record = await closed(shop, order_id, return_id)
    label = label_of(record, return_id)
    assert label
    assert label.cancelled
    assert not record.returns.by_id[return_id].at_work
    assert shop.types(order_id).count("ReturnLabelCancelled") == 1


async def test_one_that_the_carrier_has_used_stays(shop: Shop) -> None:
    order_id, return_id = await asked(shop)
    label = await booked(shop, order_id, return_id)
    shop.carrier.move(label.booking, TrackingStatus.DISPATCHED)  # nobody has heard of it yet
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="never came", actor="operator:eve")
    record = await closed(shop, order_id, return_id)
    known = label_of(record, return_id)
    assert known
    assert (known.sent, known.cancelled) == (True, False)
    assert not record.returns.by_id[return_id].at_work


async def approve_again(shop: Shop, order_id: UUID, return_id: UUID) -> None:
    with pytest.raises(DomainError) as refused:
        await approve(shop, order_id, return_id)
    assert refused.value.code == "invalid-transition"
