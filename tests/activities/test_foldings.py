"""A fold that changes takes no snapshot of what it was before.

When the first test fails, its message says what to do.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from activities.aggregates import FOLDINGS
from domain.inventory.events import UnitsShipped
from domain.inventory.model import StockItem, evolve
from eventstore.snapshots import Folding
from ops.bootstrap import codec
from tests.support import golden_folds


def test_every_fold_makes_what_it_made_when_it_was_recorded() -> None:
    found = list(golden_folds.problems(codec()))
    assert not found, "\n\n" + "\n\n".join(found)


def forgetful(state: StockItem, event: Any) -> StockItem:
    """As if somebody changed what shipping does, and nothing else."""
    return state if isinstance(event, UnitsShipped) else evolve(state, event)


def test_a_changed_fold_is_noticed_until_its_version_is_raised(tmp_path: Path) -> None:
    stock = FOLDINGS["stock/"]
    golden_folds.record(codec(), tmp_path, {"stock/": stock})
    assert not list(golden_folds.problems(codec(), tmp_path, {"stock/": stock}))
    changed: dict[str, Folding[Any, Any]] = {"stock/": replace(stock, evolve=forgetful)}
    (found,) = golden_folds.problems(codec(), tmp_path, changed)
    assert "raise the `version` of its Folding" in found
    assert golden_folds.record(codec(), tmp_path, changed) == [], "recording does not get round it"

    raised = {"stock/": replace(stock, evolve=forgetful, version=stock.version + 1)}
    (found,) = golden_folds.problems(codec(), tmp_path, raised)
    assert "run `make record-golden`" in found
    assert len(golden_folds.record(codec(), tmp_path, raised)) == 1
    assert not list(golden_folds.problems(codec(), tmp_path, raised))
