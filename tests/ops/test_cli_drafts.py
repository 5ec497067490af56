"""`waybill drafts` asks the API for what its words say."""

from typing import Any

import pytest
from typer.testing import CliRunner

from api.rest import examples
from ops import cli_drafts
from ops.cli_orders import console
from tests.ops.recording import Recorder

DRAFT = examples.ORDER_ID
PATH = f"/v1/drafts/{DRAFT}"


@pytest.mark.parametrize(
    ("words", "asked", "shown"),
    [
        (["list", "--status", "placed"], ("GET", "/v1/drafts", {"status": "placed"}), "operator:eve"),
        (["show", DRAFT], ("GET", PATH, {}), '"customer_id": "c-1042"'),
        (
            ["lines", DRAFT, "MUG=2", "TEA"],
            ("PATCH", PATH, {"lines": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 1}]}),
            "version 1",
        ),
        (["discard", DRAFT, "--reason", "r"], ("POST", f"{PATH}/discard", {"reason": "r"}), f"{DRAFT}  open"),
        (["place", DRAFT], ("POST", f"{PATH}/place", {}), f"{examples.ORDER_NUMBER}  placed"),
    ],
)
def test_words_are_requests(
    monkeypatch: pytest.MonkeyPatch, words: list[str], asked: tuple[Any, ...], shown: str
) -> None:
    api = Recorder(
        {
            "": examples.DRAFT,
            "/place": examples.PLACED,
            "/drafts": examples.page(examples.DRAFT_SUMMARY),
        }
    )
    monkeypatch.setattr(cli_drafts, "with_api", api.run)
    monkeypatch.setattr(console, "width", 200)
    done = CliRunner().invoke(cli_drafts.drafts, words)
    assert (done.exit_code, api.asked) == (0, [asked]), done.output
    assert shown in done.output
