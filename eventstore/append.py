"""Append requests on their way to the SQL function `append_events`, and its answers on their way back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from eventstore.codec import Codec, Encoded, InvalidEvent
from eventstore.store import Appended, Expected, PartialRepeat, StoreError, StreamWrite, WrongExpectedVersion

APPEND = "SELECT request, outcome, stream_id, version FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

MAX_STREAMS = 256
MAX_EVENTS = 1000
MAX_STREAM_ID = 255

EXPECTED = {Expected.ANY: -1, Expected.EXISTS: -2, Expected.NO_STREAM: 0}


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    event_id: UUID
    encoded: Encoded
    metadata: str


@dataclass(frozen=True, slots=True)
class AppendRequest:
    """One append, validated and encoded; `events[n]` belong to `writes[n]`."""

    writes: Sequence[StreamWrite]
    streams: frozenset[str]
    events: Sequence[Sequence[PreparedEvent]]


def prepare(writes: Sequence[StreamWrite], codec: Codec) -> AppendRequest:
    """Check and encode an append, so that whatever is wrong with it concerns its caller alone.

    Raises:
        ValueError: no stream or too many, a stream or event id twice, too many events, a malformed stream id or
            expected version.
        CodecError: an event or its metadata cannot be stored.
    """
    streams = frozenset(write.stream_id for write in writes)
    ids = [event.event_id for write in writes for event in write.events]
    if not 0 < len(writes) <= MAX_STREAMS or len(ids) > MAX_EVENTS:
        raise ValueError(f"an append takes 1 to {MAX_STREAMS} streams and at most {MAX_EVENTS} events")
    if len(streams) != len(writes) or len(set(ids)) != len(ids):
        raise ValueError("a stream or an event id stands twice in one append")
    for write in writes:
        _check(write)
    events = [
        [PreparedEvent(new.event_id, codec.encode(new.event), _metadata(new.metadata)) for new in write.events]
        for write in writes
    ]
    return AppendRequest(writes, streams, events)


def _check(write: StreamWrite) -> None:
    if not 0 < len(write.stream_id) <= MAX_STREAM_ID or not write.stream_id.isprintable():
        raise ValueError(f"stream id {write.stream_id!r}: 1 to {MAX_STREAM_ID} printable characters are taken")
    if isinstance(write.expected, int) and not 0 <= write.expected < 2**63:
        raise ValueError(f"expected version {write.expected}: versions count from 0")


def _metadata(metadata: Mapping[str, str]) -> str:
    if not metadata:
        return "{}"
    if any("\0" in text for pair in metadata.items() for text in pair):
        raise InvalidEvent("metadata holds a NUL character")
    return json.dumps(dict(metadata), separators=(",", ":"))  # escapes all that is not ASCII: always storable


def arguments(requests: Sequence[AppendRequest]) -> Sequence[list[Any]]:
    """The ten arrays of `append_events`: three of the stream writes, seven of the events."""
    columns: tuple[list[Any], ...] = tuple([] for _ in range(10))
    add = [column.append for column in columns]
    nr = 0
    for request_nr, request in enumerate(requests):
        for write, events in zip(request.writes, request.events, strict=True):
            nr += 1
            expected = write.expected
            add[0](request_nr)
            add[1](write.stream_id)
            add[2](EXPECTED[expected] if isinstance(expected, Expected) else expected)
            for place, event in enumerate(events, 1):
                encoded = event.encoded
                row = (
                    nr,
                    place,
                    event.event_id,
                    encoded.type,
                    encoded.schema_version,
                    event.metadata,
                    encoded.data,
                )
                for put, value in zip(add[3:], row, strict=True):
                    put(value)
    return columns


def results(requests: Sequence[AppendRequest], rows: Sequence[asyncpg.Record]) -> Sequence[Appended | Exception]:
    """One answer per request. A request without a row had only checks, and they hold."""
    answers: list[Appended | Exception] = [Appended({})] * len(requests)
    for nr, group in groupby(sorted(rows, key=_request_of), key=_request_of):
        answers[nr] = _answer(requests[nr], list(group))
    return answers


def _request_of(row: asyncpg.Record) -> int:
    nr: int = row[0]
    return nr


def _answer(request: AppendRequest, rows: Sequence[asyncpg.Record]) -> Appended | StoreError:
    _, outcome, stream_id, version = rows[0]
    match outcome:
        case "appended" | "repeated":
            return Appended({row[2]: row[3] for row in rows}, repeated=outcome == "repeated")
        case "conflict":
            expected = next(write.expected for write in request.writes if write.stream_id == stream_id)
            return WrongExpectedVersion(stream_id, expected, version)
        case "partial":
            return PartialRepeat(stream_id, "other event ids of the append are not in this stream")
        case _:
            raise AssertionError(f"append_events answered {outcome!r}")
