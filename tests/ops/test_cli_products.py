"""`waybill products` and `waybill categories` ask the API for what their words say."""

from typing import Any

import pytest
from typer.testing import CliRunner

from api.rest.catalogue_examples import PRODUCT
from ops import cli_products
from ops.cli import app
from tests.ops.recording import Recorder

MUG = {**PRODUCT, "sku": "MUG", "prices": [{"amount": "9.90", "currency": "EUR"}]}
TREE = [
    {"category": "mugs", "name": "Mugs", "parent": "home", "path": ["home", "mugs"]},
    {"category": "home", "name": "Home", "parent": None, "path": ["home"]},
]
POSITION = {"version": 3, "position": "p"}
CHANGED = {"sku": "MUG", **POSITION}
SHARED = {"code": "mugs", **POSITION}
NONE_AFTER = {"next_cursor": None}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder(
        {
            "": CHANGED,
            "POST /v1/products": CHANGED,
            "POST /v1/categories": SHARED,
            "/v1/products": {"items": [MUG], **NONE_AFTER},
            "/prices": {**CHANGED, "price_id": "p-1"},
            "/v1/categories": {"items": TREE, **NONE_AFTER},
            "/categories/mugs": SHARED,
            "/move": SHARED,
        },
        creating=("POST /v1/products", "/prices", "POST /v1/categories"),
    )
    monkeypatch.setattr(cli_products, "with_api", made.run)
    return made


EUR = {"amount": "9.90", "currency": "EUR"}
SAID: list[tuple[str, str, str, Any]] = [
    (
        "products list blue --category mugs",
        "GET",
        "/v1/products",
        {"q": "blue", "category": "mugs", "limit": "20"},
    ),
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
        {"price": EUR, "valid_from": "2030-01-01T00:00:00Z", "valid_until": None, "end_overlapping": False},
    ),
    ("products end-price MUG p-1", "POST", "/MUG/prices/p-1/end", {"valid_until": None}),
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
def test_words_become_requests(api: Recorder, words: str, method: str, path: str, body: Any) -> None:
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 0, done.output
    whole = path if path.startswith("/v1") else "/v1/products" + path
    assert api.asked == [(method, whole, body)]


def test_what_is_shown(api: Recorder) -> None:
    runner = CliRunner()
    assert "9.90 EUR" in runner.invoke(app, ["products", "list"]).output
    assert "price p-1" in runner.invoke(app, ["products", "schedule", "MUG", "1"]).output
    assert runner.invoke(app, ["categories", "list"]).output == "home  Home\n  mugs  Mugs\n"
    wrong = runner.invoke(app, ["products", "create", "MUG", "Mug", "--price", "9.90"])
    assert wrong.exit_code == 2
