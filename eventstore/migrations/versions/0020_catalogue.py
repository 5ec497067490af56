"""The catalogue: lists, search, the history of prices, categories and attributes."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("catalogue.sql", Path(str(files("readmodels") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
