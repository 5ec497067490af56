"""Append requests on their way to the SQL function `append_events`, and its answers on their way back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import asyncpg

from eventstore.codec import Codec, CodecError, InvalidEvent
from eventstore.store import (
    Appended,
    BadStreamId,
    Expected,
    InvalidAppend,
    PartialRepeat,
    StoreError,
    StreamClosed,
    StreamWrite,
    WrongExpectedVersion,
)

COLUMNS = "SELECT request, outcome, stream_id, version"
APPEND = f"{COLUMNS} FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
APPEND_CAREFULLY = APPEND.replace("$11)", "$11, careful => true)")

MAX_STREAMS = 256
MAX_EVENTS = 1000
MAX_STREAM_ID = 255

EXPECTED = {Expected.ANY: -1, Expected.EXISTS: -2, Expected.NO_STREAM: 0}

CLOSES = "$closes"
"""Metadata key of a stream's closing event; `append_events` looks for it. Callers' own keys begin otherwise."""


Kind = tuple[str, int, str]
"""Type, schema version and metadata: what many events of a batch have alike. It travels once for all of them."""


@dataclass(slots=True)
class AppendRequest:
    """One append, validated and encoded; its events stand in columns, in the order of its writes."""

    writes: Sequence[StreamWrite]
    streams: frozenset[str]
    ids: list[UUID]
    kinds: list[Kind]
    data: list[str]
    weight: int  # what it costs the database, in events; a stream that is only checked costs about one


def prepare(writes: Sequence[StreamWrite], codec: Codec) -> AppendRequest:
    """Check and encode an append, so that whatever is wrong with it concerns its caller alone.

    Raises:
        InvalidAppend: no stream or too many, a stream or event id twice, too many events, a malformed stream id
            (BadStreamId) or expected version.
        CodecError: an event or its metadata cannot be stored; it names the stream.
    """
    streams = frozenset([write.stream_id for write in writes])
    count = sum([len(write.events) for write in writes])
    if not 0 < len(writes) <= MAX_STREAMS or count > MAX_EVENTS:
        raise InvalidAppend(
            f"an append takes 1 to {MAX_STREAMS} streams and at most {MAX_EVENTS} events,"
            f" not {len(writes)} streams and {count} events"
        )
    if len(streams) != len(writes):
        raise InvalidAppend(f"a stream stands twice in one append: {_shown(writes)}")
    if count > 1 and len({event.event_id for write in writes for event in write.events}) != count:
        raise InvalidAppend(f"an event id stands twice in one append to {_shown(writes)}")
    request = AppendRequest(writes, streams, [], [], [], max(count, len(writes)))
    for write in writes:
        _add(write, codec, request)
    return request


def _shown(writes: Sequence[StreamWrite]) -> str:
    return ", ".join(write.stream_id for write in writes)


def _add(write: StreamWrite, codec: Codec, request: AppendRequest) -> None:
    stream_id, expected = write.stream_id, write.expected
    if not 0 < len(stream_id) <= MAX_STREAM_ID or not stream_id.isprintable():
        raise BadStreamId(stream_id, f"1 to {MAX_STREAM_ID} printable characters")
    if type(expected) is int and not 0 <= expected < 2**63:
        raise InvalidAppend(f"stream {stream_id}: expected version {expected}; versions count from 0")
    if write.closes and not write.events:
        raise InvalidAppend(f"stream {stream_id} is closed by an event, and none is given")
    ids, kinds, lines = request.ids, request.kinds, request.data
    try:
        for event_id, event, metadata in write.events:
            name, version, data = codec.encode(event)
            ids.append(event_id)
            kinds.append((name, version, _metadata(metadata) if metadata else "{}"))
            lines.append(data)
    except CodecError as error:
        raise error.in_stream(stream_id) from None
    if write.closes:
        name, version, _ = kinds[-1]
        kinds[-1] = (name, version, _json({**write.events[-1].metadata, CLOSES: "true"}))


def _metadata(metadata: Mapping[str, str]) -> str:
    if any("\0" in text for pair in metadata.items() for text in pair):
        raise InvalidEvent("metadata holds a NUL character")
    if reserved := [key for key in metadata if key.startswith("$")]:
        raise InvalidEvent(f"metadata key {reserved[0]!r}: keys that begin with $ are the store's own")
    return _json(metadata)


def _json(metadata: Mapping[str, str]) -> str:
    return json.dumps(dict(metadata), separators=(",", ":"))  # escapes all that is not ASCII: always storable


def arguments(requests: Sequence[AppendRequest]) -> Sequence[object]:
    """The arguments of `append_events`: five arrays of the stream writes, three of kinds, the events' columns."""
    numbers: list[int] = []
    streams: list[str] = []
    expected: list[int] = []
    counts: list[int] = []
    offsets: list[int] = []
    ids: list[UUID] = []
    kinds: list[Kind] = []
    data: list[str] = []
    for number, request in enumerate(requests):
        before = len(ids)
        for write in request.writes:
            numbers.append(number)
            streams.append(write.stream_id)
            expected.append(_expected(write))
            counts.append(len(write.events))
            offsets.append(before)
            before += len(write.events)
        ids += request.ids
        kinds += request.kinds
        data += request.data
    known: dict[Kind, int] = {}
    event_kinds = [known.setdefault(kind, len(known) + 1) for kind in kinds]
    types, schemas, metadata = zip(*known, strict=True) if known else ((), (), ())
    lines = "\n".join(data)
    return numbers, streams, expected, counts, offsets, types, schemas, metadata, ids, event_kinds, lines


def _expected(write: StreamWrite) -> int:
    return EXPECTED[write.expected] if isinstance(write.expected, Expected) else write.expected


def results(requests: Sequence[AppendRequest], rows: Sequence[asyncpg.Record]) -> Sequence[Appended | Exception]:
    """One answer per request. A request without a row went through as it was asked."""
    answers: list[Appended | Exception] = [_as_expected(request) for request in requests]
    for number, group in groupby(sorted(rows, key=_request_of), key=_request_of):
        answers[number] = _answer(requests[number], list(group))
    return answers


def _as_expected(request: AppendRequest) -> Appended:
    return Appended(
        {write.stream_id: _expected(write) + len(write.events) for write in request.writes if write.events}
    )


def _request_of(row: asyncpg.Record) -> int:
    number: int = row[0]
    return number


def _answer(request: AppendRequest, rows: Sequence[asyncpg.Record]) -> Appended | StoreError:
    _, outcome, stream_id, version = rows[0]
    if outcome in ("appended", "repeated"):
        return Appended({row[2]: row[3] for row in rows}, repeated=outcome == "repeated")
    expected = next(write.expected for write in request.writes if write.stream_id == stream_id)
    match outcome:
        case "conflict":
            return WrongExpectedVersion(stream_id, expected, version)
        case "closed":
            return StreamClosed(stream_id, expected, version)
        case "partial":
            return PartialRepeat(stream_id, "other event ids of the append are not in this stream")
        case _:
            raise AssertionError(f"append_events answered {outcome!r}")
