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


async def test_the_editor_loads_nothing_from_outside(world: World) -> None:
    page = await world.http.get("/graphql", headers={"Accept": "text/html"})

    links = re.findall(r'(?:src|href)="((?!data:)[^"]+)"', page.text)
    assert len(links) >= 8
    for link in links:
        assert httpx.URL(link).is_relative_url
        found = await world.http.get(f"/{link}")
        assert (found.status_code, found.headers["x-content-type-options"]) == (200, "nosniff")
        assert found.headers["content-type"].startswith(("text/javascript", "text/css"))
    assert "<script>" not in page.text
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= set(policy)
    assert (await world.http.get("/graphql/assets/..%2Fide.py")).status_code == 404
    assert (await world.http.get("/graphql/assets/views.py")).status_code == 404


async def test_the_root_leads_to_the_documentation(world: World) -> None:
    answer = await world.http.get("/")

    assert httpx.URL(answer.headers["location"]).path == "/docs"
