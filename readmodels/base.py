"""What a projection is, and how a batch of its rows is written: by few statements, whose arrays hold the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Executable, MetaData, Table, TextClause, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from eventstore.store import Recorded

METADATA: Final = MetaData(schema="read")


@dataclass(frozen=True, slots=True)
class Write:
    """A statement and its parameters; the engine runs it together with the checkpoint's move."""

    statement: Executable
    values: Mapping[str, object]


class Projection(Protocol):
    """Rows made from events.

    `streams` are the prefixes of the stream ids it reads. `version` goes up whenever the same events should give
    other rows: the engine then empties the tables by `clear` and applies the log again.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def streams(self) -> tuple[str, ...]: ...
    @property
    def clear(self) -> TextClause: ...

    async def changes(self, connection: AsyncConnection, events: Sequence[Recorded]) -> Sequence[Write]:
        """What these events, never empty and in the log's order, change.

        Reads what it needs through `connection` and writes nothing there. It may be asked again for the same
        events, when a transaction did not commit.
        """
        ...


def insert_rows(table: Table) -> Insert:
    """`INSERT … SELECT` of any number of rows; its parameters are one array per column: see `arrays`."""
    columns = list(table.columns)
    given = func.unnest(*(bindparam(item.name, type_=ARRAY(item.type)) for item in columns))
    rows = given.table_valued(*(column(item.name, item.type) for item in columns), name="given").render_derived()
    return insert(table).from_select(columns, select(*rows.columns))


def upsert_rows(table: Table, *, keep: Sequence[str] = ()) -> Insert:
    """As `insert_rows`; where the key exists, all columns but those to `keep` are replaced."""
    statement = insert_rows(table)
    kept = {*table.primary_key.columns.keys(), *keep}
    values = {item.name: statement.excluded[item.name] for item in table.columns if item.name not in kept}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)


def arrays(table: Table, rows: Iterable[Sequence[Any]]) -> Mapping[str, list[Any]]:
    """Rows, each in the order of the table's columns, as the arrays that `insert_rows` takes."""
    return dict(zip(table.columns.keys(), map(list, zip(*rows, strict=True)), strict=True))
