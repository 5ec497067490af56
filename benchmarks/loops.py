"""Load: a closed loop that keeps a number of things in flight, and an open one that starts them on a clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Once = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Window:
    """What was finished between the end of the warm-up and the end of the count."""

    finished: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.finished / self.seconds


async def closed_loop(
    once: Once,
    *,
    in_flight: int,
    warm_up: int,
    count: int,
    on_edge: Callable[[], None] = lambda: None,
) -> Window:
    """Keep `in_flight` of `once` running; count `count` ends after the first `warm_up`.

    No ramp is counted: new ones are begun until the last counted one has ended. `on_edge` is called at both ends
    of the count.
    """
    ends: list[float] = []
    latencies: list[float] = []

    async def slot() -> None:
        while len(ends) < warm_up + count:
            began = time.perf_counter()
            await once()
            ends.append(time.perf_counter())
            latencies.append(ends[-1] - began)
            if len(ends) in (warm_up, warm_up + count):
                on_edge()

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(slot())
    last = warm_up + count - 1
    return Window(count, ends[last] - ends[warm_up - 1], latencies[warm_up : last + 1])


async def open_loop(once: Once, *, rate: float, seconds: float) -> list[float]:
    """Begin `once` `rate` times a second whether or not earlier ones have ended; seconds each took.

    They are counted from when each was due, so that a stall is charged to all that had to wait for it.
    """
    began = time.perf_counter() + 0.1

    async def one(due: float) -> float:
        await asyncio.sleep(due - time.perf_counter())
        await once()
        return time.perf_counter() - due

    dues = [began + number / rate for number in range(round(rate * seconds))]
    return list(await asyncio.gather(*(one(due) for due in dues)))


async def steadily(once: Once, *, rate: float, seconds: float) -> None:
    """Begin `once` `rate` times a second whether or not earlier ones have ended, and wait for all of them.

    For rates that a timer each would not bear: those that are due are begun together, every other millisecond.
    """
    began, number = time.perf_counter(), 0
    async with asyncio.TaskGroup() as group:
        while (elapsed := time.perf_counter() - began) < seconds:
            for _ in range(round(elapsed * rate) - number):
                group.create_task(_run(once))
                number += 1
            await asyncio.sleep(0.002)


async def _run(once: Once) -> None:
    await once()


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
