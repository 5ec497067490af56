"""A command that ends by itself gives up on a server that stays away; a service does not."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops import cli
from ops.config import load_settings
from ops.patience import ServerAway, run_once, server_at, wait_for

TRIES_OF_A_SERVICE = 3


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """A port that is taken and answers nobody: every connection to it is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        for server in ("POSTGRES", "REDIS", "TEMPORAL"):
            monkeypatch.setenv(f"WAYBILL_{server}_PORT", str(port))
        monkeypatch.setenv("WAYBILL_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("WAYBILL_SERVER_WAIT", "0.2")
        yield port


COMMANDS = (
    *(["verify"], ["verify", "--chain"], ["verify", "--json"], ["migrate"], ["recover"], ["reconcile"]),
    *(["replay-check", "--from-server"], ["rotate-keys"], ["restore-check"], ["adopt"]),
    *(["export", "log.jsonl"], ["import", "log.jsonl"]),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_gives_up_and_names_the_server(nowhere: int, words: list[str]) -> None:
    result = CliRunner().invoke(cli.app, words)
    assert isinstance(result.exception, ServerAway), result.exception
    said = str(result.exception)
    assert f"at 127.0.0.1:{nowhere} did not answer for 0.2 s (WAYBILL_SERVER_WAIT)" in said
    assert "\n" not in said
    assert not result.stdout


def test_what_is_away_is_one_line_and_exit_code_1(
    nowhere: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["waybill", "verify"])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    assert exited.value.code == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"waybill: PostgreSQL at 127.0.0.1:{nowhere} did not answer")
    assert err.count("\n") == 1


def test_a_connection_that_hangs_is_given_up_too(nowhere: int) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(ServerAway, match=r"^Redis did not answer for 0\.2 s \(WAYBILL_SERVER_WAIT\): no answer$"):
        run_once(load_settings(), wait_for("Redis", hang))


def test_a_service_waits_on() -> None:
    tries = 0

    async def connect() -> int:
        nonlocal tries
        tries += 1
        if tries < TRIES_OF_A_SERVICE:
            raise ConnectionRefusedError
        return tries

    assert asyncio.run(wait_for("Redis", connect)) == TRIES_OF_A_SERVICE


def test_a_server_is_named_without_its_password() -> None:
    assert server_at("PostgreSQL", "postgresql://me:secret@db:5432/waybill") == "PostgreSQL at db:5432"
    assert server_at("PostgreSQL", "postgresql:///waybill") == "PostgreSQL"
