"""The ledger: a row for each event that posts, with its entries and the balances after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import orjson
from cachetools import LRUCache
from sqlalchemy import BigInteger, Column, DateTime, Row, Table, Text, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ledger import entries
from domain.money import Money
from domain.orders.events import OrderPlaced
from domain.payments.ledger import Account, Balances, Entry, post
from domain.record import OrderStreamEvent
from eventstore.store import Recorded
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.views import LedgerPosting

NAME: Final = "ledger"
VERSION: Final = 1
RECENT: Final = 5000

LEDGER = Table(
    "ledger",
    METADATA,
    Column("order_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("type", Text),
    Column("recorded_at", DateTime(timezone=True)),
    Column("currency", Text),
    Column("entries", Text),
    Column("balances", Text),
)
UPSERT = upsert_rows(LEDGER)
LOAD = (
    select(LEDGER.c.order_id, LEDGER.c.version, LEDGER.c.currency, LEDGER.c.balances)
    .where(LEDGER.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .ext(distinct_on(LEDGER.c.order_id))
    .order_by(LEDGER.c.order_id, LEDGER.c.version.desc())
)


@dataclass(frozen=True, slots=True)
class Book:
    """An order's ledger after `version` events."""

    version: int
    currency: str
    balances: Balances


EMPTY: Final = Book(0, "", {})


class Ledger(ByStream):
    """Keeps the balances of the orders it wrote last; one that is not the order's last is read back."""

    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (LEDGER,)

    def __init__(self, *, recent: int = RECENT) -> None:
        self._recent: LRUCache[str, Book] = LRUCache(recent)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        books = await self._before(tables, events)
        rows = []
        for recorded in events:
            book, posted = advance(books[recorded.stream_id], recorded)
            books[recorded.stream_id] = book
            if posted:
                rows.append(to_row(recorded, book, posted))
        self._recent.update(books)
        return [Write(UPSERT, arrays(LEDGER, rows))] if rows else []

    async def _before(self, tables: Tables, events: Sequence[Recorded]) -> dict[str, Book]:
        first: dict[str, int] = {}
        for recorded in events:
            first.setdefault(recorded.stream_id, recorded.version)
        known = {stream: self._kept(stream, version) for stream, version in first.items()}
        missing = {stream: first[stream] for stream, book in known.items() if book is None}
        found = await _load(tables, missing) if missing else {}
        return {stream: book or found.get(stream, EMPTY) for stream, book in known.items()}

    def _kept(self, stream: str, version: int) -> Book | None:
        if version == 1:
            return EMPTY
        kept = self._recent.get(stream)
        return kept if kept and kept.version == version - 1 else None


def advance(book: Book, recorded: Recorded) -> tuple[Book, Sequence[Entry]]:
    event = cast(OrderStreamEvent, recorded.event)
    currency = event.totals.total.currency if isinstance(event, OrderPlaced) else book.currency
    posted = entries(book.balances, event, currency)
    return Book(recorded.version, currency, post(book.balances, posted)), posted


def to_row(recorded: Recorded, book: Book, posted: Sequence[Entry]) -> tuple[object, ...]:
    return (
        recorded.stream_id.removeprefix("order/"),
        recorded.version,
        recorded.type,
        recorded.recorded_at,
        book.currency,
        orjson.dumps([(entry.account, entry.amount.minor) for entry in posted]).decode(),
        orjson.dumps({account.value: minor for account, minor in book.balances.items()}).decode(),
    )


async def _load(tables: Tables, before: Mapping[str, int]) -> Mapping[str, Book]:
    """The books as they are before the next event of each stream."""
    ids = [UUID(stream.removeprefix("order/")) for stream in before]
    rows = await tables.fetch(LOAD, {"ids": ids})
    return {
        f"order/{order_id}": Book(version, code, _balances(stored)) for order_id, version, code, stored in rows
    }


def _balances(stored: str) -> Balances:
    return {Account(account): minor for account, minor in orjson.loads(stored).items()}


async def of_order(connection: AsyncConnection, order_id: UUID) -> Sequence[LedgerPosting]:
    """In order. An order's stream is bounded, and with it its ledger."""
    columns = [column for column in LEDGER.columns if column is not LEDGER.c.order_id]
    query = select(*columns).where(LEDGER.c.order_id == order_id).order_by(LEDGER.c.version)
    return [_posting(row) for row in await connection.execute(query)]


def _posting(row: Row[Any]) -> LedgerPosting:
    currency: str = row.currency
    return LedgerPosting(
        version=row.version,
        type=row.type,
        recorded_at=row.recorded_at,
        entries=[Entry(Account(account), Money(minor, currency)) for account, minor in orjson.loads(row.entries)],
        balances={account: Money(minor, currency) for account, minor in _balances(row.balances).items()},
    )
