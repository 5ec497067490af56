"""Comparing a candidate's table with the live one: what is on one side alone, what differs, and samples of it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, Text, and_, cast, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from readmodels.builds import SCHEMAS, BuildState
from readmodels.operating import RowDifference, TableDifference

SAMPLES: Final = 10


async def of_table(connection: AsyncConnection, live: Table) -> TableDifference:
    """Reads both tables as a whole."""
    candidate = live.to_metadata(MetaData(), schema=SCHEMAS[BuildState.CANDIDATE])
    key = list(live.primary_key.columns)
    joined = live.outerjoin(candidate, and_(*(item == candidate.c[item.name] for item in key)), full=True)
    only_live, only_candidate = candidate.c[key[0].name].is_(None), key[0].is_(None)
    rest = [item for item in live.columns if item not in key]
    unlike = [item.is_distinct_from(candidate.c[item.name]) for item in rest]
    different = and_(~only_live, ~only_candidate, or_(false(), *unlike))
    counts = select(
        func.count(),
        func.count().filter(only_live),
        func.count().filter(only_candidate),
        func.count().filter(different),
    ).select_from(joined)
    rows, left, right, changed = (await connection.execute(counts)).one()
    samples: Sequence[RowDifference] = ()
    if left or right or changed:
        sampled = select(*_keys(key, candidate), only_live, only_candidate, *unlike).select_from(joined)
        sampled = sampled.where(or_(only_live, only_candidate, different)).limit(SAMPLES)
        found = (await connection.execute(sampled)).all()
        samples = [_sample(row, [item.name for item in key], [item.name for item in rest]) for row in found]
    return TableDifference(live.name, rows, left, right, changed, samples)


def _keys(key: Sequence[Column[Any]], candidate: Table) -> list[ColumnElement[Any]]:
    return [cast(func.coalesce(item, candidate.c[item.name]), Text).label(f"key_{item.name}") for item in key]


def _sample(row: Sequence[Any], key: Sequence[str], rest: Sequence[str]) -> RowDifference:
    values, (left, right), unlike = row[: len(key)], row[len(key) : len(key) + 2], row[len(key) + 2 :]
    only = "live" if left else "candidate" if right else None
    columns = [] if only else [name for name, differs in zip(rest, unlike, strict=True) if differs]
    return RowDifference(dict(zip(key, values, strict=True)), only, columns)
