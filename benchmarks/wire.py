"""A client of HTTP/1.1 that costs little processor: what is measured shares the machine with it.

It takes what the servers of these benchmarks send, which is an answer with its length on a connection that stays
open; it is no client for anything else.
"""

import asyncio
from dataclasses import dataclass
from typing import Self


class UnexpectedAnswer(Exception):
    """Not the status that the benchmark counts."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection, one request on it at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def get(self, request: bytes) -> bytes:
        """The body of the answer. Raises UnexpectedAnswer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        body = await self.reader.readexactly(_length(head))
        if not head.startswith(b"HTTP/1.1 200 "):
            raise UnexpectedAnswer(f"{head.splitlines()[0]!r}: {body[:300]!r}")
        return body

    def close(self) -> None:
        self.writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise UnexpectedAnswer(f"an answer without its length: {head!r}")


def request(path: str, token: str) -> bytes:
    """A GET as it goes over the wire."""
    lines = (f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}")
    return "\r\n".join((*lines, "", "")).encode()
