"""The example of docs/client.md does what it says."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest

from ops.client import UNKNOWN_ATTEMPTS
from ops.identity import dev_issuer
from tests.support.live_shop import Shop
from waybill_client.errors import OutcomeUnknown

DOCUMENT = Path(__file__).parents[2] / "docs" / "client.md"


async def test_the_documented_example_runs(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    names: dict[str, object] = {}
    exec(compile(example, DOCUMENT.name, "exec"), names)
    buy = cast(Callable[[str, str, str], Awaitable[None]], names["buy"])
    token, key = dev_issuer(shop.settings).token("operator", "tests"), f"docs-{uuid4()}"
    finished = False

    async with shop.worker():
        for _ in range(UNKNOWN_ATTEMPTS):  # on a busy machine: the same again, under the same key
            capsys.readouterr()
            with suppress(OutcomeUnknown):
                await buy(shop.settings.api_base_url, token, key)
                finished = True
                break

    assert finished
    first, *listed = capsys.readouterr().out.splitlines()
    assert first == "completed"
    assert any(line.endswith(" completed") for line in listed)
