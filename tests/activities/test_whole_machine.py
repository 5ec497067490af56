"""Every command and every answer from outside, in any order: money and stock are right after each step."""

import ast
import subprocess
import sys
from pathlib import Path

from ops.worker import activities as served
from tests.support.world import aftercare, agenda, changing, commands, operating, parcels, world
from tests.support.world.prove import activities

ROOT = Path(__file__).parents[2]
MODULES = (aftercare, agenda, changing, commands, operating, parcels, world)
ELSEWHERE = {
    "answer_case": "a case of reconciliation: tests/activities/test_cases.py",
    "settle_case": "a case of reconciliation: tests/activities/test_cases.py",
    "take_gateway_news": "it records a chargeback, or opens a case",
    "erase_customer": "moves neither money nor goods",
    "confirm_forgotten": "moves neither money nor goods",
    "forget_at_carrier": "moves neither money nor goods",
}


def test_money_and_stock_are_right_after_each_step() -> None:
    """In a process of its own: Hypothesis draws from the constants of what is loaded, which is much in a suite."""
    command = [sys.executable, "-m", "tests.support.world.short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_machine_has_every_activity_of_an_orders_life() -> None:
    sources = [Path(str(module.__file__)).read_text() for module in MODULES]
    used = {
        node.attr for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
    }
    assert activities() <= used
    assert _worked() - activities() == set(ELSEWHERE)


def _worked() -> set[str]:
    """The activities that workers of orders, payments and shipping serve."""
    shop = world.World()
    given = (shop.store, shop.snapshots, shop.gateway, shop.carrier, world.WAREHOUSES)
    queues = served(*given, keys=None, customers=None)  # type: ignore[arg-type]
    return {each.__name__ for methods in queues.values() for each in methods}
