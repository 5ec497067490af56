"""Order numbers survive being read out and typed in: forgiving of look-alikes, deaf to typing errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.identifiers import OrderNumber, order_number, parse_order_number
from tests.support.samples import ORDER, OTHER_ORDER

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
numbers = st.uuids(version=5).map(order_number)
SAMPLES = [order_number(ORDER), order_number(OTHER_ORDER)]


def plain(number: str) -> str:
    return number.replace("-", "")


def refused(text: str) -> bool:
    try:
        parse_order_number(text)
    except InvalidValue as error:
        return error.code == "invalid-order-number"
    return False


@given(numbers)
def test_three_groups_of_four_and_read_back(number: OrderNumber) -> None:
    assert [len(group) for group in number.split("-")] == [4, 4, 4]
    assert set(plain(number)) <= set(DIGITS)
    assert parse_order_number(number) == number


@given(numbers, st.data())
def test_case_hyphens_and_spaces_do_not_matter(number: OrderNumber, data: st.DataObject) -> None:
    typed = "".join(
        data.draw(st.sampled_from((char, char.lower()))) + data.draw(st.sampled_from(("", " ", "-", " - ")))
        for char in plain(number)
    )
    assert parse_order_number(f" {typed}\n") == number


@given(numbers)
@pytest.mark.parametrize(("digit", "lookalikes"), [("0", "Oo"), ("1", "IiLl")])
def test_look_alikes_are_read_as_digits_in_every_place(digit: str, lookalikes: str, number: OrderNumber) -> None:
    for lookalike in lookalikes:
        assert parse_order_number(number.replace(digit, lookalike)) == number


@pytest.mark.parametrize("number", SAMPLES)
def test_every_substitution_of_one_character_is_caught(number: OrderNumber) -> None:
    text = plain(number)
    for place, right in enumerate(text):
        for wrong in set(DIGITS) - {right}:
            assert refused(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("number", SAMPLES)
def test_every_transposition_of_neighbours_is_caught(number: OrderNumber) -> None:
    text = plain(number)
    for place in range(11):
        left, right = text[place], text[place + 1]
        if left != right:
            assert refused(text[:place] + right + left + text[place + 2 :])


@given(numbers, st.integers(0, 11), st.integers(0, 31))
def test_typing_errors_are_caught_in_any_number(number: OrderNumber, place: int, symbol: int) -> None:
    text = plain(number)
    wrong = text[:place] + DIGITS[symbol] + text[place + 1 :]
    assert wrong == text or refused(wrong)
    swapped = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    assert swapped == text or refused(swapped)


@given(numbers)
def test_a_character_too_few_or_too_many_is_refused(number: OrderNumber) -> None:
    assert refused(plain(number)[:-1])
    assert refused(plain(number) + "0")


@pytest.mark.parametrize("text", ["", " ", "-", "U" * 12, "0" * 11, "0000-0000-000Ä", "０" * 12, "0" * 5000])
def test_what_is_no_order_number(text: str) -> None:
    assert refused(text)


def test_no_digit_of_the_number_is_fixed() -> None:
    """All 55 bits vary from order to order; those of the UUID's version and variant are left out."""
    from uuid import NAMESPACE_URL, uuid5

    columns = zip(*(plain(order_number(uuid5(NAMESPACE_URL, str(n)))) for n in range(2000)), strict=True)
    assert [len(set(column)) for column in columns] == [32] * 12
