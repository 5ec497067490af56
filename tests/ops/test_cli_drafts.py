"""`waybill drafts` asks the API for what its words say."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import cli_drafts
from ops.cli_orders import console

DRAFT = "draft-1"
PATH = f"/v1/drafts/{DRAFT}"
ITEM = {
    "draft_id": DRAFT,
    "customer_id": "c-1",
    "status": "open",
    "lines": 2,
    "order_number": None,
    "created_by": "operator:eve",
}


class Api:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        self.asked.append(("get", path, query))
        return {"items": [ITEM]} if path == "/v1/drafts" else ITEM

    async def patch(self, path: str, body: Any) -> dict[str, Any]:
        self.asked.append(("patch", path, body))
        return {"version": 3}

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        self.asked.append(("post", path, body))
        return {"status": "placed", "order_number": "N-1"}


@pytest.mark.parametrize(
    ("words", "asked", "shown"),
    [
        (["list", "--status", "placed"], ("get", "/v1/drafts", {"status": "placed"}), "operator:eve"),
        (["show", DRAFT], ("get", PATH, {}), '"customer_id": "c-1"'),
        (
            ["lines", DRAFT, "MUG=2", "TEA"],
            ("patch", PATH, {"lines": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 1}]}),
            "version 3",
        ),
        (["discard", DRAFT, "--reason", "r"], ("post", f"{PATH}/discard", {"reason": "r"}), "N-1"),
        (["place", DRAFT], ("post", f"{PATH}/place", {}), "N-1  placed"),
    ],
)
def test_words_are_requests(
    monkeypatch: pytest.MonkeyPatch, words: list[str], asked: tuple[Any, ...], shown: str
) -> None:
    api = Api()
    monkeypatch.setattr(cli_drafts, "with_api", lambda run: asyncio.run(run(api)))
    monkeypatch.setattr(console, "width", 200)
    done = CliRunner().invoke(cli_drafts.drafts, words)
    assert (done.exit_code, api.asked) == (0, [asked])
    assert shown in done.output
