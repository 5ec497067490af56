"""Who waits for a SKU is served in order, from whichever warehouse has it, and nobody comes before them."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.decider import fold
from domain.inventory.events import (
    Allocation,
    BackorderFilled,
    BackorderWithdrawn,
    Shortage,
    StockEvent,
    StockReceived,
    UnitsBackordered,
)
from domain.inventory.model import StockItem, evolve
from domain.inventory.queue import free, part, serve, withdraw
from tests.support.samples import ORDER, OTHER_ORDER

PLACES = ("BER", "LYS")


def shelf(*events: StockEvent) -> StockItem:
    return fold(evolve, StockItem(), events)


def test_a_piece_goes_to_whoever_came_first_and_leaves_the_other_queues() -> None:
    queued = (UnitsBackordered(ORDER, 2), UnitsBackordered(OTHER_ORDER, 1))
    items = {"BER": shelf(*queued), "LYS": shelf(*queued, StockReceived(2, "delivery"))}
    assert serve(items, PLACES) == {
        "LYS": [BackorderFilled(ORDER, 2)],
        "BER": [BackorderWithdrawn(ORDER, 2)],
    }


def test_pieces_of_both_warehouses_are_put_together() -> None:
    queued = UnitsBackordered(ORDER, 3)
    items = {place: shelf(queued, StockReceived(pieces, "d")) for place, pieces in (("BER", 1), ("LYS", 5))}
    assert serve(items, PLACES) == {
        "BER": [BackorderFilled(ORDER, 1), BackorderWithdrawn(ORDER, 2)],
        "LYS": [BackorderWithdrawn(ORDER, 1), BackorderFilled(ORDER, 2)],
    }


def test_a_newcomer_gets_nothing_while_anybody_waits() -> None:
    items = {"BER": shelf(UnitsBackordered(ORDER, 1)), "NEW": shelf(StockReceived(5, "opened lately"))}
    assert free(items) == {"BER": 0, "NEW": 0}
    assert free({"BER": shelf(StockReceived(5, "d"))}) == {"BER": 5}


def test_whoever_gives_up_leaves_every_queue() -> None:
    items = {place: shelf(UnitsBackordered(ORDER, 2), UnitsBackordered(OTHER_ORDER, 1)) for place in PLACES}
    assert withdraw(items, ORDER) == {place: [BackorderWithdrawn(ORDER, 2)] for place in PLACES}
    assert withdraw({"BER": shelf()}, ORDER) == {}


def test_what_there_is_of_each_line_is_taken() -> None:
    available = {("BER", "MUG"): 1, ("LYS", "MUG"): 1, ("BER", "TEA"): 4}
    assert part([("MUG", 3), ("TEA", 2)], available, PLACES) == (
        (Allocation("BER", "MUG", 1), Allocation("LYS", "MUG", 1), Allocation("BER", "TEA", 2)),
        (Shortage("MUG", 3, 2),),
    )


@given(
    wants=st.lists(st.integers(1, 5), max_size=6),
    arrivals=st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 4)), max_size=8),
)
def test_whatever_arrives_the_first_have_all_before_the_next_have_any(
    wants: list[int], arrivals: list[tuple[str, int]]
) -> None:
    orders = [UUID(int=number) for number in range(1, len(wants) + 1)]
    queued = [UnitsBackordered(order, pieces) for order, pieces in zip(orders, wants, strict=True)]
    items = {place: shelf(*queued) for place in PLACES}
    for place, pieces in arrivals:
        items[place] = evolve(items[place], StockReceived(pieces, "d"))
        for each, events in serve(items, PLACES).items():
            items[each] = fold(evolve, items[each], events)
    got = [sum(item.holds.get(order, 0) for item in items.values()) for order in orders]
    come = sum(pieces for _, pieces in arrivals)
    for pieces, wanted in zip(got, wants, strict=True):
        assert pieces == min(wanted, come)
        come -= pieces
    for item in items.values():
        assert list(item.waiting) == list(items["BER"].waiting)  # one queue
        assert item.on_hand >= item.reserved
        assert not (item.waiting and item.available)
