"""However calls meet each other, the books never hold more captured than authorised or refunded than captured."""

import asyncio
from collections import Counter
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.gateways.protocol import Refused
from tests.simulators.serving import PaymentsUnderTest

CHANGES = st.lists(
    st.tuples(st.sampled_from(["capture", "capture", "refund", "void"]), st.integers(1, 80)),
    min_size=2,
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(authorized=st.integers(1, 100), changes=CHANGES)
async def test_sums_hold_under_concurrency(
    payments: PaymentsUnderTest, authorized: int, changes: list[tuple[str, int]]
) -> None:
    payment = await payments.authorized(uuid4(), authorized)
    calls = (payments.change(kind, payment, minor) for kind, minor in changes)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    sums: Counter[str] = Counter()
    for effect in await payments.gateway.list_effects(payment.order_id):
        sums[effect.kind] += effect.amount.minor
        assert sums["capture"] + sums["void"] <= authorized
        assert sums["refund"] <= sums["capture"]
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, Refused) for outcome in failed), failed


async def test_of_two_captures_that_do_not_fit_one_is_made(payments: PaymentsUnderTest) -> None:
    payment = await payments.authorized(uuid4(), 100)
    calls = (payments.change("capture", payment, 60) for _ in range(8))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused == ["exceeds-authorized"] * 7
