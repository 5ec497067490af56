"""`waybill orders export` refuses what it cannot do before anything is begun, and leaves no half file."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.rest.exports import EXAMPLE
from ops import cli_export
from tests.ops.recording import Recorder
from waybill_client.errors import WaybillError

WIDE = {"COLUMNS": "300", "TERMINAL_WIDTH": "300"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder({"": EXAMPLE})
    monkeypatch.setattr(cli_export, "with_api", made.run)
    return made


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["orders.txt"], "a name ending in .jsonl or .csv is accepted"),
        (["there.csv"], "File exists"),
        (["orders.csv", "--placed-after", "yesterday"], "a time such as 2026-03-01T12:00:00Z is accepted"),
    ],
)
def test_what_cannot_be_exported(api: Recorder, tmp_path: Path, words: list[str], why: str) -> None:
    (tmp_path / "there.csv").write_text("mine")
    file, *options = words

    done = CliRunner().invoke(cli_export.exports, [str(tmp_path / file), *options], env=WIDE)

    assert done.exit_code == 2
    assert why in done.output
    assert api.asked == []
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("there.csv", "mine")]


def test_a_job_that_is_refused_leaves_no_file(
    api: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"type": "https://waybill.dev/problems/too-many-exports", "title": "Too many", "status": 409}
    problem = httpx.Response(409, json=refusal, headers={"content-type": "application/problem+json"})
    monkeypatch.setattr(api, "_answer", lambda _: problem)

    done = CliRunner().invoke(cli_export.exports, [str(tmp_path / "orders.csv")])

    assert isinstance(done.exception, WaybillError)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_cancels_the_job(
    api: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = api._answer

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/content"):
            raise httpx.ReadError("gone", request=request)
        found = answered(request)
        return httpx.Response(202, content=found.content) if request.url.path == "/v1/exports" else found

    monkeypatch.setattr(api, "_answer", answer)

    done = CliRunner().invoke(cli_export.exports, [str(tmp_path / "orders.csv"), "--status", "completed"])

    assert isinstance(done.exception, WaybillError)
    assert [path.rpartition("/")[2] for _, path, _ in api.asked] == ["exports", "cancel"]
