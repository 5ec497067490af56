"""Ending tasks that do not want to end."""

import asyncio

import pytest

from messaging.tasks import end


async def test_all_are_over_even_if_who_ends_them_is_cancelled() -> None:
    stubborn, asked = asyncio.Event(), asyncio.Event()

    async def holds_on() -> None:
        while not stubborn.is_set():
            try:
                await stubborn.wait()
            except asyncio.CancelledError:
                asked.set()

    task = asyncio.create_task(holds_on())
    await asyncio.sleep(0)
    ending = asyncio.create_task(end([task]))
    await asked.wait()
    ending.cancel()
    await asyncio.sleep(0)
    assert not ending.done()
    stubborn.set()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.done()
