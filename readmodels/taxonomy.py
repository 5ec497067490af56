"""The tree of categories, and the attributes that there are."""

import json
from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import Column, Select, Table, Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.events import AttributeDefined, AttributeKind, TaxonomyEvent
from domain.catalog.taxonomy import Category, Taxonomy, evolve
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.catalogue_views import CategoryView
from readmodels.pages import Page

NAME: Final = "taxonomy"
VERSION: Final = 1

CATEGORIES = Table(
    "categories",
    METADATA,
    Column("category", Text, primary_key=True),
    Column("name", Text),
    Column("parent", Text),
)
ATTRIBUTES = Table(
    "attributes",
    METADATA,
    Column("attribute", Text, primary_key=True),
    Column("label", Text),
    Column("kind", Text),
    Column("choices", Text),
)
UPSERT_CATEGORIES = upsert_rows(CATEGORIES)
UPSERT_ATTRIBUTES = upsert_rows(ATTRIBUTES)
LOAD = select(CATEGORIES).where(CATEGORIES.c.category == any_(bindparam("codes", type_=ARRAY(Text))))


class TaxonomyRows(ByStream):
    """Each event changes one row; only that row is folded."""

    name = NAME
    version = VERSION
    streams = ("taxonomy/",)
    tables = (CATEGORIES, ATTRIBUTES)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        codes = {getattr(recorded.event, "category", None) for recorded in events} - {None}
        rows = await tables.fetch(LOAD, {"codes": list(codes)}) if codes else []
        state = Taxonomy({row["category"]: Category(*row) for row in rows})
        for recorded in events:
            state = evolve(state, cast(TaxonomyEvent, recorded.event))
        categories = [(each.category, each.name, each.parent) for each in state.categories.values()]
        attributes = [
            (each.attribute, each.label, each.kind, json.dumps(each.choices)) for each in state.attributes.values()
        ]
        return [
            *([Write(UPSERT_CATEGORIES, arrays(CATEGORIES, categories))] if categories else []),
            *([Write(UPSERT_ATTRIBUTES, arrays(ATTRIBUTES, attributes))] if attributes else []),
        ]


def below(category: str) -> Select[Any]:
    """The codes of a category and of all below it."""
    found = select(CATEGORIES.c.category).where(CATEGORIES.c.category == category).cte("found", recursive=True)
    found = found.union(select(CATEGORIES.c.category).where(CATEGORIES.c.parent == found.c.category))
    return select(found.c.category)


async def categories(connection: AsyncConnection, *, limit: int, cursor: str | None) -> Page[CategoryView]:
    """By code; reads the whole tree, which is bounded. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    cursors.check_limit(limit)
    after = "" if cursor is None else str(cursors.decode(cursor, str)[0])
    rows = (await connection.execute(select(CATEGORIES).order_by(CATEGORIES.c.category))).all()
    tree = Taxonomy({row.category: Category(*row) for row in rows})
    page = [each for each in tree.categories.values() if each.category > after][: limit + 1]
    return cursors.page(page, limit, lambda each: _category(tree, each), lambda each: (each.category,))


def _category(tree: Taxonomy, each: Category) -> CategoryView:
    return CategoryView(each.category, each.name, each.parent, tree.path(each.category)[::-1])


async def attributes(connection: AsyncConnection) -> Sequence[AttributeDefined]:
    """By name."""
    rows = await connection.execute(select(ATTRIBUTES).order_by(ATTRIBUTES.c.attribute))
    return [
        AttributeDefined(row.attribute, row.label, AttributeKind(row.kind), tuple(json.loads(row.choices)))
        for row in rows
    ]
