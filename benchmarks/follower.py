"""A reader of the log in a process of its own, as a projector is: `python -m benchmarks.follower DSN FILE`.

Writes to the file, per page, when it was seen and the ids of its streams: a JSON array a line. Times are those of
`time.monotonic`, which all processes of a machine share.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

from benchmarks.torture.plan import CODEC
from eventstore.connections import open_pool
from eventstore.subscription import PostgresLog
from ops.collector import calm_collector

PAGE = 5000


async def follow(dsn: str, file: Path) -> None:
    """Read from the beginning on, without end."""
    log, last = PostgresLog(await open_pool(dsn, size=1), CODEC, dsn=dsn), 0
    with file.open("w", buffering=1) as lines:
        async for _ in log.wakeups():
            while events := await log.read_log(after=last, limit=PAGE):
                now, last = time.monotonic(), events[-1].position or 0
                lines.write(json.dumps([now, [each.stream_id for each in events]]) + "\n")


def seen(file: Path) -> dict[str, float]:
    """When each stream's event was seen, of those whose line is whole."""
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    pages = [json.loads(line) for line in lines if line.endswith("\n")]
    return {stream: at for at, streams in pages for stream in streams}


if __name__ == "__main__":
    calm_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(follow(sys.argv[1], Path(sys.argv[2])))
