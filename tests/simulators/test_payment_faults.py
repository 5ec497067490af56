"""Faults on demand: any effect of an order can be made to fail in any way, once or until told otherwise."""

from uuid import UUID, uuid4

import pytest

from activities.gateways.protocol import PaymentEffect, Refused, Unknown
from activities.gateways.simulator import SimulatedPaymentGateway
from tests.simulators.serving import PaymentsUnderTest, eur

KINDS = ["authorization", "capture", "void", "refund"]


async def _ready_for(payments: PaymentsUnderTest, kind: str, order: UUID) -> PaymentEffect | None:
    """A payment on which an effect of this kind can be made; none is needed for an authorization."""
    if kind == "authorization":
        return None
    payment = await payments.authorized(order)
    if kind == "refund":
        await payments.change("capture", payment, 5000)
    return payment


async def _make(
    payments: PaymentsUnderTest, kind: str, order: UUID, payment: PaymentEffect | None
) -> PaymentEffect:
    if payment is None:
        return await payments.authorized(order)
    return await payments.change(kind, payment, 5000, key=f"{kind}#1")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["lost_answer", "error", "refuse"])
async def test_an_effect_fails_once_and_then_is_there_once(
    payments: PaymentsUnderTest, kind: str, mode: str
) -> None:
    order = uuid4()
    payment = await _ready_for(payments, kind, order)
    await payments.fault(mode=mode, order_id=order, kind=kind, remaining=1)
    with pytest.raises(Unknown):
        await _make(payments, kind, order, payment)
    made = [effect for effect in await payments.gateway.list_effects(order) if effect.kind == kind]
    assert len(made) == (1 if mode == "lost_answer" else 0)
    effect = await _make(payments, kind, order, payment)
    assert [item for item in await payments.gateway.list_effects(order) if item.kind == kind] == [effect]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_effect_is_declined_by_the_code_asked_for(payments: PaymentsUnderTest, kind: str) -> None:
    order = uuid4()
    payment = await _ready_for(payments, kind, order)
    await payments.fault(mode="decline", order_id=order, kind=kind, code="closed_account")
    with pytest.raises(Refused) as refused:
        await _make(payments, kind, order, payment)
    assert refused.value.code == "closed-account"
    assert all(effect.kind != kind for effect in await payments.gateway.list_effects(order))


@pytest.mark.parametrize("kind", ["capture", "void", "refund"])
async def test_a_method_can_lose_a_later_effects_answer(payments: PaymentsUnderTest, kind: str) -> None:
    order = uuid4()
    payment = await payments.authorized(order, method=f"sim_{kind}_lost_answer")
    if kind == "refund":
        await payments.change("capture", payment, 5000)
    with pytest.raises(Unknown):
        await payments.change(kind, payment, 5000, key="k")
    assert await payments.change(kind, payment, 5000, key="k") == await payments.gateway.find(order, "k")


async def test_a_gateway_that_never_answers_has_not_acted(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    impatient = SimulatedPaymentGateway(payments.settings.payments_base_url, 0.2)
    await payments.fault(mode="hang", order_id=order, kind="authorization", remaining=1)
    with pytest.raises(Unknown, match="TimeoutError"):
        await impatient.authorize(order, "authorize#1", method="sim_ok", amount=eur(10))
    assert await impatient.find(order, "authorize#1") is None
    await impatient.aclose()


@pytest.mark.parametrize("mode", ["error", "refuse"])
async def test_an_outage_takes_look_ups_along_and_ends_when_told(payments: PaymentsUnderTest, mode: str) -> None:
    order = uuid4()
    payment = await payments.authorized(order)
    await payments.outage(mode)
    with pytest.raises(Unknown):
        await payments.authorized(order)
    with pytest.raises(Unknown):
        await payments.gateway.find(order, "authorize#1")
    assert (await payments.http.get("/livez")).status_code == 200
    await payments.outage("none")
    assert await payments.gateway.find(order, "authorize#1") == payment


async def test_an_outage_can_be_one_orders_and_counted(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    await payments.outage("error", order_id=str(order), remaining=2)
    await payments.authorized(uuid4())
    for _ in range(2):
        with pytest.raises(Unknown):
            await payments.authorized(order)
    await payments.authorized(order)


async def test_faults_are_shown_and_lifted(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    await payments.fault(mode="error", order_id=order, kind="void")
    shown = (await payments.http.get("/control")).json()
    assert [fault["kind"] for fault in shown["faults"] if fault["order_id"] == str(order)] == ["void"]
    assert {"sim_ok", "sim_down"} <= {method["name"] for method in shown["methods"]}
    await payments.http.delete("/control/faults", params={"order_id": str(order)})
    await payments.change("void", await payments.authorized(order), 0)


async def test_a_fault_of_no_known_kind_is_refused(payments: PaymentsUnderTest) -> None:
    answer = await payments.http.post("/control/faults", json={"mode": "error", "kind": "teleport"})
    assert answer.status_code == 422


async def test_an_abandoned_key_stays_closed_however_late_the_request_comes(payments: PaymentsUnderTest) -> None:
    order = uuid4()

    assert await payments.gateway.abandon(order, "authorize#0") is None

    with pytest.raises(Refused) as refused:
        await payments.gateway.authorize(order, "authorize#0", method="sim_ok", amount=eur(1000))
    assert refused.value.code == "abandoned"
    assert await payments.gateway.list_effects(order) == []


async def test_abandoning_tells_what_was_done_and_leaves_it(payments: PaymentsUnderTest) -> None:
    order = uuid4()
    done = await payments.gateway.authorize(order, "authorize#0", method="sim_ok", amount=eur(1000))

    assert await payments.gateway.abandon(order, "authorize#0") == done
    assert await payments.gateway.authorize(order, "authorize#0", method="sim_ok", amount=eur(1000)) == done
