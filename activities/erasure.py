"""Steps of erasing a customer: the key first, then what outside services know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast
from uuid import UUID, uuid5

from temporalio import activity

from activities.erasure_contracts import Erased, EraseStep, Forgotten, ForgottenStep
from activities.gateways.protocol import Carrier
from activities.order_stream import decide_again_on_conflict
from domain.customers import decide
from domain.customers.events import CustomerEvent
from domain.customers.model import INITIAL, Customer, evolve
from domain.decider import fold
from domain.errors import NotAllowed
from domain.identifiers import WAYBILL_NAMESPACE
from eventstore.privacy import CustomerKeys
from eventstore.store import EventStore, NewEvent, StreamWrite

Decided = Callable[[Customer], Sequence[CustomerEvent]]


@dataclass(frozen=True, slots=True)
class CustomersOrder:
    order_id: UUID
    open: bool


class CustomersOrders(Protocol):
    async def of_customer(self, customer_id: str) -> Sequence[CustomersOrder]:
        """Every order of the customer that is committed, oldest first."""
        ...


def customer_stream(customer_id: str) -> str:
    return f"customer/{customer_id}"


@dataclass(frozen=True, slots=True)
class ErasureActivities:
    """`orders` knows the customer's orders from the store itself: a read model may not have the last one yet."""

    store: EventStore
    keys: CustomerKeys
    orders: CustomersOrders
    carrier: Carrier

    @activity.defn
    async def erase_customer(self, given: EraseStep) -> Erased:
        """Destroy the customer's key and note it; refused while an order is open. Repeating it changes nothing.

        The key goes first: an attempt that is killed in between is repeated, and finds it gone.
        """
        if await self.keys.erasure(given.customer_id) is None:
            try:
                await self._check_open(given.customer_id)
            except NotAllowed as refused:
                return Erased(0, refused.message, tuple(cast(list[str], refused.details["orders"])))
        erasure = await self.keys.destroy(given.customer_id)
        version = await self._note(
            given.customer_id,
            "erase",
            given.actor,
            lambda state: decide.erase(
                state,
                given.customer_id,
                reason=given.reason,
                requested_by=given.actor,
                erased_at=erasure.erased_at,
            ),
        )
        return Erased(version)

    @activity.defn
    async def forget_at_carrier(self, customer_id: str) -> Forgotten:
        """Have the carrier forget the recipient of every order of the customer."""
        found = await self.orders.of_customer(customer_id)
        for order in found:
            await self.carrier.forget(order.order_id)
        return Forgotten(len(found))

    @activity.defn
    async def confirm_forgotten(self, given: ForgottenStep) -> None:
        """Note that nobody outside holds personal data of the customer any more."""
        await self._note(
            given.customer_id, "forget", given.actor, lambda state: decide.forget(state, orders=given.orders)
        )
        await self.keys.confirm_forgotten(given.customer_id)

    async def _check_open(self, customer_id: str) -> None:
        found = await self.orders.of_customer(customer_id)
        decide.check_erasable(customer_id, [order.order_id for order in found if order.open])

    @decide_again_on_conflict
    async def _note(self, customer_id: str, step: str, actor: str, decided: Decided) -> int:
        stream = customer_stream(customer_id)
        stored = await self.store.read_stream(stream)
        state = fold(evolve, INITIAL, (cast(CustomerEvent, recorded.event) for recorded in stored))
        metadata = {"step": step, "actor": actor}
        events = [
            NewEvent(uuid5(WAYBILL_NAMESPACE, f"{stream}|{step}|{index}"), event, metadata)
            for index, event in enumerate(decided(state))
        ]
        if events:
            await self.store.append((StreamWrite(stream, len(stored), tuple(events)),))
        return len(stored) + len(events)
