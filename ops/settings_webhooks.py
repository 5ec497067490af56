"""Settings of the webhooks that go out."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode


class WebhookSettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    # Webhooks out
    webhook_endpoints: PositiveInt = Field(100, description="Most webhook endpoints there may be")
    webhook_allowed_networks: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Networks that webhooks may go to although they are not public, comma-separated, such as"
        " `10.1.0.0/16`; plain http is accepted to their addresses",
    )
    webhook_timeout: PositiveFloat = Field(10.0, le=30, description="Seconds an attempt at a webhook may take")
    webhook_first_pause: PositiveFloat = Field(
        5.0, description="Seconds before the first retry of a webhook; doubles up to webhook_longest_pause"
    )
    webhook_longest_pause: PositiveFloat = Field(
        3600.0, description="Longest pause between two attempts at a webhook, in seconds"
    )
    webhook_give_up: PositiveFloat = Field(
        259_200.0, description="Seconds that a webhook is retried before its endpoint is paused"
    )
    webhook_failures: PositiveInt = Field(
        1000, description="Attempts that fail in a row before a webhook endpoint is paused"
    )
    webhook_key_overlap: PositiveFloat = Field(
        86_400.0, description="Seconds that a rotated webhook secret signs beside the new one, by default"
    )
    webhook_log_days: PositiveInt = Field(30, description="Days that attempts at webhooks are kept in their log")
    webhook_sweep: PositiveFloat = Field(
        10.0, description="Seconds between two looks for webhooks that wait and nobody sends"
    )

    @field_validator("webhook_allowed_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = frozenset(part.strip() for part in value.split(",") if part.strip())
        for each in found:
            ip_network(each)  # its message names what is wrong
        return found
