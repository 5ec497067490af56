"""`waybill orders …` asks the API for what its words say."""

from typing import Any

import pytest
from typer.testing import CliRunner

from api.rest import examples
from ops import cli_changes, cli_orders
from tests.ops.recording import Recorder

ORDER = examples.ORDER_ID
PATH = f"/v1/orders/{ORDER}"
WHY = ["--reason", "r"]
ADDRESS = '{"name": "Ada", "line1": "1", "city": "Berlin", "postal_code": "10117", "country": "DE"}'
TIME = "2026-03-01T12:00:00Z"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder(
        {
            "": examples.ORDER,
            "/orders": examples.page(examples.SUMMARY),
            "/ledger": examples.LEDGER,
        }
    )
    monkeypatch.setattr(cli_changes, "with_api", made.run)
    monkeypatch.setattr(cli_orders, "with_api", made.run)
    return made


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["cancel", ORDER, *WHY], "/cancel", {"reason": "r"}),
        (["hold", ORDER, *WHY], "/holds", {"scope": "order", "reason": "r"}),
        (
            ["hold", ORDER, "--scope", "line", "--subject", "MUG", "--expires-at", TIME, *WHY],
            "/holds",
            {"scope": "line", "subject": "MUG", "reason": "r", "expires_at": TIME},
        ),
        (["release", ORDER, "h/1", *WHY], "/holds/h%2F1/release", {"reason": "r"}),
        (["offer", ORDER, "MUG", "CUP"], "/offers", {"sku": "MUG", "substitute": "CUP"}),
        (["decide", ORDER, "wait"], "/decisions", {"decision": "wait"}),
        (["lost", ORDER, "s-1", "refund", *WHY], "/shipments/s-1/loss", {"answer": "refund", "reason": "r"}),
        (["cancel-line", ORDER, "MUG", *WHY], "/lines/MUG/cancel", {"reason": "r"}),
        (
            ["refund", ORDER, "--amount", "1.50", *WHY],
            "/refunds",
            {"reason": "r", "amount": {"amount": "1.50", "currency": "EUR"}},
        ),
        (
            ["refund", ORDER, "--line", "MUG=2", *WHY],
            "/refunds",
            {"reason": "r", "lines": [{"sku": "MUG", "quantity": 2}]},
        ),
    ],
)
def test_a_change_is_sent(api: Recorder, words: list[str], path: str, body: dict[str, Any]) -> None:
    done = CliRunner().invoke(cli_changes.changes, words)

    assert done.exit_code == 0, done.output
    assert api.asked == [("POST", PATH + path, body)]
    assert done.output == f"{examples.ORDER['status']}  version {examples.ORDER['version']}\n"


def test_an_address_is_sent_whole(api: Recorder) -> None:
    done = CliRunner().invoke(cli_changes.changes, ["amend", ORDER, "--address", ADDRESS, *WHY])

    assert done.exit_code == 0, done.output
    ((_, path, body),) = api.asked
    assert path == f"{PATH}/amendments"
    assert body["shipping_address"]["postal_code"] == "10117"


@pytest.mark.parametrize(
    "words",
    [["amend", ORDER, "--address", "{}", *WHY], ["hold", ORDER, "--expires-at", "soon", *WHY]],
)
def test_what_cannot_be_read_is_not_sent(api: Recorder, words: list[str]) -> None:
    done = CliRunner().invoke(cli_changes.changes, words)

    assert done.exit_code == 2
    assert not api.asked


def test_a_value_that_is_unknown_here_is_the_servers_to_judge(api: Recorder) -> None:
    assert CliRunner().invoke(cli_changes.changes, ["decide", ORDER, "maybe"]).exit_code == 0
    assert api.asked == [("POST", f"{PATH}/decisions", {"decision": "maybe"})]


def test_orders_are_listed_and_shown(api: Recorder) -> None:
    listed = CliRunner().invoke(cli_orders.orders, ["list", "--status", "placed"])
    shown = CliRunner().invoke(cli_orders.orders, ["show", ORDER, "--as-of", "1"])
    ledger = CliRunner().invoke(cli_orders.orders, ["ledger", ORDER])

    assert examples.SUMMARY["order_number"] in listed.output
    assert f'"order_id": "{ORDER}"' in shown.output
    assert "balance" in ledger.output
    assert api.asked == [
        ("GET", "/v1/orders", {"status": "placed", "limit": "20"}),
        ("GET", PATH, {"as_of": "1"}),
        ("GET", f"{PATH}/ledger", {}),
    ]
