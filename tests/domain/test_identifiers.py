"""Identifiers and small value objects: what they accept, what they refuse, and that ids never collide."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.identifiers import MAX_QUANTITY, Address, email, event_id, order_id, quantity, sku
from tests.support.samples import ORDER, OTHER_ORDER

texts = st.text("ab:|1", max_size=6)  # the characters that could make one choice of parts read like another
parts = st.tuples(texts, texts, texts)


@pytest.mark.parametrize("text", ["A", "0", "MUG-01", "A.B_C-9", "9" * 64])
def test_skus(text: str) -> None:
    assert sku(text) == text


@pytest.mark.parametrize("text", ["", "-A", ".A", "_A", "mug", "A B", "A\n", "A/B", "Ä", "A" * 65, "А"])
def test_what_is_no_sku(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        sku(text)
    assert refused.value.code == "invalid-sku"


@pytest.mark.parametrize("value", [1, 2, MAX_QUANTITY])
def test_quantities(value: int) -> None:
    assert quantity(value) == value


@pytest.mark.parametrize(("value", "at_most"), [(0, 10), (-1, 10), (11, 10), (MAX_QUANTITY + 1, MAX_QUANTITY)])
def test_what_is_no_quantity(value: int, at_most: int) -> None:
    with pytest.raises(InvalidValue, match=f"between 1 and {at_most}") as refused:
        quantity(value, at_most=at_most)
    assert refused.value.code == "invalid-quantity"


@pytest.mark.parametrize(
    "text", ["a@b.de", "ada.lovelace+x@mail.example.org", "ü@bücher.example", "x" * 64 + "@b.de"]
)
def test_emails(text: str) -> None:
    assert email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "ada@b", "@b.de", "a@b.d", "a@@b.de", "a b@c.de", "a@b.de\n", "a\r\nBcc: x@y.zz"),
        *("a\x00@b.de", "a@b\x7f.de", "x" * 65 + "@b.de", "a@" + "b" * 250 + ".de"),
    ],
)
def test_what_is_no_email_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        email(text)
    assert refused.value.code == "invalid-email"
    assert not text or text not in refused.value.message


@given(parts, parts)
def test_an_order_id_stands_for_one_caller_and_key(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    assert (order_id(*one) == order_id(*two)) == (one == two)


@given(st.lists(parts, unique=True, max_size=50))
def test_distinct_callers_and_keys_have_distinct_order_ids(callers: list[tuple[str, str, str]]) -> None:
    assert len({order_id(*caller) for caller in callers}) == len(callers)


def test_an_order_id_never_changes() -> None:
    assert order_id("https://issuer", "c-1", "key-1") == UUID("8faca242-480a-53be-b011-b8b4a351df9b")


steps = st.tuples(st.sampled_from((ORDER, OTHER_ORDER)), st.text("a#1/:", max_size=5), st.integers(0, 30))


@given(steps, steps)
def test_an_event_id_stands_for_one_order_step_and_index(
    one: tuple[UUID, str, int], two: tuple[UUID, str, int]
) -> None:
    assert (event_id(*one) == event_id(*two)) == (one == two)


def address(**changes: Any) -> Address:
    fields = {"name": "Ada", "line1": "Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}
    return Address(**{**fields, **changes})


TEXTS = ("name", "line1", "line2", "city", "region", "postal_code")
REQUIRED = ("name", "line1", "city", "postal_code")


@pytest.mark.parametrize("label", TEXTS)
@pytest.mark.parametrize("text", ["Łódź", "東京都", "O’Brien & Söhne", "محمد", "👩‍👩‍👧", "e\u0301", "x" * 200])
def test_an_address_holds_any_script(label: str, text: str) -> None:
    assert getattr(address(**{label: text}), label) == text


@pytest.mark.parametrize("label", TEXTS)
@pytest.mark.parametrize("text", ["a\x00", "a\nb", "a\tb", "\x1b[0m", "a\x7f", "a\x85b", "\ud800", "x" * 201])
def test_an_address_holds_no_control_characters_and_no_essays(label: str, text: str) -> None:
    with pytest.raises(InvalidValue, match=label) as refused:
        address(**{label: text})
    assert refused.value.code == "invalid-address"
    assert text not in refused.value.message


@pytest.mark.parametrize("label", REQUIRED)
@pytest.mark.parametrize("text", ["", " ", "\u3000", "\u00a0"])
def test_what_an_address_needs_is_not_blank(label: str, text: str) -> None:
    with pytest.raises(InvalidValue, match=f"{label} is empty"):
        address(**{label: text})


@pytest.mark.parametrize("country", ["", "de", "D", "DEU", "D1", "ДЕ", "DE\n"])
def test_a_country_is_two_capital_letters(country: str) -> None:
    with pytest.raises(InvalidValue, match="country"):
        address(country=country)
