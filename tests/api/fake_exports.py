"""Exports in memory, two orders to a part; a test ends them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from api.exporting import Export, ExportFormat, ExportState
from readmodels.views import OrderFilter
from tests.support import samples


@dataclass
class FakeExports:
    """`full`: none can be begun."""

    known: dict[UUID, Export] = field(default_factory=dict)
    asked: list[OrderFilter] = field(default_factory=list)
    parts: list[Sequence[UUID]] = field(default_factory=list)
    full: bool = False

    async def begin(self, export_id: UUID, owner: str, form: ExportFormat, where: OrderFilter) -> Export | None:
        self.asked.append(where)
        if self.full:
            return None
        noon = samples.NOON
        state, later = ExportState.DONE, noon + timedelta(days=7)
        made = Export(export_id, owner, form, state, 1, 1, noon, noon, later)
        return self.known.setdefault(export_id, made)

    async def find(self, export_id: UUID) -> Export | None:
        return self.known.get(export_id)

    async def cancel(self, export_id: UUID) -> None:
        self.known[export_id] = replace(self.known[export_id], state=ExportState.CANCELLED)

    async def part(self, export_id: UUID, number: int) -> Sequence[UUID] | None:
        return self.parts[number] if number < len(self.parts) else None
