"""Exports of orders as jobs."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("exports.sql", Path(str(files("messaging") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
