"""The README's tour, run as it stands."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.support.live_shop import Shop

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tour() -> str:
    """All bash blocks below the heading, in order."""
    _, _, rest = (ROOT / "README.md").read_text().partition("\n## A tour by curl\n")
    section, _, _ = rest.partition("\n## ")
    blocks = BLOCK.findall(section)
    assert len(blocks) > 10
    return "\n".join(blocks)


@pytest.mark.timeout(300)
async def test_the_tour_by_curl_works_from_top_to_bottom(shop: Shop) -> None:
    bash = shutil.which("bash")
    assert bash
    async with shop.worker():
        first = await shop.place()  # as `make up` has one behind it, so that the worker is there
        await shop.reach(first["order_id"], "completed")
        process = await asyncio.create_subprocess_exec(
            *(bash, "-c", f"set -euo pipefail\n{tour()}"),
            cwd=ROOT,
            env={**os.environ, **shop.settings.environment()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-4000:]
