"""The long version of the machine: prints what it covered and how long it took; fails where a rule is broken.

.venv/bin/python -m tests.support.world.prove --examples 500 --steps 200
"""

import argparse
import inspect
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from domain.credit import events as credit
from domain.inventory import events as inventory
from domain.orders import events as orders
from domain.payments import events as payments
from domain.returns import events as returns
from domain.shipping import events as shipping
from tests.support.world.machine import DONE, Shop
from tests.support.world.world import World

CONTEXTS: Final[Sequence[ModuleType]] = (orders, payments, shipping, returns, inventory, credit)


def events() -> set[str]:
    """Every type of event that an order's life can write."""
    return {kind.__name__ for context in CONTEXTS for kind in context.EVENTS}


def activities() -> set[str]:
    """Every activity that an order's life is made of."""
    services = (type(service) for service in World().services)
    return {
        name
        for service in services
        for name, method in inspect.getmembers(service, inspect.isfunction)
        if hasattr(method, "__temporal_activity_definition")
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()
    began = time.monotonic()
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=given.examples,
            stateful_step_count=given.steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    took = time.monotonic() - began
    wanted = {"events": events(), "activities": activities()}
    print(f"{given.examples} runs of up to {given.steps} steps in {took:.0f} s: every rule held after each")
    for what, names in wanted.items():
        missing = sorted(name for name in names if not DONE[name])
        print(f"{what}: {len(names) - len(missing)} of {len(names)}; missing: {', '.join(missing) or 'none'}")
    print("\n".join(f"{DONE[name]:8} runs {name}" for name in sorted(set.union(*wanted.values()))))
    return int(any(not DONE[name] for names in wanted.values() for name in names))


if __name__ == "__main__":
    raise SystemExit(main())
