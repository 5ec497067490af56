"""What a shipping method costs: the closest fee counts, and a method without one does not go there."""

from decimal import Decimal

import pytest

from domain.errors import InvalidValue
from domain.orders.pricing import ShippingFees

FEES = ShippingFees(
    {
        "standard": {"*": Decimal("4.90"), "JPY": Decimal(700), "GB": Decimal(9), "GB/GBP": Decimal("7.5")},
        "express": {"DE": Decimal("12.90")},
    }
)


@pytest.mark.parametrize(
    ("country", "currency", "minor"),
    [("DE", "EUR", 490), ("FR", "JPY", 700), ("GB", "EUR", 900), ("GB", "JPY", 9), ("GB", "GBP", 750)],
)
def test_the_closest_fee_counts(country: str, currency: str, minor: int) -> None:
    fee = FEES.fee("standard", country, currency)
    assert (fee.minor, fee.currency) == (minor, currency)


def test_a_method_goes_where_it_has_a_fee() -> None:
    assert FEES.fee("express", "DE", "EUR").minor == 1290
    with pytest.raises(InvalidValue) as refused:
        FEES.fee("express", "FR", "EUR")
    assert refused.value.code == "shipping-method-not-available"
    assert refused.value.details == {"possible": ["standard"]}


def test_an_unknown_method_is_told_those_there_are() -> None:
    with pytest.raises(InvalidValue) as refused:
        FEES.fee("pigeon", "DE", "EUR")
    assert (refused.value.code, refused.value.details) == (
        "unknown-shipping-method",
        {"possible": ["express", "standard"]},
    )
