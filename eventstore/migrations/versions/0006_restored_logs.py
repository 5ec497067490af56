"""A restored log is recognised by its waiting events too, and not adopted once something was appended."""

from eventstore.migrations.sql import run_sql_file

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("sequence_events.sql")
    run_sql_file("adopt_log.sql")


def downgrade() -> None:
    raise NotImplementedError("the log only grows")
