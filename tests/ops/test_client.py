"""The CLI's client sends what it is told, and gives what comes."""

import httpx
import pytest

from ops.client import ApiClient


@pytest.mark.parametrize("query", ["", "?dry_run=true", "?status=placed&sku=MUG"])
async def test_a_paths_own_query_is_sent(query: str) -> None:
    """Without it a dry run would be the command itself."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={}, request=request)

    async with ApiClient("http://api", "token") as api:
        api._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        await api.post(f"/v1/orders{query}", {})
    assert [each.url.query.decode() for each in asked] == [query.removeprefix("?")]
