"""What must hold of every order and all stock, whatever happened: asked after every test of the workflow."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import cast
from uuid import UUID

from activities.gateways.credit import KINDS as CREDIT_KINDS
from activities.order_stream import fold_order
from domain.credit.events import CreditEvent
from domain.credit.model import INITIAL as CREDIT
from domain.credit.model import evolve as evolve_credit
from domain.decider import fold
from domain.identifiers import label_parcel
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem, evolve
from domain.orders.events import OrderStepResolved
from domain.orders.model import OrderStatus
from domain.payments.events import CaptureRequested, PaymentRequested, RefundRequested, VoidRequested
from domain.record import OrderRecord
from domain.returns.model import Return
from domain.shipping.events import TrackingStatus
from eventstore.store import Recorded
from tests.support.gateways import MemoryCarrier, MemoryPayments

KINDS = {"authorization": "authorized", "capture": "captured", "void": "voided", "refund": "refunded"}


def check_shop(
    streams: Mapping[str, Sequence[Recorded]], payments: MemoryPayments, carrier: MemoryCarrier
) -> None:
    """Fail on the first thing that is wrong."""
    records: dict[str, OrderRecord] = {}
    for name, stored in streams.items():
        if name.startswith("order/"):
            check_numbers(stored)
            check_steps(stored)
            records[name] = check_order(stored, payments, carrier, credit_sums(streams))
    check_stock(streams, records)


def check_numbers(stored: Sequence[Recorded]) -> None:
    assert [each.version for each in stored] == list(range(1, len(stored) + 1))
    assert len({each.event_id for each in stored}) == len(stored)


def check_steps(stored: Sequence[Recorded]) -> None:
    """A step writes a type of event once: one request, one outcome."""
    wrote = Counter(
        (each.metadata["step"], each.type) for each in stored if not isinstance(each.event, OrderStepResolved)
    )
    assert not [step for step, times in wrote.items() if times > 1]
    asked = (PaymentRequested, CaptureRequested, VoidRequested, RefundRequested)
    requested = {each.metadata["step"] for each in stored if isinstance(each.event, asked)}
    outcomes = Counter(
        each.metadata["step"]
        for each in stored
        if each.metadata["step"] in requested and not isinstance(each.event, asked)
    )
    money = {step for step in requested if "#" in step}
    assert not [step for step, times in outcomes.items() if step in money and times > 1]


def credit_sums(streams: Mapping[str, Sequence[Recorded]]) -> Counter[tuple[UUID, str]]:
    """What orders have moved of store credit, by kind of effect; no balance is ever below zero."""
    sums: Counter[tuple[UUID, str]] = Counter()
    for name, stored in streams.items():
        if name.startswith("credit/"):
            state = CREDIT
            for each in stored:
                state = fold(evolve_credit, state, [cast(CreditEvent, each.event)])
                assert all(balance.minor >= 0 for balance in state.balances.values())
            for moved in state.steps.values():
                sums[moved.order_id, CREDIT_KINDS[type(moved)]] += moved.amount.minor
    return sums


def check_order(
    stored: Sequence[Recorded],
    payments: MemoryPayments,
    carrier: MemoryCarrier,
    credit: Mapping[tuple[UUID, str], int],
) -> OrderRecord:
    order_id = stored[0].event.order_id  # type: ignore[attr-defined]
    record = fold_order(order_id, stored).record
    money = record.payment
    assert money.authorized.minor >= money.captured.minor >= money.refunded.minor >= 0
    assert money.open.minor >= 0
    if record.order.status.terminal:
        assert not money.pending
        assert not record.order.stalled
        for kind, sum_of in KINDS.items():
            booked = payments.total(order_id, kind) + credit[order_id, kind]
            assert booked == getattr(money, sum_of).minor, kind
        _check_ended(record, [each for each in carrier.books.values() if each.order_id == order_id])
    return record


def _check_ended(record: OrderRecord, bookings: Iterable[object]) -> None:
    standing = [each.shipment_id for each in bookings if each.status is not TrackingStatus.CANCELLED]  # type: ignore[attr-defined]
    if record.order.status is OrderStatus.CANCELLED:
        assert not record.payment.held
        assert not standing
        return
    assert record.payment.paid == record.owed
    assert not record.amounts.due
    assert not record.payment.open
    assert record.all_delivered
    labels = [label_parcel(each.return_id) for each in record.returns.by_id.values() if _labelled(each)]
    parcels = record.shipments.by_id.values()
    sent = [each.shipment_id for each in parcels if each.status is not TrackingStatus.CANCELLED]
    assert sorted(standing) == sorted([*sent, *labels])


def _labelled(known: Return) -> bool:
    return known.label is not None and not known.label.cancelled


def check_stock(streams: Mapping[str, Sequence[Recorded]], records: Mapping[str, OrderRecord]) -> None:
    """`on_hand ≥ reserved ≥ 0`, and no closed order holds anything."""
    for name, stored in streams.items():
        if not name.startswith("stock/"):
            continue
        item = StockItem()
        for each in stored:
            item = fold(evolve, item, [cast(StockEvent, each.event)])
            assert item.on_hand >= item.reserved >= 0
            assert all(held > 0 for held in item.holds.values())
        for holder in (*item.holds, *item.waiting):
            assert not records[f"order/{holder}"].order.status.terminal, name
        assert not (item.waiting and item.available), name  # nobody waits for what is there
