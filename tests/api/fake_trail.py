"""An audit of requests that remembers what it was told."""

from dataclasses import dataclass, field
from typing import Final

from api.audit import Noted, RequestFilter, StaffRequest
from readmodels.pages import Page
from tests.support import samples

NOTED: Final = Noted("operator:eve", "GET /v1/stock", "/v1/stock", 200, True, "r-1", 7, samples.NOON)


@dataclass
class FakeTrail:
    kept: list[StaffRequest] = field(default_factory=list)
    asked: list[tuple[RequestFilter, int, str | None]] = field(default_factory=list)

    def add(self, request: StaffRequest) -> None:
        self.kept.append(request)

    async def listed(self, where: RequestFilter, *, limit: int, cursor: str | None) -> Page[Noted]:
        self.asked.append((where, limit, cursor))
        return Page([NOTED], None)
