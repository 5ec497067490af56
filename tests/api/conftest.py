"""A new world for every test."""

from collections.abc import AsyncIterator

import pytest

from tests.api.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.http.aclose()
