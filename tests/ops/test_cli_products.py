"""`waybill products` and `waybill categories` ask the API for what their words say."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import cli_products
from ops.cli import app

MUG = {
    "sku": "MUG",
    "name": "Blue mug",
    "status": "published",
    "prices": [{"amount": "9.90", "currency": "EUR"}],
    "categories": ["mugs"],
}
TREE = [
    {"category": "mugs", "name": "Mugs", "parent": "home", "path": ["home", "mugs"]},
    {"category": "home", "name": "Home", "parent": None, "path": ["home"]},
]


class Api:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        self.asked.append(("GET", path, {name: value for name, value in query.items() if value is not None}))
        return {"items": TREE if path == "/v1/categories" else [MUG], "next_cursor": None}

    async def _send(self, method: str, path: str, body: Any) -> dict[str, Any]:
        self.asked.append((method, path, body))
        return {"code": "mugs", "version": 3, **({"price_id": "p-1"} if path.endswith("/prices") else {})}

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        return await self._send("POST", path, body)

    async def patch(self, path: str, body: Any) -> dict[str, Any]:
        return await self._send("PATCH", path, body)

    async def put(self, path: str, body: Any) -> dict[str, Any]:
        return await self._send("PUT", path, body)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(cli_products, "with_api", lambda run: asyncio.run(run(made)))
    return made


EUR = {"amount": "9.90", "currency": "EUR"}
SAID: list[tuple[str, str, str, Any]] = [
    ("products list blue --category mugs", "GET", "/v1/products", {"q": "blue", "category": "mugs", "limit": 20}),
    ("products create MUG Mug --price 9.90=EUR", "POST", "", {"sku": "MUG", "name": "Mug", "prices": [EUR]}),
    (
        "products change MUG --name Cup --attribute volume=0.33 --attribute safe=true --attribute colour=blue"
        " --attribute old= --image https://a.example/1",
        "PATCH",
        "/MUG",
        {
            "name": "Cup",
            "attributes": {"volume": 0.33, "safe": True, "colour": "blue", "old": None},
            "images": [{"url": "https://a.example/1", "alt": ""}],
        },
    ),
    ("products price MUG 9.90", "PUT", "/MUG/price", EUR),
    (
        "products schedule MUG 9.90 --from 2030-01-01T00:00:00Z",
        "POST",
        "/MUG/prices",
        {"price": EUR, "end_overlapping": False, "valid_from": "2030-01-01T00:00:00Z"},
    ),
    ("products end-price MUG p-1", "POST", "/MUG/prices/p-1/end", {}),
    ("products publish MUG", "POST", "/MUG/publish", {}),
    ("products unpublish MUG", "POST", "/MUG/unpublish", {}),
    ("products discontinue MUG --reason old", "POST", "/MUG/discontinue", {"reason": "old"}),
    (
        "categories add mugs Mugs --parent home",
        "POST",
        "/v1/categories",
        {"category": "mugs", "name": "Mugs", "parent": "home"},
    ),
    ("categories rename mugs Cups", "PATCH", "/v1/categories/mugs", {"name": "Cups"}),
    ("categories move mugs", "POST", "/v1/categories/mugs/move", {"parent": None}),
]


@pytest.mark.parametrize(("words", "method", "path", "body"), SAID)
def test_words_become_requests(api: Api, words: str, method: str, path: str, body: Any) -> None:
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 0, done.output
    whole = path if path.startswith("/v1") else "/v1/products" + path
    assert api.asked == [(method, whole, body)]


def test_what_is_shown(api: Api) -> None:
    runner = CliRunner()
    assert "9.90 EUR" in runner.invoke(app, ["products", "list"]).output
    assert "price p-1" in runner.invoke(app, ["products", "schedule", "MUG", "1"]).output
    assert runner.invoke(app, ["categories", "list"]).output == "home  Home\n  mugs  Mugs\n"
    wrong = runner.invoke(app, ["products", "create", "MUG", "Mug", "--price", "9.90"])
    assert wrong.exit_code == 2
