"""Record the workflow histories that later versions must replay: `python -m tests.workflows.record`.

They go to `histories/{version}/{path}.json`, the version being the project's. A history that is there already
stays as it is, for it may be a released version's: to change the workflow before its release, delete the version's
folder first and say so in the commit.
"""

import asyncio
import json
import re
import tomllib
from pathlib import Path
from socket import gethostname
from typing import Any
from uuid import UUID

from temporalio.testing import WorkflowEnvironment

from tests.support.shop import Shop, open_shop, temporal_server
from tests.workflows.beside import ENDPOINT, MAIL, UPKEEP
from tests.workflows.scenarios import SCENARIOS
from workflows.contracts import aftercare_workflow_id, erasure_workflow_id
from workflows.mails import mail_workflow_id
from workflows.refunds import refund_workflow_id
from workflows.return_contracts import return_workflow_id
from workflows.returns_gateway import return_id_of
from workflows.webhooks import webhook_workflow_id

HISTORIES = Path(__file__).with_name("histories")
TIMERS_OVER = 1.5  # seconds; timers of local activities outlive their worker, and abort a process that ends first
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def version() -> str:
    project: dict[str, str] = tomllib.loads(PYPROJECT.read_text())["project"]
    return project["version"]


async def record(temporal: WorkflowEnvironment, folder: Path) -> list[Path]:
    """Record what `folder` does not have yet, and give the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, scenario in SCENARIOS.items():
        path = folder / f"{name}.json"
        if path.exists():
            continue
        async with open_shop(temporal) as shop:
            order_id = await scenario(shop)
            await shop.ended(order_id)
            handle = temporal.client.get_workflow_handle(_workflow_of(name, order_id, shop))
            history = await handle.fetch_history()
        path.write_text(json.dumps(_anywhere(json.loads(history.to_json())), indent=1) + "\n")
        written.append(path)
    return written


def _workflow_of(name: str, order_id: UUID, shop: Shop) -> str:
    if name.startswith("aftercare"):
        return aftercare_workflow_id(order_id)
    if name.startswith("refund"):
        return refund_workflow_id(order_id, "k")
    if name.startswith("return"):
        return return_workflow_id(return_id_of(order_id, "r"))
    if name.startswith("eras"):
        return erasure_workflow_id("ada")
    if name.startswith("upkeep"):
        return UPKEEP
    if name.startswith("webhook"):
        return webhook_workflow_id(ENDPOINT, order_id)
    if name.startswith("mail"):
        return mail_workflow_id(MAIL)
    if name.startswith("case"):
        return next(stream for stream in shop.store.streams if stream.startswith("case/"))
    return f"order/{order_id}"


def _anywhere(value: Any) -> Any:
    """The history without what names the machine it was recorded on: workers' identities, and places in code."""
    if isinstance(value, list):
        return [_anywhere(each) for each in value]
    if isinstance(value, dict):
        return {key: _anywhere(each) for key, each in value.items() if key != "stackTrace"}
    if isinstance(value, str):
        return re.sub(rf"\d+@{re.escape(gethostname())}", "worker", value)
    return value


async def main() -> None:
    async with temporal_server() as temporal:
        written = await record(temporal, HISTORIES / version())
    await asyncio.sleep(TIMERS_OVER)
    for path in written:
        print("recorded", path.relative_to(HISTORIES))
    print(f"{len(written)} recorded, {len(SCENARIOS) - len(written)} kept as they were")


if __name__ == "__main__":
    asyncio.run(main())
