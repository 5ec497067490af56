"""The inbox of the consumers of cross-service events."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("inbox.sql", Path(str(files("messaging") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
