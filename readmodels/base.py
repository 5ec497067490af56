"""What a projection is, and how a batch of its rows is written: by few statements, whose arrays hold the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, Self

from sqlalchemy import Executable, MetaData, Table, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from eventstore.store import Recorded

LIVE_SCHEMA: Final = "read"
METADATA: Final = MetaData(schema=LIVE_SCHEMA)


@dataclass(frozen=True, slots=True)
class Write:
    """A statement and its parameters; the engine runs it together with the checkpoint's move.

    Statements are made once, not per batch: each is compiled once per build, and prepared once per connection.
    """

    statement: Executable
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Stands in `Recorded.event` where an operator gave an event up: it counts as a version, and says nothing."""

    reason: str


class Tables(Protocol):
    """The tables of the build that is fed; statements name those of the live one."""

    async def fetch(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Any]:
        """Rows that are sequences, and mappings by column."""
        ...


class Projection(Protocol):
    """Rows made from events.

    `streams` are the prefixes of the stream ids it reads, `tables` all that it writes. `version` goes up whenever
    the same events should give other rows: the engine then fills new tables beside the live ones.

    Segments are fed apart from each other, so a row must be fed by one key. The key is the stream; where several
    streams feed a row, either every write of it is a commutative increment, or `key` says what they share.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def streams(self) -> tuple[str, ...]: ...
    @property
    def tables(self) -> tuple[Table, ...]: ...
    @property
    def keyed_by_stream(self) -> bool: ...
    @property
    def sees_skipped(self) -> bool:
        """Whether it is told of skipped events, because it counts versions."""
        ...

    def key(self, event: Recorded) -> str:
        """What the event's rows are partitioned by: the stream, unless `keyed_by_stream` is false."""
        ...

    def fresh(self) -> Self:
        """Another one like it, which remembers nothing: each build has its own."""
        ...

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        """What these events, never empty and in the log's order, change. The one thing a projection does.

        Reads what it needs through `tables`. It may be asked again for the same events, when a transaction did not
        commit, and is asked again by every rebuild: it has no other effect.
        """
        ...


class ByStream:
    """A projection whose rows are each fed by one stream, or change by increments alone."""

    keyed_by_stream: ClassVar[bool] = True
    sees_skipped: ClassVar[bool] = False

    def key(self, event: Recorded) -> str:
        return event.stream_id

    def fresh(self) -> Self:
        return type(self)()


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
