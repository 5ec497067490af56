"""`waybill verify`: the invariants, checked on the live store, the read models and the gateways' own books.

It only reads, and it may run beside a busy system: the store is read in one snapshot, a read model is judged at
the version it shows, and an effect whose step is still on its way is not a difference.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter
from rich.console import Console
from temporalio.client import Client

from activities.gateways.protocol import PaymentEffect, PaymentGateway
from activities.gateways.simulator import SimulatedCarrier
from activities.order_stream import LoadedOrder
from activities.reconciling import CASE_KEY
from domain.credit.events import CreditEvent
from domain.inventory.model import StockItem
from domain.ledger import balances_of, disagreements
from domain.orders.model import OrderStatus
from domain.payments.events import PaymentAuthorized, PaymentCaptured, PaymentRefunded, PaymentVoided
from domain.record import OrderRecord, OrderStreamEvent
from eventstore.codec import Codec
from eventstore.connections import connected
from eventstore.verify import verify_chain
from ops.bootstrap import await_database, codec, connect_database, connect_temporal, open_backend
from ops.config import Settings
from ops.gateways import open_payment_gateway, with_store_credit
from ops.live_streams import live_orders, live_stock
from ops.patience import wait_for
from ops.verify_credit import credit_faults, live_credits
from ops.verify_models import applied_faults
from ops.verify_privacy import erased_customers, privacy_faults
from ops.verify_snapshots import snapshot_faults
from workflows.contracts import ORDER_WORKFLOW, order_workflow_id

MAX_FAULTS = 20
ROWS = "SELECT order_id, version, status, state FROM read.orders"
RECORD = TypeAdapter(OrderRecord)

EFFECTS: Mapping[type, str] = {
    PaymentAuthorized: "authorization",
    PaymentCaptured: "capture",
    PaymentVoided: "void",
    PaymentRefunded: "refund",
}


@dataclass(slots=True)
class Check:
    """One invariant: how many things were looked at, and what is wrong (the first of it)."""

    name: str
    checked: int = 0
    faults: list[str] = field(default_factory=list)

    def expect(self, holds: bool, fault: str) -> None:
        self.checked += 1
        if not holds and len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)


@dataclass(slots=True)
class Live:
    """The live store, folded, and what the others say of it."""

    orders: dict[UUID, LoadedOrder] = field(default_factory=dict)
    stock: dict[str, StockItem] = field(default_factory=dict)
    credits: dict[str, Sequence[CreditEvent]] = field(default_factory=dict)


async def verify_log(settings: Settings) -> Sequence[Check]:
    """The log alone, event by event; needs nothing but the database."""
    await await_database(settings)
    async with connected(settings.dsn, "waybill-verify") as connection:
        return [await _chain(connection)]


async def verify(settings: Settings) -> Sequence[Check]:
    """Run every check there is. It waits for databases and gateways that are away."""
    async with AsyncExitStack() as stack:
        pool = await connect_database(settings, settings.dsn, name="waybill-verify")
        stack.push_async_callback(pool.close)
        connection = cast(asyncpg.Connection, await stack.enter_async_context(pool.acquire()))
        chain = await _chain(connection)
        # The books are read before the store: what they hold by then, the store may know by then or later.
        backend = await stack.enter_async_context(open_backend(settings, name="waybill-verify-credit"))
        payments = with_store_credit(await stack.enter_async_context(open_payment_gateway(settings)), backend)
        carrier = SimulatedCarrier(settings.carrier_base_url, timeout=settings.gateway_timeout)
        stack.push_async_callback(carrier.aclose)
        effects = await wait_for("the payment gateway", payments.list_effects)
        bookings = await wait_for("the carrier", carrier.list_bookings)
        running = await _running(await connect_temporal(settings))
        live = await _load(connection, codec())
        snapshots = await _snapshots(connection)
        erased = await erased_customers(connection)
        rows = [dict(row) for row in await connection.fetch(ROWS)]
        applied = await _applied(connection)
        books = check_books(live, effects)
        await check_unbooked(live, effects, payments, books)
    return [
        chain,
        check_endings(live, running),
        check_money(live),
        books,
        check_credit(live),
        check_bookings(live, Counter((booking.order_id, booking.idempotency_key) for booking in bookings)),
        check_stock(live),
        snapshots,
        check_read_models(live, rows),
        applied,
        check_privacy(live, erased),
    ]


async def _load(connection: asyncpg.Connection, events: Codec) -> Live:
    live = Live()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for order in live_orders(connection, events):
            live.orders[order.order_id] = order
        async for stream_id, item in live_stock(connection, events):
            live.stock[stream_id] = item
        async for stream_id, credit in live_credits(connection, events):
            live.credits[stream_id] = credit
    return live


async def _chain(connection: asyncpg.Connection) -> Check:
    verified = await verify_chain(connection)
    check = Check("4 log: gapless, versions in order, hash chain", checked=verified.head)
    if verified.fault:
        check.faults.append(verified.fault)
    return check


async def _snapshots(connection: asyncpg.Connection) -> Check:
    check = Check("3 snapshots: each is the fold of its stream")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for fault in snapshot_faults(connection, codec()):
            check.expect(fault is None, str(fault))
    return check


async def _applied(connection: asyncpg.Connection) -> Check:
    """Invariant 5, the other half: nothing is missing up to the checkpoints, but for what is parked."""
    looked, faults = await applied_faults(connection)
    check = Check("5 read models: rows are where their checkpoints say", checked=looked)
    check.faults += faults
    return check


async def _running(client: Client) -> set[str]:
    query = f"WorkflowType = '{ORDER_WORKFLOW}' AND ExecutionStatus = 'Running'"
    return {found.id async for found in client.list_workflows(query)}


def check_endings(live: Live, running: set[str]) -> Check:
    """Invariant 1: an order that has not ended is being worked on, or visibly needs attention."""
    check = Check("1 orders: ended, running, or needing attention")
    for order in live.orders.values():
        record = order.record
        alive = record.status.terminal or record.attention or order_workflow_id(order.order_id) in running
        check.expect(alive, f"order {order.order_id} is {record.status} and no workflow runs for it")
    return check


def check_money(live: Live) -> Check:
    """Invariant 2, as far as the stream tells; the ledger is a second fold of it, event by event."""
    check = Check("2 money: authorized ≥ captured ≥ refunded, nothing held at the end, the ledger agrees")
    for order in live.orders.values():
        record, money = order.record, order.record.payment
        who = f"order {order.order_id}"
        for fault in disagreements(balances_of(_events(order)), record):
            check.expect(False, f"{who}: {fault}")
        ordered = money.authorized >= money.captured >= money.refunded and money.refunded.minor >= 0
        ordered = ordered and money.captured >= money.charged_back and money.charged_back.minor >= 0
        check.expect(ordered and money.open.minor >= 0, f"{who}: {record.amounts}")
        if record.status is OrderStatus.CANCELLED:
            check.expect(not money.held, f"{who} is cancelled and holds {money.held}")
        if record.status is OrderStatus.COMPLETED:
            owed = record.order.owed
            check.expect(not money.open, f"{who} is completed and {money.open} is still authorised")
            settled = record.settled == owed and money.refunded <= money.granted
            check.expect(settled, f"{who} is completed with {record.settled} paid of {owed}")
    return check


def _events(order: LoadedOrder) -> Sequence[OrderStreamEvent]:
    """The order's events. Each was written by a step or a command."""
    written = sorted((pair for pairs in order.steps.values() for pair in pairs), key=lambda pair: pair[0])
    return [event for _, event in written]


def check_books(live: Live, effects: Sequence[PaymentEffect]) -> Check:
    """Invariants 2 and 6: the gateway's books and the streams tell the same, effect by effect."""
    check = Check("2 books: every charge of the gateway is in its order, and the other way round")
    for effect in effects:
        order = live.orders.get(effect.order_id)
        known = effect.idempotency_key.startswith(CASE_KEY) or (
            order is not None and (effect.idempotency_key in order.record.payment.pending or _tells(order, effect))
        )
        what = f"{effect.kind} {effect.reference} of {effect.amount}"
        check.expect(known, f"the gateway has {what} for order {effect.order_id}, its stream does not")
    return check


async def check_unbooked(
    live: Live, effects: Sequence[PaymentEffect], payments: PaymentGateway, check: Check
) -> None:
    """The other way round. What is younger than the books that were read is looked up by its step."""
    booked = {(effect.order_id, effect.idempotency_key): effect for effect in effects}
    by_reference = {(effect.order_id, effect.reference): effect for effect in effects}
    for order in live.orders.values():
        for key, pairs in order.steps.items():
            for _, event in pairs:
                if not isinstance(event, PaymentAuthorized | PaymentCaptured | PaymentVoided | PaymentRefunded):
                    continue
                found = booked.get((order.order_id, key)) or by_reference.get((order.order_id, event.reference))
                found = found or await payments.find(order.order_id, key)
                same = found is not None and found.amount == event.amount and found.kind == EFFECTS[type(event)]
                check.expect(same, f"order {order.order_id}: {event}, but the gateway's books have {found}")


def _tells(order: LoadedOrder, effect: PaymentEffect) -> bool:
    return any(
        EFFECTS.get(type(event)) == effect.kind
        and getattr(event, "reference", None) == effect.reference
        and getattr(event, "amount", None) == effect.amount
        for event in _events(order)
    )


def check_credit(live: Live) -> Check:
    """Invariant 2 of store credit: never below zero, and spent on what the orders say."""
    check = Check("2 store credit: no balance below zero, spent is what orders were paid with")
    for fault in credit_faults(live.credits, live.orders):
        check.expect(fault is None, str(fault))
    return check


def check_bookings(live: Live, booked: Counter[tuple[UUID, str]]) -> Check:
    """Invariant 6: one booking per step."""
    check = Check("6 parcels: one booking per step")
    for (order_id, key), count in booked.items():
        check.expect(
            count == 1 and order_id in live.orders, f"step {key} of order {order_id} has {count} bookings"
        )
    return check


def check_privacy(live: Live, erased: Collection[str]) -> Check:
    """Invariant 8, of what the store has; who holds the keys can open it or not."""
    check = Check("8 privacy: nothing of an erased customer can be read")
    for fault in privacy_faults(erased, live.orders.values()):
        check.expect(fault is None, fault or "")
    return check


def check_stock(live: Live) -> Check:
    """Invariant 3: nothing is oversold, and what is reserved is reserved for an order that still needs it."""
    check = Check("3 stock: on hand ≥ reserved ≥ 0, every reservation has an open order")
    for stream_id, item in live.stock.items():
        check.expect(
            item.on_hand >= item.reserved >= 0, f"{stream_id}: {item.on_hand} on hand, {item.reserved} reserved"
        )
        for order_id, pieces in item.holds.items():
            order = live.orders.get(order_id)
            needs = order is not None and order.record.reserved and pieces > 0
            check.expect(needs, f"{stream_id} holds {pieces} for order {order_id}, which does not need them")
        for order_id, pieces in item.waiting.items():
            order = live.orders.get(order_id)
            waits = order is not None and bool(order.record.short) and pieces > 0
            check.expect(waits, f"{stream_id}: order {order_id} is queued for {pieces}, and waits for nothing")
        check.expect(
            not (item.waiting and item.available),
            f"{stream_id}: {item.available} pieces while orders wait for them",
        )
    return check


def check_read_models(live: Live, rows: Sequence[Mapping[str, Any]]) -> Check:
    """Invariant 5: an order's row is the fold of its stream at the version it shows."""
    check = Check("5 read models: an order's row is the fold of its stream")
    for row in rows:
        order = live.orders.get(row["order_id"])
        if order is None or row["version"] != order.version:
            continue  # it moved between the two reads
        same = RECORD.validate_json(row["state"]) == order.record and row["status"] == order.record.status
        check.expect(
            same, f"order {row['order_id']}: the row at version {row['version']} is not the stream's fold"
        )
    return check


def report(checks: Sequence[Check], console: Console, *, as_json: bool = False) -> bool:
    """Print what was found; whether all of it holds."""
    if as_json:
        faults = defaultdict(list, {check.name: check.faults for check in checks})
        console.print_json(data={"ok": not any(faults.values()), "checks": faults})
        return not any(faults.values())
    for check in checks:
        mark = "[red]broken[/]" if check.faults else "[green]holds[/] "
        console.print(f"{mark} {check.name} ({check.checked} checked)")
        for fault in check.faults:
            console.print(f"         {fault}", markup=False)
    return not any(check.faults for check in checks)
