"""Webhooks out as the API needs them: `messaging.webhooks` has what these protocols ask for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from messaging.mails.log import Mail, MailState
from messaging.webhooks.endpoints import Endpoint, NewSecret
from messaging.webhooks.lanes import Delivery
from messaging.webhooks.sending import Attempt


class MailBook(Protocol):
    """`messaging.mails.log.MailLog` is one."""

    async def page(
        self,
        *,
        state: MailState | None,
        order_id: UUID | None,
        before: tuple[datetime, UUID] | None,
        most: int,
    ) -> Sequence[Mail]: ...


class EndpointBook(Protocol):
    async def create(
        self, endpoint_id: UUID, *, url: str, description: str, event_types: Sequence[str], created_by: str
    ) -> NewSecret | None: ...

    async def list(self) -> Sequence[Endpoint]: ...

    async def find(self, endpoint_id: UUID) -> Endpoint | None: ...

    async def change(
        self,
        endpoint_id: UUID,
        *,
        url: str | None = None,
        description: str | None = None,
        event_types: Sequence[str] | None = None,
    ) -> bool: ...

    async def delete(self, endpoint_id: UUID) -> bool: ...

    async def pause(self, endpoint_id: UUID) -> bool: ...

    async def resume(self, endpoint_id: UUID) -> bool: ...

    async def rotate(self, endpoint_id: UUID, *, overlap: float) -> NewSecret | None: ...


class DeliveryLog(Protocol):
    async def deliveries(self, endpoint_id: UUID, *, before: int | None, most: int) -> Sequence[Delivery]: ...

    async def replay(self, endpoint_id: UUID, *, after: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`check_url` raises `BadUrl`. `event_types`: those that a filter may name. `overlap`: seconds that a rotated
    secret still signs. `test` sends a body once and gives what came of it."""

    endpoints: EndpointBook
    log: DeliveryLog
    test: Callable[[Endpoint, bytes], Awaitable[Attempt]]
    check_url: Callable[[str], None]
    event_types: frozenset[str]
    overlap: float
