"""Events of the log as CloudEvents 1.0, and the Redis streams they go to."""

import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from eventstore.codec import Codec, CodecError, EventTypes
from eventstore.store import StoredEvent

STREAMS: Final = "waybill."
UNDECODABLE: Final = "undecodable"
"""The context of events that this process does not know, which are published as they are stored."""


class Envelope(NamedTuple):
    """A CloudEvent's attributes and data as stream fields, but for the constant ones (`scripts/publish.lua`).

    `sequence` and `position` are extensions: the event's version in its stream, and its place in the log.
    `dataschema` names the event's type and schema version.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
    dataschema: str
    sequence: str
    position: str
    metadata: str
    data: str


def context_of(cls: type) -> str:
    """The domain context that owns an event class: `orders`, `payments`, …"""
    return cls.__module__.split(".")[1]


def stream_name(context: str, subject: str, partitions: int) -> str:
    """The Redis stream of a context's event: one, or the partition that all events of its own stream go to."""
    return (
        f"{STREAMS}{context}"
        if partitions == 1
        else f"{STREAMS}{context}.{zlib.crc32(subject.encode()) % partitions}"
    )


class Envelopes:
    """Makes them. Data that is stored in the present shape is not decoded: it goes out byte for byte."""

    def __init__(self, types: EventTypes, codec: Codec) -> None:
        self._codec = codec
        self._known: Mapping[str, tuple[str, int]] = {
            entry.name: (context_of(entry.cls), entry.version) for entry in types
        }

    def wrap(self, stored: StoredEvent) -> tuple[str, Envelope]:
        """The event's context, and the event."""
        context, version, data = self._present(stored)
        return context, Envelope(
            str(stored.event_id),
            f"/waybill/{context}",
            f"waybill.{context}.{stored.type}",
            stored.stream_id,
            stored.recorded_at.isoformat(),
            f"urn:waybill:event:{stored.type}:{version}",
            str(stored.version),
            str(stored.position),
            stored.metadata,
            data,
        )

    def _present(self, stored: StoredEvent) -> tuple[str, int, str]:
        context, version = self._known.get(stored.type, (UNDECODABLE, 0))
        if version == stored.schema_version:
            return context, version, stored.data
        try:
            event = self._codec.decode(stored.type, stored.schema_version, stored.data)
        except CodecError:
            return UNDECODABLE, stored.schema_version, stored.data
        return context, version, self._codec.encode(event).data
