"""A record is written by msgspec and read by pydantic: they mean the same by it."""

import orjson
from hypothesis import given
from pydantic import TypeAdapter

from domain.record import OrderRecord, OrderStreamEvent, fold_record
from eventstore.fast_json import write_json
from tests.support.strategies import order_streams, placed_streams

RECORD: TypeAdapter[OrderRecord] = TypeAdapter(OrderRecord)


@given(placed_streams | order_streams)
def test_any_record_is_written_as_pydantic_writes_it(events: list[OrderStreamEvent]) -> None:
    record = fold_record(events)
    written = write_json(record)
    assert orjson.loads(written) == orjson.loads(RECORD.dump_json(record))
    assert RECORD.validate_json(written) == record
