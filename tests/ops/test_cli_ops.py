"""`waybill ops` asks the API for what its words say."""

from typing import Any

import pytest
from typer.testing import CliRunner

from api.rest import examples
from ops import cli_ops
from tests.ops.recording import Recorder

ORDER = examples.ORDER_ID
STEP = f"/v1/ops/orders/{ORDER}/steps/capture%3AP%230"
WHY = ["--reason", "it is back", "--key", "k"]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder({"": examples.ORDER, "/retry": examples.items(examples.RETRIED), "/sagas": _stalled()})
    monkeypatch.setattr(cli_ops, "with_api", made.run)
    return made


def _stalled() -> dict[str, Any]:
    return examples.page(examples.STALLED)


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["retry", ORDER, "capture:P#0"], STEP, {"action": "retry"}),
        (["compensate", ORDER, "capture:P#0"], STEP, {"action": "compensate"}),
        (["adopt", ORDER, "capture:P#0", "cap-7"], STEP, {"action": "adopt", "reference": "cap-7"}),
        (["retry", "--error-type", "Unknown"], "/v1/ops/sagas/retry", {"error_type": "Unknown", "limit": 50}),
        (["assign", ORDER, "eve"], f"/v1/ops/orders/{ORDER}/assignment", {"assignee": "eve"}),
        (["assign", ORDER], f"/v1/ops/orders/{ORDER}/assignment", {"assignee": None}),
    ],
)
def test_a_command_is_sent(api: Recorder, words: list[str], path: str, body: dict[str, Any]) -> None:
    result = CliRunner().invoke(cli_ops.operations, [*words, *WHY])
    assert result.exit_code == 0, result.output
    assert api.asked == [("POST", path, {**body, "reason": "it is back"})]
    assert api.keys == ["k"]


def test_a_note_and_the_list(api: Recorder) -> None:
    assert CliRunner().invoke(cli_ops.operations, ["note", ORDER, "rang them up"]).exit_code == 0
    listed = CliRunner().invoke(cli_ops.operations, ["sagas", "--assignee", "eve"])
    assert examples.STALLED["step"] in listed.output
    assert api.asked == [
        ("POST", f"/v1/ops/orders/{ORDER}/notes", {"note": "rang them up"}),
        ("GET", "/v1/ops/sagas", {"assignee": "eve", "limit": "50"}),
    ]
    assert api.keys[0]


@pytest.mark.parametrize("words", [[], [ORDER], [ORDER, "a#0", "--error-type", "Unknown"]])
def test_a_retry_is_of_one_step_or_of_one_error(api: Recorder, words: list[str]) -> None:
    assert CliRunner().invoke(cli_ops.operations, ["retry", *words, *WHY]).exit_code == 2
    assert not api.asked
