"""Stock of one SKU in one warehouse: what may be received, adjusted, reserved, released and shipped."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.errors import InvalidValue
from domain.inventory.decide import adjust, receive, release, reserve, ship
from domain.inventory.events import StockAdjusted, StockReceived, UnitsReleased, UnitsReserved, UnitsShipped
from domain.inventory.model import StockItem, evolve
from tests.support.samples import ORDER, OTHER_ORDER
from tests.support.spec import Spec

given = Spec(evolve, StockItem()).given
FIVE = StockReceived(5, "delivery")


def test_goods_come_in() -> None:
    given().when(receive, 5, "delivery").then(FIVE)
    given(FIVE).when(receive, 1, "found").then(StockReceived(1, "found"))


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_receipt_has_at_least_one_piece(quantity: int) -> None:
    given(FIVE).when(receive, quantity, "delivery").then_refused("invalid-quantity", InvalidValue)


@pytest.mark.parametrize("change", [3, -1, -5])
def test_the_books_are_corrected(change: int) -> None:
    given(FIVE).when(adjust, change, "count").then(StockAdjusted(change, "count"))


def test_an_adjustment_changes_something() -> None:
    given(FIVE).when(adjust, 0, "count").then_refused("invalid-quantity", InvalidValue)


def test_what_is_reserved_cannot_be_adjusted_away() -> None:
    reserved = given(FIVE, UnitsReserved(ORDER, 3))
    reserved.when(adjust, -2, "broken").then(StockAdjusted(-2, "broken"))
    refusal = reserved.when(adjust, -3, "broken").then_refused("insufficient-stock")
    assert refusal.details == {"available": 2}


@pytest.mark.parametrize("quantity", [1, 5])
def test_what_is_available_is_reserved(quantity: int) -> None:
    given(FIVE).when(reserve, ORDER, quantity).then(UnitsReserved(ORDER, quantity))


def test_nothing_is_oversold() -> None:
    given().when(reserve, ORDER, 1).then_refused("out-of-stock")
    given(FIVE).when(reserve, ORDER, 6).then_refused("out-of-stock")
    given(FIVE, UnitsReserved(OTHER_ORDER, 3)).when(reserve, ORDER, 3).then_refused("out-of-stock")


@pytest.mark.parametrize("quantity", [0, -1])
def test_no_pieces_are_neither_reserved_nor_shipped(quantity: int) -> None:
    held = given(FIVE, UnitsReserved(ORDER, 3))
    held.when(reserve, OTHER_ORDER, quantity).then_refused("invalid-quantity", InvalidValue)
    held.when(ship, ORDER, quantity).then_refused("invalid-quantity", InvalidValue)


def test_a_release_frees_what_the_order_still_holds() -> None:
    given(FIVE, UnitsReserved(ORDER, 3)).when(release, ORDER).then(UnitsReleased(ORDER, 3))
    part = given(FIVE, UnitsReserved(ORDER, 3), UnitsShipped(ORDER, 1))
    part.when(release, ORDER).then(UnitsReleased(ORDER, 2))


def test_there_may_be_nothing_to_release() -> None:
    given(FIVE).when(release, ORDER).then_nothing()
    given(FIVE, UnitsReserved(OTHER_ORDER, 3)).when(release, ORDER).then_nothing()
    given(FIVE, UnitsReserved(ORDER, 3), UnitsReleased(ORDER, 3)).when(release, ORDER).then_nothing()
    given(FIVE, UnitsReserved(ORDER, 3), UnitsShipped(ORDER, 3)).when(release, ORDER).then_nothing()


@pytest.mark.parametrize("quantity", [1, 3])
def test_reserved_pieces_ship(quantity: int) -> None:
    given(FIVE, UnitsReserved(ORDER, 3)).when(ship, ORDER, quantity).then(UnitsShipped(ORDER, quantity))


def test_only_an_orders_own_pieces_ship() -> None:
    held = given(FIVE, UnitsReserved(ORDER, 3))
    held.when(ship, ORDER, 4).then_refused("not-reserved")
    held.when(ship, OTHER_ORDER, 1).then_refused("not-reserved")
    given(FIVE, UnitsReserved(ORDER, 3), UnitsShipped(ORDER, 3)).when(ship, ORDER, 1).then_refused("not-reserved")


def holding(on_hand: int, holds: dict[UUID, int]) -> StockItem:
    return StockItem(on_hand, holds)


def test_the_fold_knows_who_holds_what() -> None:
    both = given(FIVE, UnitsReserved(ORDER, 2), UnitsReserved(OTHER_ORDER, 1)).state
    assert both == holding(5, {ORDER: 2, OTHER_ORDER: 1})
    assert (both.reserved, both.available) == (3, 2)
    shipped = evolve(both, UnitsShipped(ORDER, 2))
    assert shipped == holding(3, {OTHER_ORDER: 1})
    assert (shipped.reserved, shipped.available) == (1, 2)
    assert evolve(both, UnitsReleased(OTHER_ORDER, 1)) == replace(both, holds={ORDER: 2})
    assert evolve(both, StockAdjusted(-2, "broken")).available == 0
