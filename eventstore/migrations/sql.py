"""Running the files of `eventstore/schema` in a migration.

A released table file is never edited: a new revision brings a new file. Function files hold `CREATE OR REPLACE`;
editing one takes a new revision that runs it again.
"""

from pathlib import Path

from alembic import op

SCHEMA = Path(__file__).parent.parent / "schema"


def run_sql_file(name: str, folder: Path = SCHEMA) -> None:
    """Run a file of SQL statements as a whole. Read models pass their own folder."""
    script = (folder / name).read_text(encoding="utf-8")
    connection = op.get_bind().connection.dbapi_connection
    if connection is None:
        raise RuntimeError("the migration's connection is closed")
    connection.run_async(lambda driver: driver.execute(script))  # the dialect itself takes one statement at a time
