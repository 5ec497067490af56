"""The HTTP API, built from what it is given."""

from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi_swagger import patch_fastapi

from api import problem_pages
from api.audit import Auditing
from api.dependencies import ApiDependencies
from api.edge import install_cors, install_edge
from api.graphql.ide import assets_router
from api.graphql.router import graphql_router
from api.lag import LagMetrics
from api.middleware import BodyLimit, Metrics, RequestContext
from api.openapi import install_openapi, operation_id
from api.problems import install_problems
from api.rest import (
    amendments,
    audit,
    bulk,
    cases,
    credit,
    customers,
    dead_letters,
    decisions,
    drafts,
    explain,
    exports,
    health,
    history,
    holds,
    ledger,
    losses,
    mails,
    orders,
    paying,
    place,
    product_commands,
    products,
    projections,
    refunds,
    reports,
    returns,
    sagas,
    stock,
    stream,
    taxonomy,
    webhook_endpoints,
)
from api.targets import WellFormedTarget
from api.unsealing import Unsealing
from api.webhooks import carriers, stripe

VERSION: Final = "1"
ROUTERS: Final[tuple[APIRouter, ...]] = (
    exports.router,
    bulk.router,  # before the orders, whose ids its paths would be
    place.router,
    orders.router,
    drafts.router,
    history.router,
    explain.router,
    ledger.router,
    holds.router,
    amendments.router,
    decisions.router,
    losses.router,
    refunds.router,
    returns.router,
    customers.router,
    credit.router,
    paying.router,
    products.router,
    product_commands.router,
    taxonomy.router,
    stock.router,
    audit.router,
    reports.router,
    dead_letters.router,
    mails.router,
    sagas.router,
    cases.router,
    stream.router,
    projections.router,
    carriers.router,
    stripe.router,
    webhook_endpoints.router,
    health.router,
    problem_pages.router,
)
DESCRIPTION: Final = """Orders that are placed once, paid once, and visible at every step.

Errors are `application/problem+json` (RFC 9457); match on `type`. A command answers with `Waybill-Position`:
give it as `min_position` to a read that must see the command's effect.
"""


def described() -> FastAPI:
    """The REST routes and their OpenAPI document, with nothing behind them yet."""
    app = FastAPI(
        title="Waybill",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    patch_fastapi(app)  # /docs from the package's own files, where FastAPI's would come from a CDN
    for router in ROUTERS:
        app.include_router(router)
    install_openapi(app)
    return app


def create_app(deps: ApiDependencies) -> FastAPI:
    """The ASGI application. It opens nothing: what it needs is in `deps`, and closed by whoever made it."""
    app = described()
    app.state.dependencies = deps
    app.state.lag = LagMetrics(deps.registry)
    app.include_router(graphql_router(introspection=deps.rules.introspection, editor=deps.rules.graphiql))
    if deps.rules.graphiql:
        app.include_router(assets_router())
    app.state.routes = [route for router in ROUTERS for route in router.routes]
    install_problems(app, deps.outages)
    app.add_middleware(Unsealing)
    app.add_middleware(BodyLimit, limit=deps.rules.max_body_bytes)
    app.add_middleware(WellFormedTarget)
    install_edge(app, timeout=deps.rules.request_timeout, compress_from=deps.rules.compress_from)
    app.add_middleware(Auditing)
    app.add_middleware(RequestContext, metrics=Metrics(deps.registry))
    install_cors(app, deps.rules.cors_origins)
    return app
