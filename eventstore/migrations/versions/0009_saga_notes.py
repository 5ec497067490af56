"""The read model of operators' notes."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("saga_notes.sql", Path(str(files("readmodels") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
