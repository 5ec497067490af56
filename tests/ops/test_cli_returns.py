"""`waybill returns` asks the API for what its words say."""

from typing import Any

import pytest
from typer.testing import CliRunner

from api.rest import examples
from ops import cli_returns
from ops.cli_orders import console
from tests.ops.recording import Recorder

ORDER = examples.ORDER_ID
RETURN, OTHER = (f"{number}f1f3c52-6a5e-5d0a-9d0c-2b6f3d1f8a10" for number in (1, 2))
PATH = f"/v1/orders/{ORDER}/returns"
SHOWN = f"{RETURN}  received"
WHY = ["--reason", "too small"]
CLAIM = {**examples.RETURN, "return_id": RETURN, "kind": "claim", "status": "closed", "warehouse": None}
RETURNS = [
    {**examples.RETURN, "return_id": RETURN, "status": "received"},
    {**examples.RETURN, "return_id": OTHER, "status": "requested"},
]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder({"": {**examples.ORDER, "returns": RETURNS}})
    monkeypatch.setattr(cli_returns, "with_api", made.run)
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
            f"{OTHER}  requested",
        ),
        (
            ["request", ORDER, "MUG=2", "--again", "--instead", "MUG=CUP", *WHY],
            PATH,
            {
                "kind": "exchange",
                "lines": [{"sku": "MUG", "quantity": 2, "instead": "CUP"}],
                "reason": "too small",
            },
            f"{OTHER}  requested",
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
    api: Recorder, words: list[str], path: str, body: dict[str, Any], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(console, "print", said.append)
    result = CliRunner().invoke(cli_returns.returns, words)
    assert result.exit_code == 0, result.output
    assert api.asked == [("POST", path, body)]
    assert said == [shown]


def test_the_returns_of_an_order_are_listed(api: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    api.answers = {"": examples.items(CLAIM)}
    said: list[Any] = []
    monkeypatch.setattr(console, "print", said.append)
    result = CliRunner().invoke(cli_returns.returns, ["list", ORDER])
    assert result.exit_code == 0, result.output
    (table,) = said
    (line,) = CLAIM["lines"]
    what = f"{line['quantity']} × {line['sku']}"
    assert [list(column.cells) for column in table.columns] == [[RETURN], ["claim"], ["closed"], [""], [what]]
