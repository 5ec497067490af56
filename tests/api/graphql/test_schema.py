"""The schema is what is committed, and knows every command that REST knows."""

from pathlib import Path

from fastapi.routing import APIRoute

from api.app import ROUTERS
from api.graphql.mutations import Mutation
from ops.docs.graphql import document

SCHEMA = Path(__file__).parents[3] / "docs" / "schema.graphql"
OF_THE_SHOP = (
    *("/v1/orders", "/v1/drafts", "/v1/products", "/v1/categories", "/v1/attributes"),
    *("/v1/stock", "/v1/ops/orders"),
)
BY_THE_LINE = {"import_orders"}  # what a mutation does once
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def test_the_committed_schema_is_the_codes() -> None:
    assert SCHEMA.read_text() == document(), "run: .venv/bin/python -m ops.docs.graphql > docs/schema.graphql"


def test_every_command_is_a_mutation() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    commands = {
        route.endpoint.__name__
        for route in routes
        if route.path.startswith(OF_THE_SHOP) and CHANGING & (route.methods or set())
    }
    mutations = {field.python_name for field in Mutation.__strawberry_definition__.fields}  # type: ignore[attr-defined]
    assert mutations == commands - BY_THE_LINE, "add it to api/graphql/mutations.py"
