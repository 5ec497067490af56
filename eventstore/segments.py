"""Segments: fixed shares of all streams, so that several processes can divide the log among them."""

import zlib
from typing import Final

SEGMENTS: Final = 64


def segment_of(key: str, segments: int = SEGMENTS) -> int:
    """The segment of a stream id or partition key: the same for ever, in every process."""
    return zlib.crc32(key.encode()) % segments
