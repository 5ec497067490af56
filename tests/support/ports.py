"""Ports for the servers of one process of a test run: a share of its own, so that no two choose the same."""

import os
import re

from ops.embedded.ports import BELOW_EPHEMERAL

MOST_PROCESSES = 8


def own_ports() -> range:
    """This process's share, by the number that pytest-xdist gave it."""
    number = re.search(r"\d+$", os.environ.get("PYTEST_XDIST_WORKER", "0"))
    return BELOW_EPHEMERAL[int(number.group()) % MOST_PROCESSES if number else 0 :: MOST_PROCESSES]
