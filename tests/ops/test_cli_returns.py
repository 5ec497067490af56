"""`waybill returns` asks the API for what its words say."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import cli_returns
from ops.cli_orders import console

ORDER, RETURN, OTHER = "order-1", "return-1", "return-2"
PATH = f"/v1/orders/{ORDER}/returns"
SHOWN = "return-1  received"
WHY = ["--reason", "too small"]


class Api:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def get(self, path: str) -> dict[str, Any]:
        lines = [{"sku": "MUG", "quantity": 2}]
        return {
            "items": [
                {"return_id": RETURN, "kind": "claim", "status": "closed", "warehouse": None, "lines": lines}
            ]
        }

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        self.asked.append((path, body))
        return {
            "version": 7,
            "returns": [{"return_id": RETURN, "status": "received"}, {"return_id": OTHER, "status": "requested"}],
        }


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(cli_returns, "with_api", lambda run: asyncio.run(run(made)))
    return made


@pytest.mark.parametrize(
    ("words", "path", "body", "shown"),
    [
        (
            ["request", ORDER, "MUG=2", "TEA", "--claim", *WHY],
            PATH,
            {
                "kind": "claim",
                "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 1}],
                "reason": "too small",
            },
            "return-2  requested",
        ),
        (
            ["request", ORDER, "MUG=2", "--again", "--instead", "MUG=CUP", *WHY],
            PATH,
            {
                "kind": "exchange",
                "lines": [{"sku": "MUG", "quantity": 2, "instead": "CUP"}],
                "reason": "too small",
            },
            "return-2  requested",
        ),
        (
            ["approve", ORDER, RETURN, *WHY],
            f"{PATH}/{RETURN}/approve",
            {"reason": "too small"},
            SHOWN,
        ),
        (
            ["reject", ORDER, RETURN, *WHY],
            f"{PATH}/{RETURN}/reject",
            {"reason": "too small"},
            SHOWN,
        ),
        (["receive", ORDER, RETURN], f"{PATH}/{RETURN}/receive", {"warehouse": None}, SHOWN),
        (
            ["inspect", ORDER, RETURN, "--restocked", "MUG=1", "--damaged", "MUG=2", "--dismissed", "TEA=1"],
            f"{PATH}/{RETURN}/inspect",
            {"lines": [{"sku": "MUG", "restocked": 1, "damaged": 2}, {"sku": "TEA", "dismissed": 1}]},
            SHOWN,
        ),
    ],
)
def test_a_command_is_sent(
    api: Api, words: list[str], path: str, body: dict[str, Any], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(console, "print", said.append)
    result = CliRunner().invoke(cli_returns.returns, words)
    assert result.exit_code == 0, result.output
    assert api.asked == [(path, body)]
    assert said == [shown]


def test_the_returns_of_an_order_are_listed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(console, "print", said.append)
    result = CliRunner().invoke(cli_returns.returns, ["list", ORDER])
    assert result.exit_code == 0, result.output
    (table,) = said
    assert [list(column.cells) for column in table.columns] == [[RETURN], ["claim"], ["closed"], [""], ["2 × MUG"]]
