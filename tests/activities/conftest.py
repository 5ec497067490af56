"""The services on a store in memory."""

import pytest

from tests.support.backend import Backend


@pytest.fixture
async def backend() -> Backend:
    """Ten mugs in Berlin."""
    backend = Backend()
    await backend.stock("MUG", 10)
    return backend
