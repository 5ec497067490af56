"""`waybill export`, `import`, `adopt` and `restore-check`: the log as a file, and in another cluster."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.config import load_settings
from ops.patience import run_once

log_tools = typer.Typer()
console = Console(highlight=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A name ending in .jsonl or .jsonl.gz.")]


@log_tools.command(name="export")
def export_file(file: File) -> None:
    """Write every event to a new file, as JSON Lines. Safe beside a busy system."""
    from ops.transfer import export_log

    settings = load_settings()
    run_once(settings, export_log(settings, file, console))


@log_tools.command(name="import")
def import_file(file: File) -> None:
    """Read an exported log into an empty, migrated database."""
    from ops.transfer import import_log

    settings = load_settings()
    run_once(settings, import_log(settings, file, console))


@log_tools.command(name="restore-check")
def restore_check() -> None:
    """Look at a restored database before anything runs on it; exits 1 and says what to do."""
    from ops.transfer import check_restore

    settings = load_settings()
    if not run_once(settings, check_restore(settings, console)):
        sys.exit(1)


@log_tools.command()
def adopt() -> None:
    """Make a log restored from a dump at home in this PostgreSQL cluster. Nothing else may run meanwhile."""
    from ops.transfer import adopt as run_adopt

    settings = load_settings()
    run_once(settings, run_adopt(settings, console))
