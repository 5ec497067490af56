"""Many readers of the live stream.

`python -m benchmarks.stream_clients PORT CLIENTS EVENTS`, with a token on standard input, says `ready` when every
client is let in, and at the end, as JSON, the fewest and the most events that a client got, whether all got the
same in the same order, and how many milliseconds after it was recorded each came.
"""

import asyncio
import json
import re
import resource
import sys
import time
from datetime import datetime
from typing import Final

import uvloop

from benchmarks.loops import quantile
from benchmarks.wire import request

PATH: Final = "/v1/stream?type=StockAdjusted"
PATIENCE: Final = 90.0
AT_ONCE: Final = 50
_POSITION: Final = re.compile(rb"^id: (\d+)", re.MULTILINE)
_RECORDED: Final = re.compile(rb'"recorded_at":"([^"]+)"')


class Client:
    """One reader: the positions that it got, and how late each was."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.positions: list[bytes] = []
        self.late: list[float] = []

    async def read(self, events: int, recorded: dict[bytes, float]) -> None:
        """Until there were so many, or the server cuts the stream off. `recorded`: when, by position, for all."""
        while len(self.positions) < events:
            try:
                block = await self._reader.readuntil(b"\n\n")
            except asyncio.IncompleteReadError:
                return
            if (position := _POSITION.search(block)) is None:
                continue  # a comment that keeps the connection open
            now = time.time()
            if position[1] not in recorded:
                recorded[position[1]] = _when(block)
            self.positions.append(position[1])
            self.late.append((now - recorded[position[1]]) * 1000)


def _when(block: bytes) -> float:
    found = _RECORDED.search(block)
    assert found, block
    return datetime.fromisoformat(found[1].decode()).timestamp()


async def _connect(port: int, wanted: bytes, gate: asyncio.Semaphore) -> tuple[Client, asyncio.StreamWriter]:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wanted)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError(head.splitlines()[0].decode())
        await reader.readuntil(b"\n\n")  # the stream's first words
        return Client(reader), writer


async def run(port: int, clients: int, events: int, token: str) -> dict[str, object]:
    gate = asyncio.Semaphore(AT_ONCE)
    joined = await asyncio.gather(*(_connect(port, request(PATH, token), gate) for _ in range(clients)))
    await asyncio.sleep(1)  # the last of them is a follower by now
    print("ready", flush=True)
    recorded: dict[bytes, float] = {}
    readers = [client for client, _ in joined]
    tasks = [asyncio.create_task(client.read(events, recorded)) for client in readers]
    await asyncio.wait(tasks, timeout=PATIENCE)
    for _, writer in joined:
        writer.close()
    late = [each for client in readers for each in client.late]
    counts = [len(client.positions) for client in readers]
    return {
        "fewest": min(counts),
        "most": max(counts),
        "alike": all(client.positions == readers[0].positions for client in readers),
        "p50": quantile(late, 0.5) if late else 0.0,
        "p99": quantile(late, 0.99) if late else 0.0,
    }


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, clients, events = (int(word) for word in sys.argv[1:4])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(run(port, clients, events, sys.stdin.readline().strip()))
    sys.stdout.write(json.dumps(told) + "\n")
