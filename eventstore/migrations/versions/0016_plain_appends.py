"""Appends travel in fewer and plainer arrays."""

from alembic import op

from eventstore.migrations.sql import run_sql_file

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OLD = "integer[], text[], bigint[], integer[], integer[], uuid[], text[], integer[], text[], text[], boolean"


def upgrade() -> None:
    op.execute(f"DROP FUNCTION IF EXISTS append_events({OLD})")
    run_sql_file("append_events.sql")


def downgrade() -> None:
    raise NotImplementedError("the log only grows")
