"""Settings of how an order may change on its way: screening, holds, availability, amendments, deadlines."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class OrderSettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    # Screening: which orders wait for an operator before they go on
    screening_total: PositiveInt | None = Field(
        None, description="Total, in whole units of its currency, above which an order is held for approval"
    )
    screening_orders: PositiveInt | None = Field(
        None, description="Orders of one customer within the screening window after which further ones are held"
    )
    screening_window: PositiveFloat = Field(
        3600.0, description="Seconds that screening counts a customer's orders over"
    )
    screening_open_total: PositiveInt | None = Field(
        None,
        description="Sum of a customer's open orders in one currency, in whole units, above which more are held",
    )
    screening_new_country: bool = Field(
        False, description="Whether an order to a country that the customer never had a parcel to is held"
    )

    unpaid_expiry: NonNegativeFloat = Field(
        0.0,
        description="Seconds after placing in which a declined payment may be tried again; then the order is "
        "cancelled. 0 cancels it with the first decline",
    )

    # Parcels that do not arrive
    delivery_deadline: NonNegativeFloat = Field(
        14.0, description="Days after dispatch in which a parcel has to arrive; then it is lost. 0: never"
    )
    on_lost: Literal["replace", "refund", "ask"] = Field(
        "ask", description="What is done about a lost parcel; replaced as long as one warehouse has all its goods"
    )

    # Stock that does not cover an order
    decision_deadline: PositiveFloat = Field(
        172_800.0, description="Seconds a customer has to decide what to do when stock does not cover its order"
    )
    decision_default: Literal["wait", "drop", "cancel"] = Field(
        "cancel", description="What is done when the customer did not decide in time"
    )
    restock_poll_interval: PositiveFloat = Field(
        600.0,
        description="Seconds to a waiting order's first look for stock nobody told it of; doubles up to 64-fold",
    )

    # Returns
    return_window_days: PositiveInt = Field(
        30, description="Days after its delivery for which goods are taken back"
    )
    return_auto_approve: bool = Field(
        False, description="Whether a return within the rules needs nobody's approval; a claim always does"
    )
    restocking_fee: Decimal = Field(
        Decimal(0), ge=0, le=100, description="Percent of what returned goods cost that the shop keeps"
    )
    refund_shipping: bool = Field(
        False, description="Whether the shipping fee goes back too, with the last piece of an order"
    )
