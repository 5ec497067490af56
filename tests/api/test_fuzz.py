"""Made-up requests, good and bad, to every operation that is documented: nothing undocumented comes back.

The read models are real and hold orders and products, because a database refuses what a dictionary takes.
"""

from collections.abc import AsyncIterator, Mapping
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.api.fake_webhooks import HOOK
from tests.api.real_reads import world_on
from tests.api.world import World, token
from tests.support.samples import ORDER

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=5,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ENDLESS = "/v1/stream"
BY_LINE = "/v1/orders/import"  # JSON Lines are not made up by schemathesis; test_bulk.py has bad ones


@pytest.fixture(scope="module")
async def world(module_database: str) -> AsyncIterator[World]:
    """Connections are not kept: the requests are answered on a loop of schemathesis' own."""
    engine = create_async_engine(
        make_url(module_database).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    made = await world_on(engine)
    yield made
    await made.http.aclose()


KNOWN = {"endpoint_id": str(HOOK), "order_id": str(ORDER), "sku": "MUG", "name": "orders", "carrier": "simulated"}


@pytest.mark.timeout(600)  # as slow as the machine is busy
def test_rest(world: World, subtests: pytest.Subtests) -> None:
    documented = (
        schemathesis.openapi.from_asgi("/openapi.json", world.app).exclude(path=ENDLESS).exclude(path=BY_LINE)
    )
    for found in documented.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        with subtests.test(operation.label):
            _ask(operation)


def _ask(operation: Any) -> None:
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    whole = cycle((True, False))

    @seed(20260101)
    @BOUNDED
    @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    def ask(case: Any) -> None:
        if next(whole):  # turn about: what is named exists
            case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters if name in KNOWN})
        case.call_and_validate(headers=token("admin", "tests"), checks=CHECKS)

    ask()


@pytest.mark.timeout(600)  # as slow as the machine is busy
def test_graphql(world: World, subtests: pytest.Subtests) -> None:
    documented = schemathesis.graphql.from_asgi("/graphql", world.app)
    for found in documented.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        with subtests.test(operation.label):
            _query(operation)


def _query(operation: Any) -> None:
    @seed(20260101)
    @BOUNDED
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = case.call(headers=token("admin", "tests"))
        assert response.status_code == 200, response.text
        assert not [error for error in response.json().get("errors", ()) if _fault(error)]

    ask()


def _fault(error: Mapping[str, Any]) -> bool:
    """An error of ours: one below a field (those of the document itself have no path) that names no refusal."""
    return "path" in error and error.get("extensions", {}).get("status", 500) >= 500
