"""Customers' data keys, and their orders by an index."""

from eventstore.migrations.sql import run_sql_file

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("customer_key.sql")


def downgrade() -> None:
    raise NotImplementedError("what was sealed could not be read without the keys")
