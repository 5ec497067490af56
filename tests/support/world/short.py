"""The short run of the whole machine: `python -m tests.support.world.short`."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.world.machine import Shop

SHORT = settings(max_examples=60, stateful_step_count=80, deadline=None, derandomize=True)

if __name__ == "__main__":
    run_state_machine_as_test(Shop, settings=SHORT)
