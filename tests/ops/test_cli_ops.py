"""`waybill ops` asks the API for what its words say."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import cli_ops

ORDER = "7f1f3c52-6a5e-5d0a-9d0c-2b6f3d1f8a10"
STEP = f"/v1/ops/orders/{ORDER}/steps/capture%3AP%230"
WHY = ["--reason", "it is back", "--key", "k"]


class Api:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        self.asked.append((path, query))
        return {"items": []}

    async def post(self, path: str, body: Any, *, key: str | None) -> dict[str, Any]:
        self.asked.append((path, body, key))
        item = {"order_id": ORDER, "step": "a#0", "outcome": "retried", "detail": None}
        return {"items": [item], "order_id": ORDER, "version": 7}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(cli_ops, "with_api", lambda run: asyncio.run(run(made)))
    return made


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
def test_a_command_is_sent(api: Api, words: list[str], path: str, body: dict[str, Any]) -> None:
    result = CliRunner().invoke(cli_ops.operations, [*words, *WHY])
    assert result.exit_code == 0, result.output
    assert api.asked == [(path, {**body, "reason": "it is back"}, "k")]


def test_a_note_and_the_list(api: Api) -> None:
    assert CliRunner().invoke(cli_ops.operations, ["note", ORDER, "rang them up"]).exit_code == 0
    assert CliRunner().invoke(cli_ops.operations, ["sagas", "--assignee", "eve"]).exit_code == 0
    assert api.asked == [
        (f"/v1/ops/orders/{ORDER}/notes", {"note": "rang them up"}, None),
        ("/v1/ops/sagas", {"assignee": "eve", "error_type": None, "limit": 50}),
    ]


@pytest.mark.parametrize("words", [[], [ORDER], [ORDER, "a#0", "--error-type", "Unknown"]])
def test_a_retry_is_of_one_step_or_of_one_error(api: Api, words: list[str]) -> None:
    assert CliRunner().invoke(cli_ops.operations, ["retry", *words, *WHY]).exit_code == 2
    assert not api.asked
