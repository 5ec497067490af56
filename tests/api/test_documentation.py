"""The API's own pages need nothing from anywhere else."""

import re

import httpx

from tests.api.world import World


async def test_the_documentation_page_loads_nothing_from_outside(world: World) -> None:
    page = await world.http.get("/docs")

    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 2
    for link in links:
        assert httpx.URL(link).host in ("", world.http.base_url.host)
        assert (await world.http.get(link)).status_code == 200


async def test_the_root_leads_to_the_documentation(world: World) -> None:
    answer = await world.http.get("/")

    assert httpx.URL(answer.headers["location"]).path == "/docs"
