"""Ending tasks."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 1.0


async def end(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    """Cancel the tasks, and again until they are over.

    Up to Python 3.11 `asyncio.wait_for`, with which the Redis client sends, loses a cancellation that meets the
    end of what it waits for.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
