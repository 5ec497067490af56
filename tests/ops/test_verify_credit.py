"""`waybill verify` of store credit sees a balance below zero, and what orders and customers tell differently."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast
from uuid import uuid4

import asyncpg
import pytest

from activities.order_stream import LoadedOrder
from domain.credit.events import CreditEvent, CreditGranted, CreditReserved, CreditReturned, CreditSpent
from domain.payments.events import CaptureRequested, PaymentAuthorized, PaymentCaptured, PaymentRequested
from domain.record import OrderStreamEvent, fold_record
from eventstore.store import Expected, NewEvent, StreamWrite
from ops.bootstrap import codec, open_backend
from ops.config import Settings
from ops.verify import Live, check_credit
from ops.verify_credit import live_credits
from tests.support.samples import ORDER, PLACED, TOTAL, eur

PAID: Sequence[OrderStreamEvent] = (
    PaymentRequested("authorize#0", "store_credit", TOTAL),
    PaymentAuthorized("authorize#0", "credit_1", TOTAL),
    CaptureRequested("capture:x#0", "x", TOTAL, "credit_1"),
    PaymentCaptured("capture:x#0", "credit_1/capture:x#0", TOTAL),
)
GRANTED = CreditGranted("ada", TOTAL, "sorry", "operator:1")
RESERVED = CreditReserved(ORDER, "authorize#0", "credit_1", TOTAL)
SPENT = CreditSpent(ORDER, "capture:x#0", "credit_1", TOTAL)


def faults(credit: Sequence[CreditEvent], paid: Sequence[OrderStreamEvent] = PAID) -> Sequence[str]:
    order = LoadedOrder(ORDER, len(paid) + 1, fold_record((PLACED, *paid)), {})
    check = check_credit(Live({ORDER: order}, credits={"credit/ada": credit}))
    assert check.checked
    return check.faults


def test_credit_that_was_granted_and_spent_is_right() -> None:
    assert not faults([GRANTED, RESERVED, SPENT])


@pytest.mark.parametrize(
    "credit",
    [
        pytest.param([replace(GRANTED, amount=eur("0.01")), RESERVED, SPENT], id="below zero"),
        pytest.param([RESERVED, GRANTED, SPENT], id="below zero for a while"),
        pytest.param([GRANTED, RESERVED], id="not spent"),
        pytest.param(
            [GRANTED, RESERVED, SPENT, CreditReturned(ORDER, "hand", "credit_1", TOTAL)], id="given back"
        ),
        pytest.param([GRANTED], id="of no customer"),
    ],
)
def test_what_is_wrong_is_found(credit: Sequence[CreditEvent]) -> None:
    assert faults(credit)


def test_what_is_on_its_way_and_what_a_case_has_moved_is_no_difference() -> None:
    assert not faults([GRANTED, RESERVED, SPENT], PAID[:3])
    assert not faults([GRANTED, RESERVED, SPENT, CreditReturned(ORDER, "case:1#1", "credit_1", TOTAL)])


async def test_the_streams_are_read_from_the_store(test_settings: Settings) -> None:
    async with open_backend(test_settings, name="test") as backend:
        written = tuple(NewEvent(uuid4(), event) for event in (GRANTED, RESERVED))
        await backend.store.append((StreamWrite("credit/ada", Expected.NO_STREAM, written),))
        async with backend.pool.acquire() as connection, connection.transaction():
            found = [each async for each in live_credits(cast(asyncpg.Connection, connection), codec())]
    assert found == [("credit/ada", [GRANTED, RESERVED])]
