"""A gateway's messages: kept once, done once, in whatever order and however often they come."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

from activities.cases import load_case
from activities.gateway_news import Dispute, GatewayNews
from domain.money import Money
from domain.reconciliation.events import CaseKind
from domain.reconciliation.model import Case
from tests.support.shop import Shop
from workflows.keep_news import keep_news

DISPUTE = Dispute("dp_1", Money(100, "EUR"), "fraudulent")


async def told(shop: Shop, *news: GatewayNews) -> None:
    client = shop.environment.client
    for each in news:
        await keep_news(client, each)
    for each in news:
        await asyncio.wait_for(client.get_workflow_handle(f"test/{each.message_id}").result(), 20)


async def paid(shop: Shop) -> tuple[UUID, str]:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    return order_id, next(each.payment for each in await shop.payments.list_effects(order_id))


async def test_a_dispute_is_one_chargeback_however_often_it_is_told(shop: Shop) -> None:
    order_id, payment = await paid(shop)
    first = GatewayNews(uuid4().hex, "test", payment, DISPUTE)
    await told(shop, first, first, replace(first, message_id=uuid4().hex))
    assert shop.types(order_id).count("ChargebackOpened") == 1
    assert (await shop.record(order_id)).amounts.charged_back == DISPUTE.amount


async def test_a_dispute_told_before_its_capture_is_recorded_waits_for_it(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    payment = (await shop.record(order_id)).payment.reference
    assert payment
    news = GatewayNews(uuid4().hex, "test", payment, DISPUTE)
    await keep_news(shop.environment.client, news)
    shop.auto = True
    shop.carrier.on_booked(shop.booking(order_id))
    await shop.ended(order_id)
    await asyncio.wait_for(shop.environment.client.get_workflow_handle(f"test/{news.message_id}").result(), 20)
    assert shop.types(order_id).count("ChargebackOpened") == 1


async def test_a_refund_made_elsewhere_is_a_case_and_ones_own_is_none(shop: Shop) -> None:
    order_id, payment = await paid(shop)
    moved = GatewayNews(uuid4().hex, "test", payment)
    await told(shop, moved)
    assert not [stream for stream in shop.store.streams if stream.startswith("case/")]

    capture = next(each for each in shop.payments.books.values() if each.kind == "capture")
    elsewhere = replace(capture, kind="refund", reference="re_1", idempotency_key="")
    shop.payments.books[order_id, ""] = elsewhere
    await told(shop, replace(moved, message_id=uuid4().hex), replace(moved, message_id=uuid4().hex))
    (stream,) = [stream for stream in shop.store.streams if stream.startswith("case/")]
    state = (await load_case(shop.store, UUID(stream.removeprefix("case/")))).state
    assert isinstance(state, Case)
    assert (state.opened.kind, state.opened.reference) == (CaseKind.NOT_RECORDED, "re_1")
    del shop.payments.books[order_id, ""]


async def test_a_payment_of_nobody_is_dropped(shop: Shop) -> None:
    await told(shop, GatewayNews(uuid4().hex, "test", "pi_of_another_shop", DISPUTE))
