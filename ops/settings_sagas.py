"""Settings of steps outside, of the time a caller waits for them, and of what looks after orders by the clock."""

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class SagaSettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    # Steps of the saga
    step_attempts: PositiveInt = Field(
        5, description="Attempts of an outside step before it parks for an operator"
    )
    step_initial_interval: PositiveFloat = Field(
        0.2, description="Seconds before the first retry of an outside step; doubles up to step_max_interval"
    )
    step_max_interval: PositiveFloat = Field(10.0, description="Longest pause between two attempts, in seconds")
    step_timeout: PositiveFloat = Field(15.0, description="Seconds one attempt of an outside step may take in all")
    tracking_poll_interval: PositiveFloat = Field(
        3600.0, description="Seconds without news of a parcel after which the carrier is asked"
    )
    placing_timeout: PositiveFloat = Field(
        5.0, description="Seconds the API waits for a placed order before it answers 503"
    )

    # By the clock; `waybill migrate` puts a change into effect
    sweep_interval: PositiveFloat = Field(
        300.0, ge=1, description="Seconds between two looks for open orders that no workflow runs for"
    )
    sweep_rate: PositiveFloat = Field(50.0, description="Workflows such a look starts per second, at most")
    reconcile_interval: PositiveFloat = Field(
        86_400.0, ge=1, description="Seconds between two comparisons with the payment gateway's books"
    )
