"""Ending tasks."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 1.0


async def end(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    """Cancel the tasks, and again until they are over; also where the caller is cancelled itself meanwhile.

    Up to Python 3.11 `asyncio.wait_for`, with which the Redis client sends, loses a cancellation that meets the
    end of what it waits for.
    """
    left, cancelled = {task for task in tasks if not task.done()}, False
    while left:
        for task in left:
            task.cancel()
        try:
            _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
        except asyncio.CancelledError:
            left, cancelled = {task for task in left if not task.done()}, True
    if cancelled:
        raise asyncio.CancelledError
