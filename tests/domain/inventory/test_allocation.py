"""Which warehouse serves what: all from one where that is possible, never more than there is, all or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.decide import allocate
from domain.inventory.events import Allocation, Shortage

Stock = Mapping[tuple[str, str], int]
Wanted = Sequence[tuple[str, int]]
WAREHOUSES = ("BER", "MUC", "HAM")
SKUS = ("MUG", "TEA", "POT")

stocks = st.dictionaries(st.tuples(st.sampled_from(WAREHOUSES), st.sampled_from(SKUS)), st.integers(0, 6))
wishes = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1).map(lambda wish: list(wish.items()))
priorities = st.permutations(WAREHOUSES).flatmap(lambda order: st.integers(0, 3).map(lambda count: order[:count]))


def test_the_first_warehouse_that_can_serve_everything() -> None:
    stock = {("BER", "MUG"): 9, ("MUC", "MUG"): 9, ("MUC", "TEA"): 9, ("HAM", "MUG"): 9, ("HAM", "TEA"): 9}
    chosen = allocate([("MUG", 2), ("TEA", 1)], stock, WAREHOUSES)
    assert chosen == (Allocation("MUC", "MUG", 2), Allocation("MUC", "TEA", 1))


def test_one_far_warehouse_is_better_than_two_near_ones() -> None:
    stock = {("BER", "MUG"): 2, ("MUC", "MUG"): 1, ("HAM", "MUG"): 3}
    assert allocate([("MUG", 3)], stock, WAREHOUSES) == (Allocation("HAM", "MUG", 3),)


def test_else_each_line_is_split_by_priority() -> None:
    stock = {("BER", "MUG"): 2, ("MUC", "MUG"): 1, ("MUC", "TEA"): 5, ("HAM", "MUG"): 2}
    assert allocate([("MUG", 4), ("TEA", 1)], stock, WAREHOUSES) == (
        Allocation("BER", "MUG", 2),
        Allocation("MUC", "MUG", 1),
        Allocation("HAM", "MUG", 1),
        Allocation("MUC", "TEA", 1),
    )


def test_every_short_line_is_named_and_nothing_is_allocated() -> None:
    stock = {("BER", "MUG"): 2, ("MUC", "MUG"): 1, ("BER", "TEA"): 5}
    chosen = allocate([("MUG", 4), ("TEA", 1), ("POT", 1)], stock, WAREHOUSES)
    assert chosen == (Shortage("MUG", 4, 3), Shortage("POT", 1, 0))


def test_warehouses_without_a_priority_do_not_serve() -> None:
    assert allocate([("MUG", 1)], {("HAM", "MUG"): 9}, ("BER", "MUC")) == (Shortage("MUG", 1, 0),)


@given(wishes, stocks, priorities)
def test_never_more_than_there_is_and_exactly_what_is_wanted(
    wanted: Wanted, stock: Stock, order: list[str]
) -> None:
    chosen = allocate(wanted, stock, order)
    allocations = [part for part in chosen if isinstance(part, Allocation)]
    used: Counter[tuple[str, str]] = Counter()
    served: Counter[str] = Counter()
    for part in allocations:
        assert part.quantity > 0
        assert part.warehouse in order
        used[part.warehouse, part.sku] += part.quantity
        served[part.sku] += part.quantity
    assert all(quantity <= stock.get(place, 0) for place, quantity in used.items())
    assert len(used) == len(allocations)
    if allocations:
        assert served == dict(wanted)


@given(wishes, stocks, priorities)
def test_short_exactly_where_all_warehouses_together_have_too_little(
    wanted: Wanted, stock: Stock, order: list[str]
) -> None:
    free = {sku: sum(stock.get((warehouse, sku), 0) for warehouse in order) for sku, _ in wanted}
    short = tuple(Shortage(sku, quantity, free[sku]) for sku, quantity in wanted if free[sku] < quantity)
    chosen = allocate(wanted, stock, order)
    assert chosen == short if short else all(isinstance(part, Allocation) for part in chosen)


@given(wishes, stocks, priorities)
def test_one_warehouse_serves_all_if_any_can(wanted: Wanted, stock: Stock, order: list[str]) -> None:
    able = [
        warehouse
        for warehouse in order
        if all(stock.get((warehouse, sku), 0) >= quantity for sku, quantity in wanted)
    ]
    if able:
        assert allocate(wanted, stock, order) == tuple(Allocation(able[0], sku, count) for sku, count in wanted)


@given(wishes, stocks, priorities)
def test_a_split_line_empties_a_warehouse_before_it_turns_to_the_next(
    wanted: Wanted, stock: Stock, order: list[str]
) -> None:
    parts = [part for part in allocate(wanted, stock, order) if isinstance(part, Allocation)]
    if len({part.warehouse for part in parts}) > 1:
        for sku, _ in wanted:
            line = [part for part in parts if part.sku == sku]
            ranks = [order.index(part.warehouse) for part in line]
            assert ranks == sorted(ranks)
            used = {part.warehouse: part.quantity for part in line}
            for warehouse in order[: ranks[-1]]:
                assert used.get(warehouse, 0) == stock.get((warehouse, sku), 0)
