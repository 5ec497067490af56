"""The payment gateway: what each method does, what a key means, what the books allow."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from activities.gateways.protocol import Declined, Refused, Unknown
from ops.simulators import wire
from tests.simulators.serving import PaymentsUnderTest, eur, eventually

DECLINES = {"sim_declined": "card-declined", "sim_insufficient_funds": "insufficient-funds"}


async def test_a_payment_is_authorized_captured_refunded_and_the_rest_voided(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    payment = await payments.authorized(order, 5000)
    await payments.change("capture", payment, 3000)
    freed = await payments.change("void", payment, 0)
    await payments.change("refund", payment, 1000)
    assert (payment.kind, payment.reference, payment.order_id) == ("authorization", payment.payment, order)
    assert freed.amount == eur(2000)
    books = await payments.gateway.list_effects(order)
    assert [(effect.kind, effect.amount.minor) for effect in books] == [
        ("authorization", 5000),
        ("capture", 3000),
        ("void", 2000),
        ("refund", 1000),
    ]
    assert {effect.payment for effect in books} == {payment.payment}


@pytest.mark.parametrize(("method", "code"), DECLINES.items())
async def test_a_decline_is_definite_and_stays_one(payments: PaymentsUnderTest, method: str, code: str) -> None:
    order = uuid4()
    for _ in range(2):
        with pytest.raises(Declined) as declined:
            await payments.authorized(order, method=method)
        assert declined.value.code == code
    assert await payments.gateway.list_effects(order) == []


async def test_an_unknown_method_is_refused(payments: PaymentsUnderTest) -> None:
    with pytest.raises(Refused) as refused:
        await payments.authorized(uuid4(), method="sim_nothing")
    assert refused.value.code == "unknown-method"


async def test_a_flaky_method_fails_twice_per_key(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    for _ in range(2):
        with pytest.raises(Unknown):
            await payments.authorized(order, method="sim_flaky")
    first = await payments.authorized(order, method="sim_flaky")
    assert await payments.gateway.list_effects(order) == [first]
    with pytest.raises(Unknown):
        await payments.gateway.authorize(order, "authorize#2", method="sim_flaky", amount=eur(1))


async def test_a_slow_method_commits_before_it_answers(
    payments: PaymentsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "SLOW_SECONDS", 0.3)
    order = uuid4()
    call = asyncio.create_task(payments.authorized(order, method="sim_slow"))
    await eventually(lambda: payments.has_effect(order, "authorize#1"))
    assert not call.done()
    assert [await call] == await payments.gateway.list_effects(order)


async def test_a_method_is_down_until_told_otherwise(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    with pytest.raises(Unknown):
        await payments.authorized(order, method="sim_down")
    await payments.http.post("/control/methods/sim_down", json={"available": True})
    await payments.authorized(order, method="sim_down")
    await payments.http.post("/control/methods/sim_down", json={"available": False})
    assert (await payments.http.post("/control/methods/sim_x", json={"available": True})).status_code == 404


async def test_a_lost_answer_is_one_charge_and_the_repeat_gives_it(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    with pytest.raises(Unknown, match="no answer"):
        await payments.authorized(order, method="sim_lost_answer")
    found = await payments.gateway.find(order, "authorize#1")
    assert await payments.authorized(order, method="sim_lost_answer") == found
    assert await payments.gateway.list_effects(order) == [found]


async def test_twins_in_flight_act_once(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    twins = await asyncio.gather(*(payments.authorized(order) for _ in range(20)))
    assert await payments.gateway.list_effects(order) == [twins[0]]
    assert set(twins) == {twins[0]}


PERFORM = "SELECT * FROM payments.perform($1, $2, 'authorization', $3, NULL, 'sim_ok', 5000, 'EUR')"


async def test_a_twin_waits_for_the_one_in_flight(payments: PaymentsUnderTest, books: asyncpg.Connection) -> None:
    order = uuid4()
    transaction = books.transaction()
    await transaction.start()
    await books.fetchrow(PERFORM, f"{order}/authorize#1", f"authorization {order} sim_ok 5000 EUR", order)
    twin = asyncio.create_task(payments.authorized(order))
    done, _ = await asyncio.wait([twin], timeout=0.3)
    assert not done
    await transaction.commit()
    assert [await twin] == await payments.gateway.list_effects(order)


async def test_a_twin_that_waited_too_long_knows_nothing(
    payments: PaymentsUnderTest, books: asyncpg.Connection
) -> None:
    order = uuid4()
    transaction = books.transaction()
    await transaction.start()
    await books.fetchrow(PERFORM, f"{order}/authorize#1", f"authorization {order} sim_ok 5000 EUR", order)
    with pytest.raises(Unknown, match="409 in_flight"):
        await payments.authorized(order)
    await transaction.rollback()
    assert await payments.gateway.find(order, "authorize#1") is None


async def test_a_key_belongs_to_one_request(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    payment = await payments.authorized(order, 5000)
    with pytest.raises(Refused) as refused:
        await payments.authorized(order, 5001)
    assert refused.value.code == "idempotency-key-reused"
    with pytest.raises(Refused):
        await payments.change("capture", payment, 5000, key="authorize#1")
    assert await payments.gateway.list_effects(order) == [payment]


async def test_a_key_is_required_and_a_refusal_quotes_nothing(payments: PaymentsUnderTest) -> None:
    body = {"order_id": "not-an-id", "method": "sim_ok", "amount": {"minor": 5, "currency": "EUR"}}
    answer = await payments.http.post("/v1/authorizations", json=body)
    assert answer.status_code == 422
    assert "Idempotency-Key: missing" in answer.text
    assert "not-an-id" not in answer.text


async def test_the_books_are_paged(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    payment = await payments.authorized(order)
    for _ in range(4):
        await payments.change("capture", payment, 10)
    seen, query = [], {"order_id": str(order), "limit": "2"}
    while True:
        page = (await payments.http.get("/v1/effects", params=query)).json()
        seen.append(len(page["items"]))
        if not (cursor := page["next_cursor"]):
            break
        query["cursor"] = cursor
    assert seen == [2, 2, 1]


async def test_an_unknown_payment_is_refused(payments: PaymentsUnderTest) -> None:
    with pytest.raises(Refused) as refused:
        await payments.gateway.void(uuid4(), "void#1", payment="pay_none")
    assert refused.value.code == "unknown-payment"


async def test_an_expired_authorisation_is_refused_a_capture_and_freed_by_a_void(
    payments: PaymentsUnderTest, books: asyncpg.Connection
) -> None:
    order = uuid4()
    payment = await payments.authorized(order, 5000)
    lasting = "SELECT expires_at - now() > interval '6 days' FROM payments.payment WHERE id = $1"
    assert await books.fetchval(lasting, payment.payment)
    await payments.change("capture", payment, 1000)
    expired = await payments.http.post(f"/control/expiries/{order}")
    assert expired.json() == {"expired": [payment.payment]}

    with pytest.raises(Refused) as refused:
        await payments.change("capture", payment, 1000)
    assert refused.value.code == "authorization-expired"
    await payments.change("refund", payment, 1000)
    assert (await payments.change("void", payment, 0)).amount == eur(4000)
