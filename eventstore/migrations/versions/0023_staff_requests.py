"""The audit of what staff ask for."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("staff_requests.sql", Path(str(files("messaging") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
