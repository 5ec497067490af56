"""`Waybill-Position`: where a command's effect stands, as an opaque token that a later read can wait for."""

import base64
import json
from typing import Final

from activities.aggregates import Committed
from domain.errors import InvalidValue

HEADER: Final = "Waybill-Position"
MAX_TOKEN: Final = 400
MAX_VERSION: Final = 2**62


def encode(committed: Committed) -> str:
    text = json.dumps([committed.stream_id, committed.version], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(token: str) -> Committed:
    """Raises InvalidValue (`invalid-position`)."""
    try:
        if len(token) > MAX_TOKEN:
            raise ValueError
        padded = token + "=" * (-len(token) % 4)
        stream_id, version = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(stream_id, str) or type(version) is not int or not 0 <= version <= MAX_VERSION:
            raise ValueError
        if not stream_id.isprintable():
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise InvalidValue(
            f"min_position is not a position; give what a command answered in {HEADER}", code="invalid-position"
        ) from None
    return Committed(stream_id, version)
