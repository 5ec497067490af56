"""A data directory in a short path for stacks of a test's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import short_directory


@pytest.fixture
def home() -> Iterator[Path]:
    path = short_directory()
    yield path
    shutil.rmtree(path)
