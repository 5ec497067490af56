"""What operators do with steps, and returns' commands, each with what is given to it drawn as numbers."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, TypeVar
from uuid import UUID, uuid5

from activities.contracts import (
    AdoptStep,
    ResolveStep,
    StallStep,
)
from activities.refunds import GrantedRefundStep, give_back_label
from activities.returns import (
    DecideReturnStep,
    InspectReturnStep,
    ReceiveReturnStep,
    RequestReturnStep,
    ReturnStep,
)
from domain.money import Money
from domain.orders.events import StepAction
from domain.payments.model import Asking
from domain.returns.events import InspectedItem, ReturnItem, ReturnKind, ReturnTerms
from domain.rma import ReturnRequest, ReturnRules
from tests.support.world.world import PRICES, WAREHOUSES, Life, World, run

T = TypeVar("T")


def pick(among: Sequence[T], number: int) -> T | None:
    return among[number % len(among)] if among else None


BY_HAND: Final = "by-hand"


# What operators do with steps


def stall(world: World, life: Life, a: int, b: int) -> object:
    """A step that has no answer uses up its attempts."""
    key = pick(sorted(world.record(life).payment.pending), a)
    if key is None:
        parcels = world.record(life).parcels_to_send
        if not parcels:
            return None
        key = life.step(f"book:{parcels[a % len(parcels)]}").key
    return world.command(
        life, "stall", world.orders.record_stall, lambda step: StallStep(step, key, "Unknown", "no answer")
    )


def resolve(world: World, life: Life, a: int, b: int) -> object:
    record = world.record(life)
    key = pick(sorted(record.order.stalled), b)
    if key is None:
        return None
    action = (StepAction.RETRY, StepAction.COMPENSATE)[a % 2]
    done = world.command(
        life, "resolve", world.orders.resolve_step, lambda step: ResolveStep(step, key, action, "seen")
    )
    amendment = record.order.amendment
    if done and action is StepAction.COMPENSATE and amendment and key.startswith("authorize-more:"):
        life.given_up.add(amendment.amendment_id)
    return done


def adopt(world: World, life: Life, a: int, b: int) -> object:
    """An operator finds the effect in the gateway's books, or has made it there by hand."""
    record = world.record(life)
    stalled = [key for key in sorted(record.order.stalled) if key in record.payment.pending]
    key = pick(stalled, b)
    if key is None:
        return None
    effects = {each.idempotency_key: each for each in run(world.gateway.list_effects(life.order_id))}
    reference = effects[key].reference if key in effects else _by_hand(world, life, key)
    if reference is None:
        return None
    done = world.command(
        life, "adopt", world.payments.adopt_payment, lambda step: AdoptStep(step, key, reference, "found")
    )
    assert done, "what fits is adopted"
    return done


def _by_hand(world: World, life: Life, key: str) -> str | None:
    """The operator does at the gateway what the step asks for."""
    asked, name = world.record(life).payment.pending[key], f"{BY_HAND}:{key}"
    payment = asked.payment or world.record(life).payment.reference
    if payment is None or payment.startswith("credit_") or world.record(life).payment_method == "store_credit":
        return None
    books, order_id = world.books, life.order_id
    match asked.kind:
        case Asking.CAPTURE:
            if payment in books.until and world.now >= books.until[payment]:
                return None
            return run(books.capture(order_id, name, payment=payment, amount=asked.amount)).reference
        case Asking.REFUND:
            return run(books.refund(order_id, name, payment=payment, amount=asked.amount)).reference
        case Asking.VOID:
            return run(books.void(order_id, name, payment=payment)).reference
        case Asking.AUTHORIZATION:
            return run(books.authorize(order_id, name, method="sim_ok", amount=asked.amount)).reference


def adopt_booking(world: World, life: Life, a: int, b: int) -> object:
    """An operator finds a booking of a stalled step in the carrier's books."""
    record = world.record(life)
    for key in sorted(record.order.stalled):
        booking = world.carrier.books.get((life.order_id, key))
        if key.startswith("book:") and booking is not None:
            reference = booking.reference
            return world.command(
                life,
                "adopt",
                world.shipping.adopt_booking,
                lambda step, key=key, reference=reference: AdoptStep(step, key, reference, "found"),  # type: ignore[misc]
            )
    return None


def resume(world: World, life: Life, a: int, b: int) -> object:
    """The workflows are gone, and others take up where the stream says that they stood."""
    key = f"resume:{world.number()}"
    resumed = world.do(world.orders.resume_order, life.step(key))
    if resumed is None:
        return None
    record = world.record(life)
    tries = dict(resumed.tries)
    for name in record.payment.grants:
        given = GrantedRefundStep(life.step(f"resume:{world.number()}"), name)
        standing = world.do(world.refunds.look_at_refund, given)
        assert standing is not None
        tries[give_back_label(name)] = standing.tries[give_back_label(name)]
    for return_id in record.returns.by_id:
        taken = world.do(
            world.returns.take_up_return, ReturnStep(life.step(f"resume:{world.number()}"), return_id)
        )
        tries |= taken or {}
    life.tries.clear()
    life.tries.update(tries)
    return resumed


# Returns


def request_return(world: World, life: Life, a: int, b: int) -> object:
    record = world.record(life)
    line = record.order.lines[b % len(record.order.lines)]
    kind = list(ReturnKind)[a % 4]
    instead = ("HAT" if line.sku == "MUG" else None) if kind is ReturnKind.EXCHANGE and b % 2 else None
    item = ReturnItem(line.sku, 1 + b % line.quantity, instead)
    prices = {sku: Money(minor, record.order.currency) for sku, minor in PRICES.items()}
    name = uuid5(life.order_id, f"return {world.number()}")
    wanted = ReturnRequest(name, kind, (item,), "no", "customer:ada", prices)
    terms = ReturnTerms((Decimal(0), Decimal("7.5"))[a % 2], bool(b % 2), label=bool(a % 3))
    rules = ReturnRules(timedelta(days=30), terms, auto_approve=b % 3 == 0)
    return world.command(
        life,
        "request-return",
        world.returns.request_return,
        lambda step: RequestReturnStep(step, wanted, rules, world.now),
    )


def _return_of(world: World, life: Life, number: int) -> UUID:
    known = world.record(life).returns.by_id
    waiting = [name for name, each in known.items() if not each.status.terminal]
    return pick(waiting or list(known), number) or UUID(int=number)


def approve_return(world: World, life: Life, a: int, b: int) -> object:
    name = _return_of(world, life, b)
    return world.command(
        life, "approve-return", world.returns.approve_return, lambda step: DecideReturnStep(step, name, "fine")
    )


def reject_return(world: World, life: Life, a: int, b: int) -> object:
    name = _return_of(world, life, b)
    return world.command(
        life, "reject-return", world.returns.reject_return, lambda step: DecideReturnStep(step, name, "worn")
    )


def receive_return(world: World, life: Life, a: int, b: int) -> object:
    name, warehouse = _return_of(world, life, b), (None, *WAREHOUSES)[a % 3]
    return world.command(
        life,
        "receive-return",
        world.returns.receive_return,
        lambda step: ReceiveReturnStep(step, name, warehouse),
    )


def inspect_return(world: World, life: Life, a: int, b: int) -> object:
    name = _return_of(world, life, b)
    known = world.record(life).returns.by_id.get(name)
    if known is None:
        return None
    items = []
    for item in known.requested.items:
        restocked = a % (item.quantity + 1)
        damaged = b % (item.quantity - restocked + 1)
        items.append(InspectedItem(item.sku, restocked, damaged, item.quantity - restocked - damaged))
    return world.command(
        life,
        "inspect-return",
        world.returns.inspect_return,
        lambda step: InspectReturnStep(step, name, tuple(items)),
    )
