"""Amendments of confirmed orders: other lines, another address, another shipping method; or nothing changes."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.orders.events import HoldScope
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop
from tests.workflows.amending import GONE, PARIS, POTSDAM, amend, amendment, booked
from tests.workflows.amending import collected as deliver


def contents(shop: Shop, order_id: UUID) -> Sequence[tuple[str, int]]:
    return [*shop.carrier.labels[order_id].items]


async def held(shop: Shop, sku: str, warehouse: str = "BER") -> int:
    return (await shop.item(sku, warehouse)).reserved


async def test_fewer_pieces_are_sent_and_paid(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 3), ("TEE", 1))
    before = (await shop.record(order_id)).order.totals.total
    await amend(shop, order_id, {"MUG": 1})
    await deliver(shop, order_id, "BER-A1")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.order.totals.total < before
    assert record.payment.captured == record.order.totals.total
    assert contents(shop, order_id) == [("MUG", 1), ("TEE", 1)]
    mug = next(line for line in record.lines if line.line.sku == "MUG")
    assert (mug.ordered, mug.cancelled, mug.delivered) == (3, 2, 1)
    assert await held(shop, "MUG") == 0


async def test_a_line_is_cancelled(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1), ("TEE", 1))
    await amend(shop, order_id, {"TEE": 0}, whole=True)
    assert await held(shop, "TEE") == 0
    await deliver(shop, order_id, "BER-A1")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert contents(shop, order_id) == [("MUG", 1)]
    assert shop.types(order_id).count("OrderLinesCancelled") == 1
    first = next(iter(shop.carrier.books.values()))
    assert first.status is TrackingStatus.CANCELLED


async def test_without_its_last_line_the_order_is_cancelled(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    await amend(shop, order_id, {"MUG": 0}, whole=True)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert "AmendmentRequested" not in shop.types(order_id)


async def test_an_amendment_that_leaves_nothing_is_refused(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 0})
    assert refused.value.code == "invalid-lines"


async def test_another_address_is_on_the_label(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    await amend(shop, order_id, address=POTSDAM)
    await deliver(shop, order_id, "BER-A1")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.carrier.labels[order_id].city == "Potsdam"
    assert "OrderLinesCancelled" not in shop.types(order_id)
    stored = "".join(str(each) for each in shop.store.streams[f"order/{order_id}"])
    assert "Potsdam" not in stored


async def test_an_address_corrects_a_booking_that_the_carrier_refused(shop: Shop) -> None:
    shop.carrier.faults.plan("book", "refused")
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    await amend(shop, order_id, address=POTSDAM)
    await deliver(shop, order_id, "BER-A1")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert not (await shop.record(order_id)).attention


async def test_a_part_that_has_left_stays_as_it_was(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    order_id = await booked(shop, ("MUG", 1), ("JAR", 2), parcels=2)
    await shop.news(shop.booking(order_id, "BER"), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 0, "JAR": 1})
    assert refused.value.code == "too-late-to-amend"
    assert refused.value.details == {"not_dispatched": {"JAR": 2}}
    await amend(shop, order_id, {"JAR": 1}, key="b")
    await shop.news(shop.booking(order_id, "BER"), TrackingStatus.DELIVERED)
    await deliver(shop, order_id, "LYS-A1")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.payment.captured == record.order.totals.total


async def test_a_parcel_that_was_collected_meanwhile_rejects_it(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 2))
    before = await shop.record(order_id)
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DISPATCHED)  # its news is still on its way
    for _ in range(2):  # a repeat is told the same
        with pytest.raises(DomainError) as refused:
            await amend(shop, order_id, {"MUG": 1})
        assert refused.value.code == "too-late-to-amend"
    record = await shop.record(order_id)
    assert record.order.terms == before.order.terms
    assert shop.types(order_id).count("AmendmentRejected") == 1
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_stopped_parcel_is_booked_again_when_its_sister_has_left(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    order_id = await booked(shop, ("MUG", 1), ("JAR", 1), parcels=2)
    left = shop.booking(order_id, "LYS")
    shop.carrier.move(left.reference, TrackingStatus.DISPATCHED)
    with pytest.raises(DomainError):
        await amend(shop, order_id, address=POTSDAM)
    await deliver(shop, order_id, "BER")
    await shop.news(left, *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.carrier.labels[order_id].city == "Berlin"


async def test_stock_that_does_not_cover_it_rejects_it(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    before = await shop.record(order_id)
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 99})
    assert refused.value.code == "out-of-stock"
    record = await shop.record(order_id)
    assert (record.order.terms, record.held) == (before.order.terms, before.held)
    assert shop.types(order_id)[-2:] == ["AmendmentRequested", "AmendmentRejected"]
    assert await held(shop, "MUG") == 1
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_stale_version_is_a_conflict(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 2))
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 1}, expected_version=1)
    assert refused.value.code == "version-mismatch"
    assert "AmendmentRequested" not in shop.types(order_id)


async def test_a_key_is_one_amendment(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 3))
    done = await amend(shop, order_id, {"MUG": 2})
    assert await amend(shop, order_id, {"MUG": 2}) == done
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 1})
    assert refused.value.code == "idempotency-key-reuse"
    await amend(shop, order_id, {"MUG": 1}, key="b")
    await deliver(shop, order_id, "BER-A2")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_country_has_its_own_tax(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 5))
    await amend(shop, order_id, {"MUG": 1}, address=PARIS)
    await deliver(shop, order_id, "BER-A1")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.order.totals.tax.minor == 498  # 20 % of 19.99 + 4.90


async def test_a_preview_says_what_would_be_done_and_does_nothing(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 3))
    before = len(shop.types(order_id))
    preview = await shop.gateway.preview_amendment(order_id, amendment({"MUG": 1}, ("TEE", 1)))
    assert preview.terms.totals.subtotal.minor == 2 * 1999
    assert preview.more.minor == -2379  # a piece, and its tax
    assert [(part.sku, part.quantity) for part in preview.taken] == [("TEE", 1)]
    assert [(part.sku, part.quantity) for part in preview.released] == [("MUG", 2)]
    assert preview.parcels == (shop.booking(order_id).shipment_id,)
    assert preview.to_authorise.minor == 0
    assert len(shop.types(order_id)) == before
    with pytest.raises(DomainError) as refused:
        await shop.gateway.preview_amendment(order_id, amendment({"MUG": 99}))
    assert refused.value.code == "out-of-stock"
    await shop.news(shop.booking(order_id), *GONE)
    await shop.ended(order_id)


async def test_a_hold_stays_on_what_the_parcel_becomes(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 2), screening=("look at it",))
    number = (await shop.record(order_id)).order.placed.order_number
    await shop.until(order_id, lambda record: record.order.on_hold)
    given = {"reason": "r", "actor": "operator:eve"}
    await shop.gateway.release_hold(order_id, key="r", hold_id="screening", **given)
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    parcel = {"scope": HoldScope.SHIPMENT, "subject": f"{number}-BER", "expires_at": None}
    held = await shop.gateway.hold(order_id, key="h", **parcel, **given)  # type: ignore[arg-type]
    assert held.version
    await amend(shop, order_id, {"MUG": 1})
    record = await shop.record(order_id)
    await shop.gateway.release_hold(order_id, key="s", hold_id=next(iter(record.order.holds)), **given)
    await deliver(shop, order_id, "BER-A1")
    assert len(shop.carrier.books) == 2
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_the_key_of_a_rejected_one_is_refused_again_when_the_order_has_ended(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    with pytest.raises(DomainError):
        await amend(shop, order_id, {"MUG": 99})
    await shop.start_again(order_id)  # its update went with the run that took it
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 99})
    assert refused.value.code == "out-of-stock"
