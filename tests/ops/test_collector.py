"""The cycle collector of long-running processes."""

import gc
import sys

from ops.collector import THRESHOLDS, calm_collector


def test_what_is_loaded_is_set_aside_and_new_cycles_are_still_found() -> None:
    before = gc.get_threshold()
    try:
        calm_collector()
        assert gc.get_freeze_count() > len(sys.modules)
        assert gc.get_threshold() == THRESHOLDS
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
