"""Stripe's client against a stand-in of Stripe's API: an order's whole money, as its books then tell it."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from pydantic import SecretStr

from activities.gateways.protocol import PaymentEffect, Refused
from activities.gateways.stripe import StripePayments
from ops.config import Settings
from ops.gateways import open_stripe
from tests.support.localstripe import KEY, card, running_localstripe
from tests.support.samples import eur


@pytest.fixture(scope="module")
async def base() -> AsyncIterator[str]:
    async with running_localstripe() as url:
        yield url


@pytest.fixture
async def payments(base: str) -> AsyncIterator[StripePayments]:
    settings = Settings.model_validate({"stripe_api_key": SecretStr(KEY), "stripe_base_url": base})
    async with open_stripe(settings, plain=True) as opened:
        yield opened


def told(effects: list[PaymentEffect]) -> list[tuple[str, str, str]]:
    return [(each.kind, each.idempotency_key, str(each.amount.decimal)) for each in effects]


async def test_authorise_capture_and_refund(payments: StripePayments, base: str) -> None:
    order_id = uuid4()
    authorized = await payments.authorize(order_id, "authorize#0", method=await card(base), amount=eur("35.70"))
    payment = authorized.payment
    await payments.capture(order_id, "capture:p#0", payment=payment, amount=eur("35.70"))
    refund = await payments.refund(order_id, "refund#0", payment=payment, amount=eur("5.00"))

    books = list(await payments.list_effects(order_id))
    assert told(books) == [
        ("authorization", "authorize#0", "35.70"),
        ("capture", "capture:p#0", "35.70"),
        ("refund", "refund#0", "5.00"),
    ]
    assert {each.payment for each in books} == {payment}
    assert await payments.find(order_id, "refund#0") == refund
    assert await payments.find(order_id, "refund#1") is None
    assert await payments.order_of(payment) == order_id
    assert books == [each async for each in payments.effects() if each.order_id == order_id]


async def test_an_authorisation_is_voided_whole(payments: StripePayments, base: str) -> None:
    order_id = uuid4()
    authorized = await payments.authorize(order_id, "authorize#0", method=await card(base), amount=eur("9.00"))
    voided = await payments.void(order_id, "void#0", payment=authorized.payment)
    assert (voided.kind, voided.amount) == ("void", eur("9.00"))


async def test_an_abandoned_key_leaves_nothing_in_the_books(payments: StripePayments) -> None:
    order_id = uuid4()
    assert await payments.abandon(order_id, "authorize#0") is None
    assert await payments.list_effects(order_id) == []


async def test_what_is_not_there_is_refused(payments: StripePayments) -> None:
    with pytest.raises(Refused):
        await payments.authorize(uuid4(), "authorize#0", method="pm_unknown", amount=eur("9.00"))
    with pytest.raises(Refused):
        await payments.refund(uuid4(), "refund#0", payment="pi_unknown", amount=eur("9.00"))
