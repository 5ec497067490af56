"""An order's side of its reservation: what it got, or what was missing."""

from domain.inventory.events import Allocation, Shortage, StockReleased, StockReserved, StockUnavailable
from domain.inventory.model import NO_RESERVATION, Reservation, ReservationStatus, evolve_reservation
from tests.support.spec import Spec

given = Spec(evolve_reservation, NO_RESERVATION).given
PARTS = (Allocation("MUC", "MUG", 1), Allocation("BER", "MUG", 2), Allocation("MUC", "TEA", 1))
MISSING = (Shortage("MUG", 3, 2),)


def test_nothing_is_reserved_at_first() -> None:
    assert given().state == Reservation(ReservationStatus.NONE, (), ())


def test_a_reservation_names_its_warehouses_once_in_order() -> None:
    reserved = given(StockReserved(PARTS)).state
    assert reserved == Reservation(ReservationStatus.RESERVED, PARTS, ())
    assert reserved.warehouses == ("BER", "MUC")
    assert reserved.of("MUC") == (PARTS[0], PARTS[2])
    assert reserved.of("HAM") == ()


def test_what_was_missing_is_kept() -> None:
    assert given(StockUnavailable(MISSING)).state == Reservation(ReservationStatus.UNAVAILABLE, (), MISSING)


def test_a_later_reservation_replaces_what_was_missing() -> None:
    assert given(StockUnavailable(MISSING), StockReserved(PARTS)).state == given(StockReserved(PARTS)).state


def test_nothing_is_left_of_a_released_reservation() -> None:
    released = given(StockReserved(PARTS), StockReleased(PARTS)).state
    assert released == Reservation(ReservationStatus.RELEASED, (), ())
