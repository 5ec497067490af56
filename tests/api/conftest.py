"""A new world for every test."""

from collections.abc import AsyncIterator

import pytest

from api.rules import Screening
from tests.api.world import World


@pytest.fixture
async def screening() -> AsyncIterator[World]:
    """A world where orders are screened."""
    made = World(screening=Screening(total=1000, orders=5, window=1.0, open_total=50, new_country=True))
    yield made
    await made.http.aclose()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.http.aclose()
