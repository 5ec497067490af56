"""The carrier's courier: moves parcels when they are due and pushes news of them, in order per booking.

One courier leads among all processes: it holds an advisory lock on the one connection with which it also does all
its work, so that losing the connection is losing the lead. It turns when something is due, not on a clock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog

from activities.gateways.protocol import TrackingUpdate
from domain.shipping.events import TrackingStatus
from ops.config import Settings
from ops.simulators.books import COMMAND_TIMEOUT, Connection
from ops.simulators.webhooks import Outcome, Receiver

DAYS_TO_COLLECT, DAYS_TO_DELIVER = 1, 3
LONGEST_DAY = 86_400.0 * 365  # seconds; keeps a speed near zero within what a date can hold
LEAD_LOCK = 0x57_42_43_4F_55  # "WBCOU"
TURN_SECONDS = 0.05  # turns are at least this far apart, so that a busy courier works in batches
IDLE_SECONDS = 5.0  # the longest sleep: another process's bookings do not wake this one
MOVES_PER_TURN = 500
RECONNECT_SECONDS = 1.0

LEAD = "SELECT pg_advisory_lock($1)"
MOVE_DUE = "SELECT carrier.move_due($1, $2, $3)"
READY = "SELECT * FROM carrier.ready_webhooks($1, $2, $3)"
SETTLE = "SELECT carrier.settle_webhooks($1, $2, $3, $4, $5)"
NEXT_WAIT = "SELECT carrier.next_wait($1)"

log = structlog.get_logger("waybill.simulators")


class Courier:
    """Moves and pushes for as long as `employed` is entered."""

    def __init__(self, settings: Settings, receiver: Receiver) -> None:
        day = min(1 / settings.simulator_speed, LONGEST_DAY)
        self.collected_after = timedelta(seconds=day * DAYS_TO_COLLECT)
        self._transit = timedelta(seconds=day * DAYS_TO_DELIVER)
        self._dsn, self._receiver = settings.simulator_dsn, receiver
        self._woken = asyncio.Event()
        self._asleep_until = float("inf")
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._done: list[Outcome] = []
        self.working = True

    @classmethod
    @asynccontextmanager
    async def employed(cls, settings: Settings) -> AsyncIterator["Courier"]:
        """A courier at work. What it leaves unfinished is in the books, and the next one takes it up."""
        async with Receiver.reached(settings) as receiver:
            courier = cls(settings, receiver)
            work = asyncio.create_task(courier._work())
            work.add_done_callback(courier._ended)
            try:
                yield courier
            finally:
                for task in (work, *courier._in_flight.values()):
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await work

    def wake(self, after: float = 0.0) -> None:
        """There will be something to do in `after` seconds; wakes the courier if it meant to sleep longer."""
        if asyncio.get_running_loop().time() + after < self._asleep_until:
            self._woken.set()

    def _ended(self, work: asyncio.Task[None]) -> None:
        self.working = False
        if not work.cancelled() and (error := work.exception()):
            log.critical("courier_ended", exc_info=error)

    async def _work(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, server_settings={"timezone": "UTC"})
                try:
                    await connection.execute(LEAD, LEAD_LOCK)
                    await self._lead(connection)
                finally:
                    connection.terminate()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                await log.awarning("courier_without_books", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _lead(self, connection: Connection) -> None:
        while True:
            self._woken.clear()
            self._asleep_until = float("inf")
            async with asyncio.timeout(COMMAND_TIMEOUT):
                wait = await self._turn(connection, datetime.now(UTC))
            await asyncio.sleep(TURN_SECONDS)
            await self._sleep(wait - TURN_SECONDS)

    async def _turn(self, connection: Connection, now: datetime) -> float:
        """Do all there is to do at `now`; gives the seconds until there is more."""
        await self._settle(connection, now)
        await connection.execute(MOVE_DUE, now, self._transit, MOVES_PER_TURN)
        slots = self._receiver.slots(len(self._in_flight))
        for row in await connection.fetch(READY, now, list(self._in_flight), slots) if slots else ():
            self._in_flight[row["booking"]] = asyncio.create_task(self._push(row))
        wait = await connection.fetchval(NEXT_WAIT, now)
        return min(IDLE_SECONDS, self._receiver.rest(), IDLE_SECONDS if wait is None else wait)

    async def _sleep(self, seconds: float) -> None:
        self._asleep_until = asyncio.get_running_loop().time() + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._woken.wait()

    async def _push(self, row: asyncpg.Record) -> None:
        update = TrackingUpdate(
            booking=row["booking"],
            shipment_id=row["shipment_id"],
            order_id=row["order_id"],
            sequence=row["sequence"],
            status=TrackingStatus(row["status"]),
            occurred_at=row["occurred_at"],
        )
        try:
            outcome = await self._receiver.push(update, row["attempts"])
        except Exception as error:
            # What cannot even be sent would hold its booking for ever: it is dead, and seen under /control.
            log.exception("webhook_broken", booking=update.booking, sequence=update.sequence)
            outcome = Outcome(update.booking, update.sequence, type(error).__name__)
        self._done.append(outcome)
        self._woken.set()

    async def _settle(self, connection: Connection, now: datetime) -> None:
        # A booking stays in flight until its outcome is in the books: were it lost, it would be pushed again.
        done = list(self._done)
        if not done:
            return
        columns = zip(*((item.booking, item.sequence, item.error, item.retry_at) for item in done), strict=True)
        await connection.execute(SETTLE, now, *(list(column) for column in columns))
        del self._done[: len(done)]
        for item in done:
            del self._in_flight[item.booking]
