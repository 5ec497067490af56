"""A stream has a snapshot per schema of its state."""

from eventstore.migrations.sql import run_sql_file

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("snapshots_by_schema.sql")


def downgrade() -> None:
    raise NotImplementedError("the log only grows")
