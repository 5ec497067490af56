"""Temporal's data are deleted under orders of every kind: each finishes, charged once. In short."""

from collections.abc import AsyncIterator

import pytest

from benchmarks.prove_recovery import DOWN, Proof, lose_and_recover
from benchmarks.recovery_kinds import CAUGHT, OVER, RESTING
from tests.support.live_shop import Shop


@pytest.fixture
async def lost(shop: Shop) -> AsyncIterator[Proof]:
    yield Proof(shop.settings, shop.stack, shop.api, print)
    for method in DOWN:
        await shop.control("payments", f"/control/methods/{method}", {"available": False})
    await shop.control("carrier", "/control/movement", {"paused": False})


async def test_every_open_order_finishes_after_temporals_data_are_gone(lost: Proof) -> None:
    rows = await lose_and_recover(lost, 0, seed=1)
    assert lost.violations == []
    counted = {row.metric: row.value for row in rows}
    assert counted["orders"] == len(OVER) + len(RESTING) + len(CAUGHT)
    assert counted["workflows started again"] >= len(RESTING)
    assert counted["in as many states"] >= 6
