"""Reading what other services publish: a Redis stream's entry as a CloudEvent 1.0.

Each attribute is a field of the entry, as in the binary content mode of other protocols, and `data` is JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import orjson
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

from domain.identifiers import WAYBILL_NAMESPACE

INBOUND: Final = "waybill.inbound."
MAX_DATA: Final = 262_144
MAX_ATTRIBUTE: Final = 1000
REQUIRED: Final = ("specversion", "id", "source", "type")


class Rejected(Exception):
    """The message cannot be handled, now or when it is repeated: it belongs to the dead letters.

    `code` is stable and kebab-case; `detail` says what was wrong and what is accepted.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """An outside event. `event_id` is made of source and id, which name an event together (CloudEvents 1.0).

    `identity` is the id alone, as its source gave it.
    """

    event_id: UUID
    source: str
    type: str
    subject: str | None
    time: datetime | None
    data: bytes
    identity: str = ""


def event_id(source: str, identity: str) -> UUID:
    return uuid5(WAYBILL_NAMESPACE, f"{len(source)}:{source}|{identity}")


def read_event(fields: Mapping[bytes, bytes]) -> InboundEvent:
    """The event that a stream's entry holds.

    Raises:
        Rejected: `malformed`; it is no CloudEvent 1.0 with JSON data.
    """
    data = fields.get(b"data", b"")
    attributes = _attributes(fields)
    try:
        event = CloudEvent(dict(attributes), data)  # which adds to what it is given
    except CloudEventValidationError as error:
        wrong = "; ".join(str(each) for errors in error.errors.values() for each in errors)
        raise Rejected("malformed", f"not a CloudEvent 1.0: {wrong}") from None
    if attributes.get("datacontenttype", "application/json") != "application/json":
        raise Rejected("malformed", "datacontenttype: application/json is accepted")
    if len(data) > MAX_DATA:
        raise Rejected("malformed", f"data: {len(data)} bytes; at most {MAX_DATA} are accepted")
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Rejected("malformed", f"data is not JSON: {error}") from None
    source = str(event.get_source())
    identity = str(event.get_id())
    named, time = event_id(source, identity), attributes.get("time")
    return InboundEvent(named, source, event.get_type(), event.get_subject(), time, data, identity)


def _attributes(fields: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The attributes as the SDK takes them. It makes up what is missing, as for a publisher; a reader must not."""
    given: dict[str, Any] = {}
    for raw, value in fields.items():
        if raw == b"data":
            continue
        if len(value) > MAX_ATTRIBUTE:
            raise Rejected("malformed", f"{_shown(raw)}: at most {MAX_ATTRIBUTE} bytes are accepted")
        try:
            given[raw.decode()] = value.decode()
        except UnicodeDecodeError:
            raise Rejected("malformed", f"{_shown(raw)}: UTF-8 is accepted") from None
    for name in REQUIRED:
        if not given.get(name):
            raise Rejected("malformed", f"{name} is missing; a CloudEvent 1.0 has {', '.join(REQUIRED)}")
    if "time" in given:
        try:
            given["time"] = datetime.fromisoformat(given["time"])
        except ValueError:
            raise Rejected("malformed", "time: an RFC 3339 timestamp is accepted") from None
    return given


def _shown(name: bytes) -> str:
    return name[:40].decode(errors="replace")
