"""Builds of projections: segments, leases, blue and green tables, parked keys."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("builds.sql", Path(str(files("readmodels") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
