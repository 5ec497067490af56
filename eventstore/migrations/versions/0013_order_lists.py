"""What lists of orders are filtered and sorted by."""

from importlib.resources import files
from pathlib import Path

from eventstore.migrations.sql import run_sql_file

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_file("order_lists.sql", Path(str(files("readmodels") / "schema")))


def downgrade() -> None:
    raise NotImplementedError("nothing is migrated down")
