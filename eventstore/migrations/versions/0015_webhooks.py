"""Webhooks out: endpoints, lanes and the log of attempts."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("webhooks.sql", Path(str(files("messaging") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
