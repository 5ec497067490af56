"""Alembic's environment. Migrations run on the connection that `ops.migrate` puts into the configuration."""

from alembic import context

VERSION_TABLE = "waybill_alembic"


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through `waybill migrate`, not through the alembic command")
    context.configure(connection=connection, version_table=VERSION_TABLE)
    with context.begin_transaction():
        context.run_migrations()


run()
