"""The audit and the reports in memory: what they are asked for is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.money import Money
from readmodels.insight import Action, AuditFilter, Period, Sales, SalesBy, StageTimes
from readmodels.views import Page
from tests.support import samples

EUR = Money(1990, "EUR")


@dataclass
class FakeInsight:
    asked: list[object] = field(default_factory=list)

    async def audit(self, where: AuditFilter, *, limit: int, cursor: str | None) -> Page[Action]:
        self.asked.append(where)
        action = Action(
            7, "operator:eve", "OrderNoted", f"order/{samples.ORDER}", 3, samples.ORDER, None, samples.NOON
        )
        return Page([action], None)

    async def sales(self, by: SalesBy, period: Period, *, limit: int) -> Sequence[Sales]:
        self.asked.append((by, period, limit))
        if by is SalesBy.PRODUCT:
            return [Sales("MUG", 2, EUR)]
        return [Sales("2026-03-01", 2, EUR, orders=1, cancelled=0, captured=EUR, refunded=Money(0, "EUR"))]

    async def stages(self, period: Period) -> Sequence[StageTimes]:
        self.asked.append(period)
        return [StageTimes("placed", 4, 0.0, 0.0, 0.0), StageTimes("completed", 3, 2.5, 2.048, 4.096)]
