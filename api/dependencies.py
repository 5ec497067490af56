"""What endpoints are given: the application's parts, the proven caller, and headers read once."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Final, cast
from uuid import UUID, uuid4

from fastapi import Depends, Header, Path, Query, Request
from fastapi.requests import HTTPConnection
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CollectorRegistry

from api.audit import AuditTrail, noting
from api.auth import InvalidToken, Principal, Scope, TokenVerifier
from api.commands import CaseAnswers, Commands, Drafts, RefundGrants, WebhookInbox
from api.dead_letters import Messaging
from api.errors import Problem
from api.exporting import Exports
from api.live import Feed
from api.outbound import MailBook, Webhooks
from api.rates import Rates
from api.rules import ApiRules
from domain.errors import NotFound
from eventstore.privacy import CustomerKeys
from eventstore.sequencer import Watermark
from eventstore.time_travel import StreamHistory
from eventstore.vault import Vault
from readmodels.insight import Insight
from readmodels.operating import ProjectionControl
from readmodels.views import Queries

ReadinessCheck = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """Everything the API is made of.

    `readiness`: by the dependency's name, a call that raises when it is down. `carrier_secrets`: the Standard
    Webhooks secret of each carrier. `feed`: the live feed; whoever made it runs it. `vault` opens sealed personal
    data in answers. `outages`: exceptions of the
    drivers below that mean that a server cannot be reached; they are answered 503 instead of 500.
    `rates`: how often each may ask; None counts nothing.
    `trail`: the audit of what staff ask for.
    `watermark`: how far the log is sequenced, for the metrics.
    """

    gateway: Commands
    cases: CaseAnswers
    refunds: RefundGrants
    drafts: Drafts
    queries: Queries
    insight: Insight
    projections: ProjectionControl
    history: StreamHistory
    verifier: TokenVerifier
    rules: ApiRules
    vault: Vault
    keys: CustomerKeys
    readiness: Mapping[str, ReadinessCheck]
    carrier_secrets: Mapping[str, str]
    feed: Feed
    messaging: Messaging
    webhooks: Webhooks
    trail: AuditTrail
    exports: Exports
    mails: MailBook
    stripe: WebhookInbox | None = None
    rates: Rates | None = None
    outages: tuple[type[Exception], ...] = (OSError,)
    watermark: Callable[[], Awaitable[Watermark]] | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


async def dependencies(request: Request) -> ApiDependencies:
    return cast(ApiDependencies, request.app.state.dependencies)


Deps = Annotated[ApiDependencies, Depends(dependencies)]

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Issued to customers, operators, services")
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_QUERY_TOKENS: Final = frozenset({"access_token", "authorization", "bearer", "id_token", "jwt", "token"})
_CHALLENGE: Final = 'Bearer realm="waybill"'


async def identified(deps: ApiDependencies, authorization: str | None) -> Principal | None:
    """The caller that an Authorization header proves, or None without one.

    Raises:
        Problem: `invalid-token`. A token that does not verify is refused even where none is needed.
        KeysUnavailable: the issuer's keys cannot be fetched.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unproven("the Authorization header holds no bearer token")
    try:
        caller = await deps.verifier.verify(token.strip())
    except InvalidToken as error:
        raise _unproven(str(error)) from None
    noting().caller = caller
    return caller


def _unproven(reason: str) -> Problem:
    challenge = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
    return Problem("invalid-token", reason, headers=challenge)


def authorized(caller: Principal | None, scope: Scope) -> Principal:
    """The caller, if it has the scope. Raises Problem (`unauthenticated`, `forbidden`)."""
    if caller is None:
        raise Problem("unauthenticated", "send Authorization: Bearer …", headers={"WWW-Authenticate": _CHALLENGE})
    if not caller.may(scope):
        raise Problem("forbidden", f"the role {caller.role} does not have the scope {scope}")
    return caller


async def anyone(request: Request, deps: Deps, bearer: _Bearer) -> Principal | None:
    """`bearer` is what the OpenAPI document shows of it.

    Raises Problem (`token-in-query`, `invalid-token`, `too-many-requests`), KeysUnavailable.
    """
    refuse_query_tokens(request)
    caller = await identified(deps, request.headers.get("authorization"))
    if deps.rates is not None:
        await deps.rates.count(request, caller)
    return caller


def refuse_query_tokens(connection: HTTPConnection) -> None:
    """A query string ends up in logs and histories, so a token in it is a token given away (RFC 9700, 4.3.2)."""
    if _QUERY_TOKENS & {name.lower() for name in connection.query_params}:
        raise Problem(
            "token-in-query", "send the token as Authorization: Bearer …, and consider this one as known"
        )


Anyone = Annotated[Principal | None, Depends(anyone)]


def allowed(scope: Scope) -> Callable[..., Awaitable[Principal]]:
    """A dependency that gives the caller, or ends the request with 401 or 403."""

    async def check(caller: Anyone) -> Principal:
        return authorized(caller, scope)

    return check


Placing = Annotated[Principal, Depends(allowed(Scope.PLACE_ORDERS))]
Drafting = Annotated[Principal, Depends(allowed(Scope.DRAFT_ORDERS))]
Reading = Annotated[Principal, Depends(allowed(Scope.READ_ORDERS))]
Cancelling = Annotated[Principal, Depends(allowed(Scope.CANCEL_ORDERS))]
Holding = Annotated[Principal, Depends(allowed(Scope.HOLD_ORDERS))]
Cataloguing = Annotated[Principal, Depends(allowed(Scope.WRITE_CATALOG))]
ReadingStock = Annotated[Principal, Depends(allowed(Scope.READ_STOCK))]
AdjustingStock = Annotated[Principal, Depends(allowed(Scope.ADJUST_STOCK))]
Refunding = Annotated[Principal, Depends(allowed(Scope.GRANT_REFUNDS))]
Returning = Annotated[Principal, Depends(allowed(Scope.HANDLE_RETURNS))]
Operating = Annotated[Principal, Depends(allowed(Scope.READ_OPERATIONS))]
ErasingCustomers = Annotated[Principal, Depends(allowed(Scope.ERASE_CUSTOMERS))]
Resolving = Annotated[Principal, Depends(allowed(Scope.RESOLVE_STEPS))]
ManagingWebhooks = Annotated[Principal, Depends(allowed(Scope.MANAGE_WEBHOOKS))]
OperatingProjections = Annotated[Principal, Depends(allowed(Scope.OPERATE_PROJECTIONS))]

# Headers and parameters

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ETAG: Final = re.compile(r'(?:W/)?"([0-9]{1,15})"')
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


async def given_key(
    idempotency_key: Annotated[
        str | None,
        Header(description="1 to 255 visible ASCII characters; the same key stands for the same command"),
    ] = None,
) -> str | None:
    return check_key(idempotency_key)


def check_key(key: str | None) -> str | None:
    """Raises Problem (`invalid-idempotency-key`)."""
    if key is not None and not _KEY.fullmatch(key):
        raise Problem("invalid-idempotency-key", "1 to 255 visible ASCII characters (no space) are accepted")
    return key


GivenKey = Annotated[str | None, Depends(given_key)]


async def required_key(key: GivenKey) -> str:
    if key is None:
        raise Problem("idempotency-key-required", "send an Idempotency-Key, and the same one when you repeat")
    return key


async def any_key(key: GivenKey) -> str:
    return key or uuid4().hex


RequiredKey = Annotated[str, Depends(required_key)]
AnyKey = Annotated[str, Depends(any_key)]


def command_key(caller: Principal, key: str) -> str:
    """The caller's key as commands on shared streams use it: two callers' equal keys are different commands."""
    parts = (caller.issuer, caller.subject, key)
    return sha256("|".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:40]


async def expected_version(
    if_match: Annotated[str | None, Header(description="The ETag as it was read")] = None,
) -> int | None:
    """The version that If-Match asks for. A weak tag counts: proxies weaken ours, and a version is exact."""
    if if_match is None or if_match.strip() == "*":
        return None
    if "," in if_match:
        raise Problem("invalid-if-match", "one ETag is accepted")
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise Problem("version-mismatch", "If-Match holds no ETag that was given; read it again")
    return int(match[1])


ExpectedVersion = Annotated[int | None, Depends(expected_version)]


async def order_id(
    order_id: Annotated[str, Path(description="The order's id", json_schema_extra={"format": "uuid"})],
) -> UUID:
    """An id that is no UUID names no order, like any other unknown id."""
    if not _UUID.fullmatch(order_id):
        raise NotFound("there is no order of this id", code="order-not-found")
    return UUID(order_id)


OrderId = Annotated[UUID, Depends(order_id)]

Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=100, description="Items per page")]
MinPosition = Annotated[
    str | None, Query(max_length=400, description="A `Waybill-Position`: wait until the read has seen it")
]
