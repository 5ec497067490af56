"""What staff did over HTTP, whatever came of it: commands, reads of personal data, exports, and what was refused.

Events say what changed, and by whom; `readmodels.audit` lists them. This is of requests, also of those that
changed nothing. It is written beside the answers: no request waits for it, and none fails because of it.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Principal, Role
from domain.identifiers import looks_like_email
from readmodels.pages import Page

STAFF: Final = (Role.OPERATOR, Role.ADMIN)
READING: Final = ("GET", "HEAD", "OPTIONS")
ALWAYS: Final = ("/v1/orders/export", "/v1/exports")
"""Paths whose reads are noted as well: many orders at once."""
SETTINGS: Final = "/v1/webhook-endpoints"
"""Settings that services change too: whoever it was is noted."""
MAX_PATH: Final = 300


@dataclass(slots=True)
class Note:
    """What is learnt of a request on its way. `operation`: of a GraphQL request, `mutation cancelOrder`.

    `refused`: the status of a refusal that a 200 carries. `opened`: sealed personal data left in the answer.
    """

    caller: Principal | None = None
    operation: str | None = None
    refused: int | None = None
    opened: bool = False


_note: ContextVar[Note | None] = ContextVar("audit_note", default=None)


def noting() -> Note:
    """The note of the request that is answered; outside of one, a note that nobody reads."""
    return _note.get() or Note()


@dataclass(frozen=True, slots=True)
class StaffRequest:
    """`action`: method and route, or the GraphQL operation. `target`: the path. `outcome`: an HTTP status."""

    actor: str
    action: str
    target: str
    outcome: int
    personal: bool
    request_id: str


@dataclass(frozen=True, slots=True)
class Noted(StaffRequest):
    """One that is kept."""

    number: int
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """All conditions hold."""

    actor: str | None = None
    action: str | None = None
    outcome: int | None = None
    personal: bool | None = None
    request_id: str | None = None


class AuditTrail(Protocol):
    """`ops.audit_trail.PostgresTrail` is one."""

    def add(self, request: StaffRequest) -> None:
        """Keep it, soon. Waits for nothing, raises nothing."""
        ...

    async def listed(self, where: RequestFilter, *, limit: int, cursor: str | None) -> Page[Noted]:
        """Newest first. Raises InvalidValue (`invalid-cursor`, `invalid-filter`)."""
        ...


class Auditing:
    """Notes a request when it has been answered. What is not proven to be anybody's (401) is not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        note, status = Note(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            status = message.get("status", status or 101)
            await send(message)

        token = _note.set(note)
        try:
            await self._app(scope, receive, answer)
        finally:
            _note.reset(token)
            if note.caller is not None and _counts(scope, note, note.refused or status):
                trail: AuditTrail = scope["app"].state.dependencies.trail
                trail.add(_entry(scope, note, note.caller, note.refused or status or 500))


def _counts(scope: Scope, note: Note, status: int) -> bool:
    assert note.caller is not None
    path = scope["path"]
    changes = scope.get("method", "GET") not in READING
    if path.startswith("/graphql"):
        changes = (note.operation or "").startswith("mutation")
    if note.refused == 403 or status == 403 or (changes and path.startswith(SETTINGS)):
        return True
    return note.caller.role in STAFF and (changes or note.opened or path.startswith(ALWAYS))


def _entry(scope: Scope, note: Note, caller: Principal, status: int) -> StaffRequest:
    route = getattr(scope.get("route"), "path_format", None) or scope["path"]
    return StaffRequest(
        actor=caller.actor,
        action=(note.operation or f"{scope.get('method', 'WEBSOCKET')} {route}")[:MAX_PATH],
        target=_told(scope["path"]),
        outcome=status,
        personal=note.opened,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )


def _told(path: str) -> str:
    """The path, without what may name a person: ids are pseudonyms, but callers write what they like."""
    parts = ("…" if looks_like_email(part) else part for part in path.split("/"))
    shown = "/".join(parts).replace("\0", "\N{REPLACEMENT CHARACTER}")
    return shown.encode(errors="replace").decode()[:MAX_PATH]
