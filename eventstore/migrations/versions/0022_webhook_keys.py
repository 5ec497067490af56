"""Webhook endpoints are made once per Idempotency-Key."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("webhook_keys.sql", Path(str(files("messaging") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
