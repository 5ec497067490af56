"""Webhook endpoints in memory; one is there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from messaging.webhooks.endpoints import Endpoint, NewSecret
from messaging.webhooks.lanes import Delivery
from messaging.webhooks.sending import Attempt
from tests.support import samples

HOOK: Final = UUID("5b0c2f0e-3f57-4c0c-9a55-0a4f5f0c7d21")
NEXT: Final = UUID("6c1d3f1e-4f68-4d1d-8b66-1b506f1d8e32")
ENDPOINT: Final = Endpoint(
    HOOK, "https://example.org/h", "", (), "active", None, None, 0, 7, "admin:eve", samples.NOON
)


class FakeWebhooks:
    """`full`: no endpoint can be made. Deliveries are numbered 1 to 5. What is deleted is noted, and stays."""

    def __init__(self) -> None:
        self.known = {HOOK: ENDPOINT}
        self.full = False
        self.calls: list[tuple[str, Any]] = []
        self.tests: list[bytes] = []

    async def create(
        self, endpoint_id: UUID, *, url: str, description: str, event_types: Sequence[str], created_by: str
    ) -> NewSecret | None:
        self.calls.append(("create", endpoint_id))
        if self.full:
            return None
        self.known[NEXT] = replace(
            ENDPOINT,
            endpoint_id=NEXT,
            url=url,
            description=description,
            event_types=tuple(event_types),
            created_by=created_by,
        )
        return NewSecret(NEXT, "whsec_bmV3")

    async def list(self) -> Sequence[Endpoint]:
        return tuple(self.known.values())

    async def find(self, endpoint_id: UUID) -> Endpoint | None:
        return self.known.get(endpoint_id)

    async def change(self, endpoint_id: UUID, **given: Any) -> bool:
        return self._put(endpoint_id, **given)

    async def delete(self, endpoint_id: UUID) -> bool:
        self.calls.append(("delete", endpoint_id))
        return endpoint_id in self.known

    async def pause(self, endpoint_id: UUID) -> bool:
        return self._put(endpoint_id, state="paused", paused_reason="operator", paused_at=samples.NOON)

    async def resume(self, endpoint_id: UUID) -> bool:
        return self._put(endpoint_id, state="active", paused_reason=None, paused_at=None)

    async def rotate(self, endpoint_id: UUID, *, overlap: float) -> NewSecret | None:
        self.calls.append(("rotate", overlap))
        return NewSecret(endpoint_id, "whsec_cm90") if endpoint_id in self.known else None

    async def deliveries(self, endpoint_id: UUID, *, before: int | None, most: int) -> Sequence[Delivery]:
        numbers = [number for number in (5, 4, 3, 2, 1) if before is None or number < before]
        return [
            Delivery(
                n, samples.ORDER, f"msg_{n}", n, n, "OrderConfirmed", 1, True, 200, None, 3, "00", samples.NOON
            )
            for n in numbers[:most]
        ]

    async def replay(self, endpoint_id: UUID, *, after: int) -> int:
        self.calls.append(("replay", after))
        return 3

    async def test(self, endpoint: Endpoint, body: bytes) -> Attempt:
        self.tests.append(body)
        return Attempt(503, "http-503", 12)

    def _put(self, endpoint_id: UUID, **given: Any) -> bool:
        if endpoint_id in self.known:
            self.known[endpoint_id] = replace(self.known[endpoint_id], **given)
        return endpoint_id in self.known
