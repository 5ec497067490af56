"""What a benchmark measured: a table for people, and a file to compare with later."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value beside its reference from the same run; `ratio` is value / reference."""

    metric: str
    value: float
    unit: str
    reference: str = ""
    reference_value: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference_value if self.reference_value else None


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the rows as a table."""
    table = Table(title=title, title_justify="left")
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("reference")
    table.add_column("its value", justify="right")
    table.add_column("ratio", justify="right")
    for row in rows:
        reference, ratio = _number(row.reference_value), _number(row.ratio)
        table.add_row(row.metric, _number(row.value), row.unit, row.reference, reference, ratio)
    Console(width=None if Console().is_terminal else 120).print(table)


def save(name: str, rows: Sequence[Row], parameters: Mapping[str, object]) -> Path:
    """Write `results/{name}.json` and give its path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {
        "benchmark": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpus": psutil.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "parameters": dict(parameters),
        "rows": [{**_rounded(asdict(row)), "ratio": _three(row.ratio)} for row in rows],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _rounded(row: Mapping[str, object]) -> dict[str, object]:
    return {name: _three(value) if isinstance(value, float) else value for name, value in row.items()}


def _three(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
