"""A record survives being written down: a snapshot reads back as exactly the fold it was made from."""

from hypothesis import given
from pydantic import TypeAdapter

from domain.record import EMPTY, OrderRecord, OrderStreamEvent, fold_record
from tests.support.strategies import order_streams, placed_streams

RECORD: TypeAdapter[OrderRecord] = TypeAdapter(OrderRecord)


def read_back(record: OrderRecord) -> OrderRecord:
    return RECORD.validate_json(RECORD.dump_json(record))


def test_an_empty_record_reads_back() -> None:
    assert read_back(EMPTY) == EMPTY


@given(order_streams)
def test_any_record_reads_back(events: list[OrderStreamEvent]) -> None:
    record = fold_record(events)
    assert read_back(record) == record


@given(placed_streams)
def test_the_record_of_a_placed_order_reads_back(events: list[OrderStreamEvent]) -> None:
    record = fold_record(events)
    again = read_back(record)
    assert again == record
    assert (again.status, again.amounts, again.reserved) == (record.status, record.amounts, record.reserved)


@given(placed_streams, order_streams)
def test_a_fold_goes_on_from_a_snapshot(before: list[OrderStreamEvent], after: list[OrderStreamEvent]) -> None:
    assert fold_record(after, read_back(fold_record(before))) == fold_record([*before, *after])
