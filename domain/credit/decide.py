"""What may be done with a customer's store credit: it is never below zero, and a step moves it once."""

from uuid import UUID

from domain.credit.events import (
    CreditEvent,
    CreditGranted,
    CreditReleased,
    CreditReserved,
    CreditReturned,
    CreditSpent,
    CreditStepClosed,
)
from domain.credit.model import Credit, Reserved
from domain.errors import InvalidValue, NotAllowed
from domain.money import Money


def grant(state: Credit, customer_id: str, *, amount: Money, reason: str, by: str) -> list[CreditEvent]:
    """Raises InvalidValue (`invalid-amount`)."""
    _positive(amount)
    return [CreditGranted(customer_id, amount, reason, by)]


def reserve(state: Credit, order_id: UUID, step: str, *, payment: str, amount: Money) -> list[CreditEvent]:
    """Take an order's price from the balance.

    Raises:
        NotAllowed: `insufficient-store-credit`, which says what is left; `abandoned`, the step was closed.
    """
    _positive(amount)
    if _done(state, order_id, step):
        return []
    left = state.balance(amount.currency)
    if amount > left:
        raise NotAllowed(
            f"{amount} is more than the store credit of {left}",
            code="insufficient-store-credit",
            details={"left": str(left)},
        )
    return [CreditReserved(order_id, step, payment, amount)]


def spend(state: Credit, order_id: UUID, step: str, *, payment: str, amount: Money) -> list[CreditEvent]:
    """Spend of what the order has reserved."""
    if _done(state, order_id, step):
        return []
    _room("spent", amount, _reserved(state, order_id, payment).open)
    return [CreditSpent(order_id, step, payment, amount)]


def release(state: Credit, order_id: UUID, step: str, *, payment: str) -> list[CreditEvent]:
    """Give back what is reserved and not spent."""
    if _done(state, order_id, step):
        return []
    left = _reserved(state, order_id, payment).open
    _room("released", left, left)
    return [CreditReleased(order_id, step, payment, left)]


def give_back(state: Credit, order_id: UUID, step: str, *, payment: str, amount: Money) -> list[CreditEvent]:
    """Give back of what was spent."""
    if _done(state, order_id, step):
        return []
    _room("given back", amount, _reserved(state, order_id, payment).spent)
    return [CreditReturned(order_id, step, payment, amount)]


def close(state: Credit, order_id: UUID, step: str) -> list[CreditEvent]:
    """See to it that a step which has moved nothing never will."""
    known = (order_id, step) in state.steps or (order_id, step) in state.closed
    return [] if known else [CreditStepClosed(order_id, step)]


def _done(state: Credit, order_id: UUID, step: str) -> bool:
    if (order_id, step) in state.closed:
        raise NotAllowed("the step was given up", code="abandoned")
    return (order_id, step) in state.steps


def _reserved(state: Credit, order_id: UUID, payment: str) -> Reserved:
    found = state.reserved.get(payment)
    if found is None or found.order_id != order_id:
        raise NotAllowed("the order has no such payment of store credit", code="unknown-payment")
    return found


def _room(what: str, amount: Money, left: Money) -> None:
    _positive(amount)
    if amount > left:
        raise NotAllowed(f"{amount} cannot be {what}; {left} can", code="exceeds-store-credit")


def _positive(amount: Money) -> None:
    if amount <= Money.zero(amount.currency):
        raise InvalidValue(f"{amount} cannot be moved; an amount above zero is needed", code="invalid-amount")
