"""Settings: a bad value stops the start with a line that names the variable and what it takes."""

import pytest

from ops.config import Settings, SettingsError, load_settings
from tests.conftest import stack_settings


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("WAYBILL_API_PORT", "99999", "less than or equal to 65535"),
        ("WAYBILL_API_PORT", "http", "integer"),
        ("WAYBILL_CURRENCIES", "EUR,XXX", "XXX: not an ISO 4217 code"),
        ("WAYBILL_TAX_RATES", "19", "dictionary"),
        ("WAYBILL_TAX_RATES", "nineteen", "not a JSON object"),
        ("WAYBILL_WAREHOUSES", "{}", "at least 1 item"),
        ("WAYBILL_SHIPPING_METHODS", '{"express": {"Germany": "9"}}', "express: 'Germany' is no country"),
        ("WAYBILL_SHIPPING_METHODS", '{"express": {"DE": "-1"}}', "with a fee"),
        ("WAYBILL_STEP_ATTEMPTS", "0", "greater than 0"),
        ("WAYBILL_PAYMENT_GATEWAY", "paypal", "simulator"),
        ("WAYBILL_API_PROT", "8000", "WAYBILL_API_PORT is"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    [line] = str(refused.value).splitlines()
    assert line.startswith(variable)
    assert told in line


def test_stripe_needs_its_secrets_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_PAYMENT_GATEWAY", "stripe")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert {line.partition("=")[0] for line in str(refused.value).splitlines()} == {
        "WAYBILL_STRIPE_API_KEY",
        "WAYBILL_STRIPE_WEBHOOK_SECRET",
    }
    monkeypatch.setenv("WAYBILL_STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setenv("WAYBILL_STRIPE_WEBHOOK_SECRET", "whsec_1")
    assert load_settings().payment_gateway == "stripe"


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_API_PORT", "0")
    monkeypatch.setenv("WAYBILL_LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert {line.partition("=")[0] for line in str(refused.value).splitlines()} == {
        "WAYBILL_API_PORT",
        "WAYBILL_LOG_LEVEL",
    }


def test_another_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    given = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "tax_rates": {"DE": "0.07"},
            "currencies": {"EUR", "JPY"},
            "redis_url": "redis://:secret@127.0.0.1:1/0",
            "simulator_speed": 50,
        }
    )
    for variable, text in given.environment().items():
        monkeypatch.setenv(variable, text)

    assert load_settings() == given
    assert stack_settings(given.data_dir).redis_url is None
