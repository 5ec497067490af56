"""`waybill up`: what cannot work is said before anything is started."""

import socket
from pathlib import Path

import pytest

from ops.process import StackError
from ops.up import up
from tests.conftest import stack_settings


@pytest.mark.parametrize("setting", ["api_port", "payments_port", "carrier_port"])
async def test_a_busy_port_is_named_before_anything_starts(tmp_path: Path, setting: str) -> None:
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = stack_settings(tmp_path / "data", **{setting: taken.getsockname()[1]})

        with pytest.raises(StackError, match=f"WAYBILL_{setting.upper()}=.* is in use"):
            await up(settings, said.append)

    assert said == []
    assert not (tmp_path / "data").exists()
