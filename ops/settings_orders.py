"""Settings of how an order may change on its way: screening, holds, availability, amendments, deadlines."""

import json
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode

from domain.orders.events import STANDARD_SHIPPING
from domain.orders.pricing import ANYWHERE, ShippingFees


def json_object(value: object) -> object:
    """A setting's text as JSON. Raises ValueError."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"not a JSON object ({error})") from None


class OrderSettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    # Shipping
    shipping_fee: Decimal = Field(
        Decimal("4.90"), ge=0, description="Fee per order of standard shipping, in the order's currency"
    )
    shipping_methods: Annotated[dict[str, dict[str, Decimal]], NoDecode] = Field(
        {"express": {"*": Decimal("12.90")}},
        description="Fees of other shipping methods, and of `standard` where it differs, as JSON: by country, "
        "currency, both (`DE/EUR`) or `*`; the closest counts",
    )

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

    authorization_lifetime: NonNegativeFloat = Field(
        7.0, description="Days in which the gateway lets an authorisation be captured. 0: without end"
    )
    authorization_renewal: NonNegativeFloat = Field(
        1.0, description="Days before its end in which what is left of an authorisation is authorised anew"
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
    return_labels: bool = Field(
        True, description="Whether the shop books the parcel that approved goods come back in"
    )
    restocking_fee: Decimal = Field(
        Decimal(0), ge=0, le=100, description="Percent of what returned goods cost that the shop keeps"
    )
    refund_shipping: bool = Field(
        False, description="Whether the shipping fee goes back too, with the last piece of an order"
    )

    @field_validator("shipping_methods", mode="before")
    @classmethod
    def _object(cls, value: object) -> object:
        return json_object(value)

    @field_validator("shipping_methods", mode="after")
    @classmethod
    def _fees(cls, value: dict[str, dict[str, Decimal]]) -> dict[str, dict[str, Decimal]]:
        ShippingFees(value)  # refuses what is no fee
        return value

    @property
    def shipping_fees(self) -> ShippingFees:
        """Every shipping method's fees; standard shipping goes anywhere."""
        standard = {ANYWHERE: self.shipping_fee, **self.shipping_methods.get(STANDARD_SHIPPING, {})}
        return ShippingFees({**self.shipping_methods, STANDARD_SHIPPING: standard})
