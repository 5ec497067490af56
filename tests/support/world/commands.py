"""Every command that an order, its returns and its stock take, each with what is given to it drawn as numbers."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from activities.amendment_contracts import StageStep
from activities.contracts import (
    AssignStep,
    CancelStep,
    HoldStep,
    NoteStep,
    ReleaseHoldStep,
)
from activities.lost_contracts import AnswerLostStep
from activities.paying import ChooseMethodStep
from activities.payment_contracts import ChargebackStep
from activities.refunds import GrantStep
from activities.stock_contracts import DecideStep, OfferStep
from domain.money import Money
from domain.orders.amendments import Amendment
from domain.orders.events import Decision, HoldPlaced, HoldScope, OrderLine
from domain.orders.model import OrderStatus
from domain.record import OrderRecord
from domain.returns.decide import POSSIBLE
from domain.shipping.events import LostAnswer
from tests.support.world.operating import (
    adopt,
    adopt_booking,
    approve_return,
    inspect_return,
    pick,
    receive_return,
    reject_return,
    request_return,
    resolve,
    resume,
    stall,
)
from tests.support.world.world import ADDRESSES, FEES, PRICES, SKUS, Life, World, rules_of

Run = Callable[[World, Life, int, int], object]
"""A command on an order, with two numbers that say what is given."""


def cancel(world: World, life: Life, a: int, b: int) -> object:
    expected = world.order(life).version - (1 if a % 5 == 4 else 0)
    return world.command(
        life, "cancel", world.orders.request_cancellation, lambda step: CancelStep(step, "changed", expected)
    )


def hold(world: World, life: Life, a: int, b: int) -> object:
    record = world.record(life)
    scope = list(HoldScope)[a % 4]
    subjects = {
        HoldScope.LINE: [line.sku for line in record.order.lines],
        HoldScope.SHIPMENT: list(record.parcels_to_send),
    }
    subject = pick(subjects[scope], b) if scope in subjects else None
    until = world.now + timedelta(hours=b) if b % 2 else None
    placed = HoldPlaced(f"h-{world.number()}", scope, subject, "look", "operator:eve", until)
    return world.command(life, "hold", world.holds.place_hold, lambda step: HoldStep(step, placed, world.now))


def release_hold(world: World, life: Life, a: int, b: int) -> object:
    name = pick(sorted(world.record(life).order.holds), a) or "none"
    return world.command(
        life, "release-hold", world.holds.release_hold, lambda step: ReleaseHoldStep(step, name, "seen")
    )


def assign(world: World, life: Life, a: int, b: int) -> object:
    who = (None, "eve", "bob")[a % 3]
    return world.command(life, "assign", world.orders.assign_order, lambda step: AssignStep(step, who, "turn"))


def note(world: World, life: Life, a: int, b: int) -> object:
    return world.command(life, "note", world.orders.note_order, lambda step: NoteStep(step, "called"))


def decide(world: World, life: Life, a: int, b: int) -> object:
    decision = list(Decision)[a % 4]
    return world.command(
        life, "decide", world.inventory.decide_unavailable, lambda step: DecideStep(step, decision, world.now)
    )


def offer(world: World, life: Life, a: int, b: int) -> object:
    record = world.record(life)
    sku, other = pick(record.short, a) or SKUS[a % 3], SKUS[b % 3]
    line = OrderLine(other, other.title(), 1 + b % 2, Money(PRICES[other], record.order.currency))
    return world.command(life, "offer", world.orders.offer_substitute, lambda step: OfferStep(step, sku, line))


def pay(world: World, life: Life, a: int, b: int) -> object:
    method = ("sim_ok", "store_credit")[a % 2]
    return world.command(
        life, "pay", world.paying.choose_payment_method, lambda step: ChooseMethodStep(step, method)
    )


def _amendment(world: World, life: Life, a: int, b: int) -> Amendment:
    order = world.record(life).order
    lines = order.lines
    quantities, added = {}, ()
    if a % 4 < 3:
        line = lines[b % len(lines)]
        quantities = {line.sku: max(line.quantity + (1, -1, 2)[a % 3], 0)}
    missing = [sku for sku in SKUS if sku not in {line.sku for line in lines}]
    if a % 4 == 3 and missing:
        sku = missing[b % len(missing)]
        added = (OrderLine(sku, sku.title(), 1 + b % 2, Money(PRICES[sku], order.currency)),)  # type: ignore[assignment]
    address = ADDRESSES[b % 2] if a % 5 == 1 else None
    method = list(FEES)[b % 2] if a % 7 == 2 else None
    country = (address or order.shipping_address).country
    shipping = method or order.terms.shipping_method
    rules = rules_of(order.currency, shipping, country)
    return Amendment(rules, country, shipping, quantities, added, address, method)


def amend(world: World, life: Life, a: int, b: int) -> object:
    amendment = _amendment(world, life, a, b)
    return world.command(
        life,
        "amend",
        world.amendments.stage_amendment,
        lambda step: StageStep(step, amendment, "changed", world.order(life).version),
    )


def cancel_line(world: World, life: Life, a: int, b: int) -> object:
    order = world.record(life).order
    rules = rules_of(order.currency, order.terms.shipping_method, order.shipping_address.country)
    line = order.lines[a % len(order.lines)]
    amendment = Amendment(rules, order.shipping_address.country, order.terms.shipping_method, {line.sku: 0})
    return world.command(
        life,
        "cancel-line",
        world.amendments.stage_amendment,
        lambda step: StageStep(step, amendment, "changed", whole=True),
    )


def answer_lost(world: World, life: Life, a: int, b: int) -> object:
    record = world.record(life)
    if record.order.amendment:
        return None  # it waits for its turn
    name = pick(record.shipments.lost, b) or pick(list(record.shipments.by_id), b) or "none"
    answer = list(LostAnswer)[a % 2]
    return world.command(
        life,
        "answer-lost",
        world.lost.answer_lost,
        lambda step: AnswerLostStep(
            step, name, answer, "gone", lenient=bool(b % 3 == 0 and record.shipments.lost)
        ),
    )


def grant(world: World, life: Life, a: int, b: int) -> object:
    record = world.record(life)
    grant_id = f"g-{world.number()}"
    line = record.order.lines[b % len(record.order.lines)]
    lines = {line.sku: 1} if a % 2 else {}
    amount = None if lines else Money(1 + (a * 137 + b * 7) % 2500, record.order.currency)
    return world.command(
        life,
        "refund",
        world.refunds.grant_refund,
        lambda step: GrantStep(step, grant_id, "sorry", amount, lines),
    )


def chargeback(world: World, life: Life, a: int, b: int) -> object:
    amount = Money(1 + (a * 91 + b * 13) % 3000, world.record(life).order.currency)
    return world.command(
        life,
        "chargeback",
        world.orders.record_chargeback,
        lambda step: ChargebackStep(step, f"d-{a % 6}", amount, "fraudulent"),
    )


COMMANDS: Final[Mapping[str, Run]] = {
    each.__name__: each
    for each in (
        cancel, hold, release_hold, assign, note, decide, offer, pay, amend, cancel_line, answer_lost, grant,
        chargeback, stall, resolve, adopt, adopt_booking, resume, request_return, approve_return, reject_return,
        receive_return, inspect_return,
    )
}  # fmt: skip


def fitting(record: OrderRecord) -> list[str]:
    """Commands that the order would not refuse at once."""
    order, money = record.order, record.payment
    names: dict[str, object] = {
        "resolve": order.stalled,
        "adopt": order.stalled,
        "adopt_booking": order.stalled,
        "release_hold": order.holds,
        "decide": order.decision,
        "offer": order.decision,
        "answer_lost": record.shipments.lost,
        "pay": money.declines > len(money.chosen),
        "stall": money.pending,
        "amend": order.status is OrderStatus.CONFIRMED and not order.amendment,
        "cancel_line": order.status is OrderStatus.CONFIRMED and not order.amendment,
        "grant": money.captured > money.granted and order.status is not OrderStatus.CANCELLING,
        "chargeback": money.captured > money.charged_back,
        "request_return": record.shipments.delivered,
        "cancel": not order.status.terminal and not record.shipments.any_dispatched,
        "hold": not order.status.terminal,
    }
    for each in record.returns.by_id.values():
        names |= {f"{name}_return": True for name in POSSIBLE[each.status]}
    return [name for name, fits in names.items() if fits]
