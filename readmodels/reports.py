"""Reports: sums over all orders by day of placing. A row that many orders feed changes by increments alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Table, Text, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert

from domain.orders.events import OrderCancelled, OrderCompleted, OrderConfirmed, OrderPlaced
from domain.payments.events import PaymentAuthorized, PaymentCaptured, PaymentRefunded
from domain.shipping.events import ShipmentDelivered, ShipmentDispatched
from eventstore.store import Recorded
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows, upsert_rows

NAME: Final = "reports"
VERSION: Final = 1
STAGES: Final[Mapping[type, str]] = {
    OrderPlaced: "placed",
    PaymentAuthorized: "authorized",
    OrderConfirmed: "confirmed",
    ShipmentDispatched: "dispatched",
    ShipmentDelivered: "delivered",
    OrderCompleted: "completed",
    OrderCancelled: "cancelled",
}
"""What an order goes through, by the event that first takes it there. With several parcels: the first of them."""


def _sums(name: str, *keys: Column[Any], sums: Sequence[str]) -> Table:
    return Table(name, METADATA, *keys, *(Column(each, BigInteger) for each in sums))


ORDERS = Table(
    "report_orders",
    METADATA,
    Column("order_id", Uuid, primary_key=True),
    Column("placed_at", DateTime(timezone=True)),
    Column("country", Text),
    Column("currency", Text),
    Column("stages", Text),
)
SALES = _sums(
    "report_sales",
    Column("day", Date, primary_key=True),
    Column("country", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    sums=("orders", "cancelled", "units", "ordered", "captured", "refunded"),
)
PRODUCTS = _sums(
    "report_products",
    Column("day", Date, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    sums=("units", "ordered"),
)
TIMES = _sums(
    "report_stages",
    Column("day", Date, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("bucket", BigInteger, primary_key=True),
    sums=("orders", "milliseconds"),
)


def _add(table: Table) -> Insert:
    statement = insert_rows(table)
    keys = table.primary_key.columns.keys()
    added = {name: column + statement.excluded[name] for name, column in table.columns.items() if name not in keys}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added)


ADD: Final = {table: _add(table) for table in (SALES, PRODUCTS, TIMES)}
UPSERT = upsert_rows(ORDERS)
LOAD = select(ORDERS).where(ORDERS.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid))))


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an order, to know where its later events count."""

    placed_at: datetime
    country: str
    currency: str
    stages: tuple[str, ...] = ()

    @property
    def day(self) -> date:
        return self.placed_at.astimezone(UTC).date()


@dataclass(slots=True)
class Increments:
    """What a batch adds, by table and key."""

    sums: dict[Table, dict[tuple[object, ...], list[int]]] = field(
        default_factory=lambda: {SALES: {}, PRODUCTS: {}, TIMES: {}}
    )

    def add(self, table: Table, key: tuple[object, ...], **amounts: int) -> None:
        names = [column.name for column in table.columns if not column.primary_key]
        row = self.sums[table].setdefault(key, [0] * len(names))
        for place, name in enumerate(names):
            row[place] += amounts.get(name, 0)

    def writes(self) -> list[Write]:
        """Keys in one order for all projectors, so that two never wait for each other crosswise."""
        return [
            Write(ADD[table], arrays(table, [(*key, *rows[key]) for key in sorted(rows, key=str)]))
            for table, rows in self.sums.items()
            if rows
        ]


class Reports(ByStream):
    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (ORDERS, SALES, PRODUCTS, TIMES)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        counted = [event for event in events if isinstance(event.event, _COUNTED)]
        if not counted:
            return []
        known = await _load(tables, {_order(event) for event in counted})
        touched: dict[UUID, Known] = {}
        added = Increments()
        for recorded in counted:
            order_id = _order(recorded)
            after = count(known.get(order_id), recorded, added)
            if after is not None:  # None: the placing was given up as unreadable
                known[order_id] = touched[order_id] = after
        rows = [
            (order_id, each.placed_at, each.country, each.currency, " ".join(each.stages))
            for order_id, each in touched.items()
        ]
        return [*added.writes(), *([Write(UPSERT, arrays(ORDERS, rows))] if rows else [])]


_COUNTED: Final = (*STAGES, PaymentCaptured, PaymentRefunded)


def _order(recorded: Recorded) -> UUID:
    return UUID(recorded.stream_id.removeprefix("order/"))


async def _load(tables: Tables, ids: Collection[UUID]) -> dict[UUID, Known]:
    rows = await tables.fetch(LOAD, {"ids": list(ids)})
    return {
        UUID(str(order_id)): Known(placed_at, country, currency, tuple(stages.split()))
        for order_id, placed_at, country, currency, stages in rows
    }


def count(known: Known | None, recorded: Recorded, added: Increments) -> Known | None:
    """Add what the event counts; gives what is known of its order from then on."""
    event = recorded.event
    if isinstance(event, OrderPlaced):
        known = Known(event.placed_at, event.shipping_address.country, event.totals.total.currency)
        _count_placed(known, event, added)
    if known is None:
        return None
    key = (known.day, known.country, known.currency)
    match event:
        case PaymentCaptured(amount=amount):
            added.add(SALES, key, captured=amount.minor)
        case PaymentRefunded(amount=amount):
            added.add(SALES, key, refunded=amount.minor)
        case OrderCancelled():
            added.add(SALES, key, cancelled=1)
        case _:
            pass
    stage = STAGES.get(type(event))
    if stage is None or stage in known.stages:
        return known
    took = max(0, round((recorded.recorded_at - known.placed_at).total_seconds() * 1000))
    added.add(TIMES, (known.day, stage, took.bit_length()), orders=1, milliseconds=took)
    return replace(known, stages=(*known.stages, stage))


def _count_placed(known: Known, event: OrderPlaced, added: Increments) -> None:
    units: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in event.lines:
        units[line.sku][0] += line.quantity
        units[line.sku][1] += line.unit_price.minor * line.quantity
    for sku, (quantity, minor) in units.items():
        added.add(PRODUCTS, (known.day, sku, known.currency), units=quantity, ordered=minor)
    added.add(
        SALES,
        (known.day, known.country, known.currency),
        orders=1,
        units=sum(quantity for quantity, _ in units.values()),
        ordered=event.totals.total.minor,
    )


def percentile(buckets: Iterable[tuple[int, int]], share: float) -> float:
    """Seconds in which that share of the orders was through, from (bucket, orders) in ascending order."""
    counted = list(buckets)
    wanted = share * sum(orders for _, orders in counted)
    seen = 0
    for bucket, orders in counted:
        seen += orders
        if seen >= wanted:
            return float(2**bucket) / 1000
    return 0.0
