"""Steps on an order's holds: own database only. Each answers with all the holds that are in force after it."""

from dataclasses import dataclass

from temporalio import activity

from activities.contracts import Held, HoldStep, ReleaseHoldStep, Step
from activities.order_stream import Decide, check_version, run_step
from domain.orders import holds
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class HoldActivities:
    store: EventStore

    @activity.defn
    async def place_hold(self, given: HoldStep) -> Held:
        await check_version(self.store, given.step, given.expected_version)
        return await self._run(
            given.step,
            lambda record: holds.place_hold(
                record.order_state,
                given.hold,
                parcels=record.parcels_to_send if record.placed else (),
                at=given.at,
            ),
        )

    @activity.defn
    async def release_hold(self, given: ReleaseHoldStep) -> Held:
        """Release by hand, or because the time is over."""
        step, hold_id, expired_at = given.step, given.hold_id, given.expired_at
        if expired_at is not None:
            return await self._run(
                step,
                lambda record: holds.expire_hold(record.order_state, hold_id, at=expired_at, by=step.actor),
            )
        return await self._run(
            step,
            lambda record: holds.release_hold(
                record.order_state, hold_id, reason=given.reason, released_by=step.actor
            ),
        )

    async def _run(self, step: Step, decided: Decide) -> Held:
        order = await run_step(self.store, step, decided)
        record = order.record
        return Held(order.version_of(step.key), record.status, tuple(record.order.holds.values()))
