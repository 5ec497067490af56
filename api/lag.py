"""The read models' lag as metrics, taken when they are asked for."""

from collections.abc import Iterator
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from readmodels.views import ProjectionLag, Queries

log = structlog.get_logger(__name__)

FAMILIES: Final = (
    ("waybill_projection_lag_events", "Events that the live build has not applied", "events"),
    ("waybill_projection_lag_seconds", "Age of the oldest event that the live build has not applied", "seconds"),
    ("waybill_projection_parked_keys", "Keys with an event that cannot be applied", "parked"),
)


class LagMetrics(Collector):
    """Gauges by projection; none while the database is away, so that an old value is not taken for a new one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lags: list[ProjectionLag] = []
        registry.register(self)

    async def refresh(self, queries: Queries) -> None:
        self._lags = []
        try:
            self._lags = list(await queries.lag())
        except Exception as error:  # the other metrics are wanted most when something is down
            log.warning("no lag to tell", error=type(error).__name__)

    def collect(self) -> Iterator[Metric]:
        for name, text, attribute in FAMILIES:
            family = GaugeMetricFamily(name, text, labels=["projection"])
            for lag in self._lags:
                family.add_metric([lag.projection], getattr(lag, attribute))
            yield family
