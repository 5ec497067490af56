"""The returns of orders, by status."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("returns.sql", Path(str(files("readmodels") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
