"""One Temporal server for all tests of workflows, and a shop for each."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.shop import Shop, open_shop, temporal_server


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with temporal_server() as environment:
        yield environment


@pytest.fixture
async def shop(temporal: WorkflowEnvironment) -> AsyncIterator[Shop]:
    async with open_shop(temporal) as opened:
        yield opened
