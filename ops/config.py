"""Settings: every knob of Waybill, read once at start from `WAYBILL_*` environment variables.

A bad value stops the start with one message per variable: its name, what was wrong, and what it takes.
The README's settings table is made from this module (`waybill settings --markdown`), and a test keeps it true.
"""

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from domain.money import EXPONENTS
from ops.settings_api import ApiSettings
from ops.settings_mails import MailSettings
from ops.settings_orders import OrderSettings, json_object
from ops.settings_privacy import PrivacySettings
from ops.settings_sagas import SagaSettings
from ops.settings_webhooks import WebhookSettings

PREFIX = "WAYBILL_"

Port = Annotated[int, Field(ge=1, le=65535)]


class SettingsError(Exception):
    """The environment holds values Waybill cannot start with; `str()` is the whole message, a line a variable."""


class Settings(MailSettings, ApiSettings, SagaSettings, OrderSettings, PrivacySettings, WebhookSettings):
    """All settings, validated. Field names upper-cased behind `WAYBILL_` are the variables' names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    # Where things live and listen
    data_dir: Path = Field(Path(".waybill"), description="Where the embedded servers keep their data")
    host: str = Field("127.0.0.1", description="The address every Waybill service binds to")
    api_port: Port = Field(8000, description="Port of the HTTP API")
    postgres_port: Port = Field(5442, description="Port of the embedded PostgreSQL")
    redis_port: Port = Field(6389, description="Port of the embedded Redis")
    temporal_port: Port = Field(7233, description="Port of the embedded Temporal server")
    temporal_ui_port: Port = Field(8233, description="Port of the embedded Temporal UI")
    payments_port: Port = Field(8101, description="Port of the simulated payment gateway")
    carrier_port: Port = Field(8102, description="Port of the simulated carrier")

    # Outside servers; where one is set, nothing is embedded in its place
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL to use instead of the embedded one, `postgresql://…`"
    )
    simulator_database_url: SecretStr | None = Field(
        None,
        description="Database of the simulators' books; by default `waybill_simulators` beside the main one",
    )
    redis_url: SecretStr | None = Field(None, description="Redis to use instead of the embedded one, `redis://…`")
    temporal_address: str | None = Field(
        None, description="Temporal to use instead of the embedded one, `host:port`"
    )
    temporal_namespace: str = Field("default", description="Temporal namespace")
    server_wait: PositiveFloat = Field(
        60.0,
        description="Seconds that `up`, and every command that ends by itself, wait for a server that is away",
    )

    # Gateways
    payment_gateway: Literal["simulator", "stripe"] = Field(
        "simulator", description="Which payment gateway is used: `simulator` or `stripe`"
    )
    stripe_api_key: SecretStr | None = Field(
        None, validate_default=True, description="Secret key of the Stripe account, `sk_…`; needed for Stripe"
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None,
        validate_default=True,
        description="Signing secret of the Stripe webhook endpoint, `whsec_…`; needed for Stripe",
    )
    stripe_base_url: str = Field("https://api.stripe.com", description="Base URL of Stripe's API")
    payments_url: str | None = Field(
        None, description="Base URL of the payment gateway; by default the simulator on its port"
    )
    carrier_url: str | None = Field(
        None, description="Base URL of the carrier; by default the simulator on its port"
    )
    gateway_timeout: PositiveFloat = Field(
        5.0, description="Seconds to wait for a gateway's answer before it counts as unknown"
    )
    public_url: str | None = Field(
        None, description="Base URL under which outside services reach the API (carrier webhooks)"
    )
    carrier_webhook_secret: SecretStr = Field(
        SecretStr("whsec_d2F5YmlsbC1kZXZlbG9wbWVudC1jYXJyaWVyLWtleQ=="),
        description="Standard Webhooks secret shared with the carrier",
    )
    simulator_speed: PositiveFloat = Field(1.0, description="Days of a simulated carrier per second")

    # Identity
    jwt_issuer: str = Field("https://waybill.localhost", description="Issuer accepted in bearer tokens")
    jwt_audience: str = Field("waybill", description="Audience accepted in bearer tokens")
    jwks_url: str | None = Field(
        None, description="JWKS of the issuer; by default the development issuer's key in the data directory"
    )

    # Business rules
    currencies: Annotated[frozenset[str], NoDecode] = Field(
        frozenset({"EUR", "USD", "GBP", "JPY"}), description="ISO 4217 currencies orders may be placed in"
    )
    payment_methods: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(
            {
                "sim_capture_declined",
                "sim_capture_down",
                "sim_capture_lost_answer",
                "sim_declined",
                "sim_down",
                "sim_flaky",
                "sim_insufficient_funds",
                "sim_lost_answer",
                "sim_ok",
                "sim_refund_down",
                "sim_refund_lost_answer",
                "sim_slow",
                "sim_void_down",
                "sim_void_lost_answer",
            }
        ),
        description="Payment methods orders may name; the defaults are the simulator's",
    )
    tax_rates: Annotated[dict[str, Decimal], NoDecode] = Field(
        {"DE": Decimal("0.19"), "FR": Decimal("0.20"), "AT": Decimal("0.20"), "GB": Decimal("0.20")},
        description="Tax rate per ISO 3166 country of delivery, as JSON; others pay none",
    )
    warehouses: Annotated[dict[str, str], NoDecode] = Field(
        {"BER": "DE", "LYS": "FR"},
        min_length=1,
        description="Warehouses and their countries, as JSON, preferred first",
    )
    max_lines_per_order: PositiveInt = Field(100, description="Most lines one order may have")
    max_quantity_per_line: PositiveInt = Field(1000, description="Most pieces one line may have")
    max_order_value: PositiveInt = Field(
        100_000, description="Highest total of an order, in whole units of its currency"
    )
    max_body_bytes: PositiveInt = Field(262_144, description="Largest request body the API reads")

    reconcile_grace: PositiveFloat = Field(
        900.0, description="Seconds a payment request may be without an outcome before `reconcile` makes it a case"
    )

    # Event store and projections
    append_batch: PositiveInt = Field(256, description="Most appends that share one transaction")
    append_queue: PositiveInt = Field(10_000, description="Appends waiting in a process before more are refused")
    append_in_flight: PositiveInt = Field(2, description="Append transactions a process has under way at once")
    database_pool: PositiveInt = Field(8, description="Connections each process opens to its database")
    sequencer_poll: PositiveFloat = Field(
        0.05, description="Seconds between two looks for new events without a wake-up"
    )
    projection_batch: PositiveInt = Field(4000, description="Most events one projection transaction applies")
    relay_batch: PositiveInt = Field(1000, le=5000, description="Most events published to Redis at once")
    relay_partitions: PositiveInt = Field(
        1, le=64, description="Redis streams per context; more than one are `waybill.orders.0` and so on"
    )
    stream_length: PositiveInt = Field(
        1_000_000, description="About how many events each Redis stream keeps for consumers that are behind"
    )
    subscriber_in_flight: PositiveInt = Field(
        256, description="Most events of a stream that a subscriber has read and not yet handled"
    )
    subscriber_attempts: PositiveInt = Field(
        5, description="Failures that no outage explains, after which an event is a dead letter"
    )
    subscriber_lease: PositiveFloat = Field(
        10.0, ge=1, description="Seconds after which another subscriber takes a silent one's stream over"
    )
    dead_letters: PositiveInt = Field(100_000, description="Most dead letters kept; beyond, subscribers wait")
    inbox_days: PositiveInt = Field(
        30,
        description="Days for which consumers know what they have handled, and an emptied Redis is filled again",
    )
    projector_lease: PositiveFloat = Field(
        10.0, description="Seconds after which a projector that gives no sign loses its segments to the others"
    )
    read_wait: PositiveFloat = Field(2.0, description="Longest wait of a `min_position` read, in seconds")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged")
    log_format: Literal["console", "json"] = Field("console", description="How log lines are written")

    @field_validator("currencies", "payment_methods", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return frozenset(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("tax_rates", "warehouses", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        return json_object(value)

    @field_validator("currencies", mode="after")
    @classmethod
    def _known(cls, value: frozenset[str]) -> frozenset[str]:
        if unknown := sorted(value - EXPONENTS.keys()):
            raise ValueError(f"{', '.join(unknown)}: not an ISO 4217 code that Waybill knows")
        return value

    @field_validator("stripe_api_key", "stripe_webhook_secret", mode="after")
    @classmethod
    def _given_for_stripe(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if info.data.get("payment_gateway") == "stripe" and not (value and value.get_secret_value()):
            raise ValueError(f"is not set, and {PREFIX}PAYMENT_GATEWAY=stripe needs it")
        return value

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def warehouse_codes(self) -> tuple[str, ...]:
        return tuple(self.warehouses)

    @property
    def dsn(self) -> str:
        """The event store's and read models' database."""
        return self.database_url.get_secret_value() if self.database_url else self._embedded("waybill")

    @property
    def simulator_dsn(self) -> str:
        """The simulators' own database: by default on the server of the main one."""
        url = self.simulator_database_url
        return (
            url.get_secret_value() if url else urlunsplit(urlsplit(self.dsn)._replace(path="/waybill_simulators"))
        )

    @property
    def redis_dsn(self) -> str:
        return self.redis_url.get_secret_value() if self.redis_url else f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def temporal_target(self) -> str:
        return self.temporal_address or f"127.0.0.1:{self.temporal_port}"

    @property
    def payments_base_url(self) -> str:
        return self.payments_url or f"http://127.0.0.1:{self.payments_port}"

    @property
    def carrier_base_url(self) -> str:
        return self.carrier_url or f"http://127.0.0.1:{self.carrier_port}"

    @property
    def api_base_url(self) -> str:
        return self.public_url or f"http://127.0.0.1:{self.api_port}"

    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {f"{PREFIX}{name.upper()}": _as_text(value) for name, value in given.items() if value is not None}

    def _embedded(self, database: str) -> str:
        return f"postgresql://waybill@127.0.0.1:{self.postgres_port}/{database}"


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: a value is malformed, or a variable is none of ours; each is named with what it takes.
    """
    wrong = [_unknown(name) for name in sorted(os.environ) if name.startswith(PREFIX) and not _is_known(name)]
    try:
        settings = Settings()
    except ValidationError as error:
        wrong += [_explain(dict(item)) for item in error.errors(include_url=False, include_context=False)]
        raise SettingsError("\n".join(wrong)) from None
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _is_known(variable: str) -> bool:
    return variable.removeprefix(PREFIX).lower() in Settings.model_fields


def _unknown(variable: str) -> str:
    names = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    close = get_close_matches(variable, names, n=1)
    return f"{variable} is not a setting{f'; {close[0]} is' if close else ''}"


def _explain(item: Mapping[str, Any]) -> str:
    name = str(item["loc"][0])
    field = Settings.model_fields[name]
    secret = "SecretStr" in str(field.annotation)
    value = "…" if secret else repr(item["input"])
    wrong = item["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()}={value}: {wrong}. It takes: {field.description}"


def settings_table() -> str:
    """Every setting as a Markdown table: variable, default, meaning."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _as_text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case frozenset():
            return ",".join(sorted(value))
        case dict():
            return json.dumps(value, default=str)
        case _:
            return str(value)


def _default(value: object) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return "a development value"
        case _:
            return f"`{_as_text(value)}`"
