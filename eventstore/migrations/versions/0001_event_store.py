"""The event store: tables, append, sequencing, watermark."""

from eventstore.migrations.sql import run_sql_file

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FILES = ("tables.sql", "append_events.sql", "sequence_events.sql", "log_watermark.sql", "adopt_log.sql")


def upgrade() -> None:
    for name in FILES:
        run_sql_file(name)


def downgrade() -> None:
    raise NotImplementedError("the log only grows")
