"""The tables as the code declares them are those that the migrations make."""

from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from readmodels.base import METADATA
from readmodels.projections import projections


def reflected(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection, schema="read")
    return found


async def test_declared_and_migrated_tables_agree(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.run_sync(reflected)
    assert set(found.tables) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        assert {
            column.name: type(column.type.as_generic())
            for column in found.tables[name].columns
            if not column.computed
        } == {column.name: type(column.type.as_generic()) for column in table.columns}
        assert found.tables[name].primary_key.columns.keys() == table.primary_key.columns.keys()


def test_each_table_belongs_to_one_projection() -> None:
    owned = [table.fullname for projection in projections() for table in projection.tables]
    assert sorted(owned) == sorted(METADATA.tables)
