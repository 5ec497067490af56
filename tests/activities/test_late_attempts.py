"""An attempt that was frozen and goes on after its step was given up: it finds its key closed."""

import pytest

from activities.contracts import Step
from activities.gateways.protocol import Refused
from activities.order_stream import append_step, load_order
from activities.payment_contracts import AuthorizeStep
from activities.payments import PaymentActivities
from domain.payments.events import PaymentAbandoned, PaymentRequested
from domain.payments.model import PaymentStatus
from tests.support.gateways import MemoryPayments
from tests.support.memory_store import MemoryEventStore
from tests.support.samples import ORDER, PLACED, TOTAL

AUTHORIZE = Step(ORDER, "authorize#0")


async def test_an_authorisation_that_comes_after_its_abandonment_holds_no_money() -> None:
    store, gateway = MemoryEventStore(), MemoryPayments()
    activities = PaymentActivities(store, gateway)
    order = await append_step(store, await load_order(store, ORDER), Step(ORDER, "place#0"), (PLACED,))
    await append_step(store, order, AUTHORIZE, (PaymentRequested(AUTHORIZE.key, "sim_ok", TOTAL),))

    await activities.void_payment(Step(ORDER, "void#0"))
    await activities.authorize_payment(AuthorizeStep(AUTHORIZE))  # a second attempt sees the outcome
    with pytest.raises(Refused, match="abandoned"):  # a frozen one does not
        await gateway.authorize(ORDER, AUTHORIZE.key, method="sim_ok", amount=TOTAL)

    assert gateway.books == {}
    after = await load_order(store, ORDER)
    assert after.of_step(AUTHORIZE.key)[-1] == PaymentAbandoned(AUTHORIZE.key)
    assert after.record.payment_status is PaymentStatus.FAILED
