"""Payloads read and written as pydantic's converter of the SDK does, with schemas shared by all converters."""

from uuid import UUID

from temporalio.contrib.pydantic import PydanticPayloadConverter

from activities.contracts import Effect, EffectOutcome, Step
from activities.payment_contracts import CaptureStep
from domain.money import Money
from ops.payloads import SharedPayloadConverter

VALUES = (
    CaptureStep(Step(UUID(int=7), "capture:A#0"), "A", Money(1999, "EUR")),
    Effect(EffectOutcome.REFUSED, 3, "expired", "too late"),
    None,
    b"bytes",
    {"a": [1, "two", None]},
)


def test_payloads_are_those_of_the_sdk() -> None:
    shared, sdk = SharedPayloadConverter(), PydanticPayloadConverter()
    assert [shared.to_payload(value) for value in VALUES] == [sdk.to_payload(value) for value in VALUES]


def test_values_come_back_as_their_types() -> None:
    converter = SharedPayloadConverter()
    for value in VALUES:
        payload = converter.to_payload(value)
        assert converter.from_payload(payload, type(value)) == value


def test_a_types_schema_is_built_once_for_all_converters() -> None:
    def built() -> int:
        json = SharedPayloadConverter().converters[b"json/plain"]
        return int(json._type_adapter.cache_info().misses)  # type: ignore[attr-defined]

    payload = SharedPayloadConverter().to_payload(VALUES[1])
    SharedPayloadConverter().from_payload(payload, Effect)
    once = built()
    SharedPayloadConverter().from_payload(payload, Effect)
    assert built() == once
