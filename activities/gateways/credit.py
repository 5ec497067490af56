"""Store credit as a way to pay: what it pays for is taken from the customer's own stream, and no gateway's.

An order's money runs the same course whatever pays for it, so that store credit is one more set of books behind
the gateway's protocol: authorised is reserved, captured is spent, voided and refunded is the customer's again.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID, uuid5

from activities.gateways.protocol import Declined, PaymentEffect, PaymentGateway, Refused
from activities.order_stream import decide_again_on_conflict, key_reused, load_order, order_stream
from domain.credit import decide
from domain.credit.events import (
    CreditEvent,
    CreditReleased,
    CreditReserved,
    CreditReturned,
    CreditSpent,
)
from domain.credit.model import INITIAL, Credit, Movement, evolve
from domain.decider import fold
from domain.errors import DomainError
from domain.identifiers import WAYBILL_NAMESPACE
from domain.money import Money
from domain.orders.events import OrderPlaced
from domain.payments.events import PaymentRequested
from eventstore.store import EventStore, NewEvent, StreamWrite

METHOD: Final = "store_credit"
"""The payment method of orders that are paid with it."""
PREFIX: Final = "credit_"
KINDS: Final = {
    CreditReserved: "authorization",
    CreditSpent: "capture",
    CreditReleased: "void",
    CreditReturned: "refund",
}

Decide = Callable[[Credit], Sequence[CreditEvent]]
Customers = Callable[[], AsyncIterator[str]]


def credit_stream(customer_id: str) -> str:
    return f"credit/{customer_id}"


@dataclass(frozen=True, slots=True)
class LoadedCredit:
    """`commands`: what has changed it, each with a digest of what was asked for, where that is known."""

    version: int
    state: Credit
    commands: Mapping[str, str | None]


async def load_credit(store: EventStore, customer_id: str) -> LoadedCredit:
    stored = await store.read_stream(credit_stream(customer_id))
    state = fold(evolve, INITIAL, (cast(CreditEvent, each.event) for each in stored))
    commands = {each.metadata.get("command", ""): each.metadata.get("fingerprint") for each in stored}
    return LoadedCredit(len(stored), state, commands)


@decide_again_on_conflict
async def change_credit(
    store: EventStore,
    customer_id: str,
    command: str,
    actor: str,
    decided: Decide,
    *,
    fingerprint: str | None = None,
) -> LoadedCredit:
    """Decide and append at the version that was decided on, once per command.

    Two that spend at once decide one after the other: the second sees what the first has left.

    Raises:
        InvalidValue: `idempotency-key-reuse`, the command's key stands for another one.
    """
    loaded = await load_credit(store, customer_id)
    if command in loaded.commands:
        if loaded.commands[command] != fingerprint:
            raise key_reused()
        return loaded
    events = decided(loaded.state)
    if not events:
        return loaded
    stream = credit_stream(customer_id)
    metadata = {"command": command, "actor": actor}
    if fingerprint:
        metadata["fingerprint"] = fingerprint
    numbered = tuple(
        NewEvent(uuid5(WAYBILL_NAMESPACE, f"{stream}|{command}|{index}"), event, metadata)
        for index, event in enumerate(events)
    )
    await store.append((StreamWrite(stream, loaded.version, numbered),))
    return await load_credit(store, customer_id)


class WithStoreCredit:
    """A `PaymentGateway`: store credit here, everything else at `outer`.

    Args:
        customers: Everyone who ever had store credit, for a look through the books; nobody where none is given.
    """

    def __init__(self, outer: PaymentGateway, store: EventStore, customers: Customers | None = None) -> None:
        self.outer, self._store, self._customers = outer, store, customers

    async def authorize(self, order_id: UUID, key: str, *, method: str, amount: Money) -> PaymentEffect:
        if method != METHOD:
            return await self.outer.authorize(order_id, key, method=method, amount=amount)
        payment = PREFIX + uuid5(order_id, key).hex
        return await self._move(
            order_id, key, lambda state: decide.reserve(state, order_id, key, payment=payment, amount=amount)
        )

    async def capture(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        if not payment.startswith(PREFIX):
            return await self.outer.capture(order_id, key, payment=payment, amount=amount)
        return await self._move(
            order_id, key, lambda state: decide.spend(state, order_id, key, payment=payment, amount=amount)
        )

    async def void(self, order_id: UUID, key: str, *, payment: str) -> PaymentEffect:
        if not payment.startswith(PREFIX):
            return await self.outer.void(order_id, key, payment=payment)
        return await self._move(order_id, key, lambda state: decide.release(state, order_id, key, payment=payment))

    async def refund(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        if not payment.startswith(PREFIX):
            return await self.outer.refund(order_id, key, payment=payment, amount=amount)
        return await self._move(
            order_id, key, lambda state: decide.give_back(state, order_id, key, payment=payment, amount=amount)
        )

    async def find(self, order_id: UUID, key: str) -> PaymentEffect | None:
        return await self._moved(order_id, key) or await self.outer.find(order_id, key)

    async def abandon(self, order_id: UUID, key: str) -> PaymentEffect | None:
        if not await self._pays(order_id, key):
            return await self.outer.abandon(order_id, key)
        customer_id = await self._customer(order_id)
        assert customer_id is not None  # for the step stands in the order's stream
        await change_credit(
            self._store,
            customer_id,
            f"close:{order_id}:{key}",
            f"order:{order_id}",
            lambda state: decide.close(state, order_id, key),
        )
        return await self._moved(order_id, key)

    async def effects(self) -> AsyncIterator[PaymentEffect]:
        async for effect in self.outer.effects():
            yield effect
        if self._customers is not None:
            async for customer_id in self._customers():
                for moved in (await load_credit(self._store, customer_id)).state.steps.values():
                    yield _effect(moved)

    async def list_effects(self, order_id: UUID | None = None) -> Sequence[PaymentEffect]:
        if order_id is None:
            return [effect async for effect in self.effects()]
        customer_id = await self._customer(order_id)
        effects = list(await self.outer.list_effects(order_id))
        if customer_id is not None:
            steps = (await load_credit(self._store, customer_id)).state.steps
            effects += [_effect(moved) for moved in steps.values() if moved.order_id == order_id]
        return effects

    async def order_of(self, payment: str) -> UUID | None:
        """Whose payment it was, as the gateway knows it: what it tells by itself is of its own payments."""
        found: UUID | None = await self.outer.order_of(payment)  # type: ignore[attr-defined]
        return found

    async def _move(self, order_id: UUID, key: str, decided: Decide) -> PaymentEffect:
        customer_id = await self._customer(order_id)
        if customer_id is None:
            raise Refused("unknown-order", "store credit pays for orders that are placed")
        try:
            await change_credit(self._store, customer_id, f"{order_id}:{key}", f"order:{order_id}", decided)
        except DomainError as refused:
            kind = Declined if refused.code == "insufficient-store-credit" else Refused
            raise kind(refused.code, refused.message) from refused
        moved = await self._moved(order_id, key)
        assert moved is not None  # it was appended, now or before
        return moved

    async def _moved(self, order_id: UUID, key: str) -> PaymentEffect | None:
        customer_id = await self._customer(order_id)
        if customer_id is None:
            return None
        moved = (await load_credit(self._store, customer_id)).state.steps.get((order_id, key))
        return _effect(moved) if moved else None

    async def _customer(self, order_id: UUID) -> str | None:
        stored = await self._store.read_stream(order_stream(order_id), limit=1)
        placed = stored[0].event if stored else None
        return placed.customer_id if isinstance(placed, OrderPlaced) else None

    async def _pays(self, order_id: UUID, key: str) -> bool:
        """Whether the step was asked of the store credit."""
        asked = next(iter((await load_order(self._store, order_id)).of_step(key)), None)
        if isinstance(asked, PaymentRequested):
            return asked.method == METHOD
        return str(getattr(asked, "payment", None) or "").startswith(PREFIX)


def _effect(moved: Movement) -> PaymentEffect:
    kind = KINDS[type(moved)]
    reference = moved.payment if kind == "authorization" else f"{moved.payment}/{moved.step}"
    return PaymentEffect(kind, reference, moved.payment, moved.order_id, moved.step, moved.amount)
