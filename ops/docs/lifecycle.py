"""`docs/lifecycle.md`, made from the code: `python -m ops.docs.lifecycle > docs/lifecycle.md`.

The first table runs every decider on every state of `ops.docs.life_states`. The last one lists every event that
can be stored; which step writes it is said in `ops.docs.writers`, and a test compares that with whole lives.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from domain import amending, lost, rma
from domain.errors import DomainError
from domain.identifiers import OrderNumber, Quantity, Sku
from domain.inventory.model import StockItem
from domain.money import Money
from domain.orders import availability, holds
from domain.orders import decide as orders
from domain.orders import events as order_events
from domain.orders.amendments import Amendment
from domain.orders.decide import OrderRules, PlaceOrder, PricedLine, price
from domain.orders.events import Decision, StepAction
from domain.payments import decide as payments
from domain.record import OrderRecord
from domain.refunds import grant
from domain.returns import decide as returns
from domain.returns import events as return_events
from domain.shipping import decide as shipping
from domain.shipping.events import ShipmentItem
from ops.docs.life_states import (
    BACK,
    ELSEWHERE,
    FOUND,
    HELD,
    LOST_BY,
    PARCEL,
    PLACED,
    RETURN,
    STALLED,
    STATES,
    TOTAL,
)
from ops.docs.writers import CONTEXTS, WRITTEN_BY, stream_of

Decider = Callable[[OrderRecord], Sequence[object]]


def _place() -> PlaceOrder:
    rules = OrderRules(Money.zero("EUR"), Decimal(0), 1, TOTAL.minor, 1)
    lines, totals = price([PricedLine(Sku("MUG"), "Mug", Quantity(1), TOTAL)], "EUR", rules)
    shared = {field.name: getattr(PLACED, field.name) for field in fields(PLACED) if field.name != "placed_at"}
    given = {**shared, "currency": "EUR", "lines": lines, "totals": totals, "order_number": OrderNumber("")}
    return PlaceOrder(**given)


def _settled(record: OrderRecord) -> Money:
    return Money.zero("EUR") if record is STATES["none"] else record.settled


def _resolve(record: OrderRecord, action: StepAction) -> Sequence[object]:
    dispatched = record.shipments.any_dispatched
    given = {"step": STALLED, "action": action, "reason": "", "resolved_by": ""}
    return orders.resolve_step(record.order_state, **given, dispatched=dispatched)  # type: ignore[arg-type]


def _return() -> rma.ReturnRequest:
    return rma.ReturnRequest(UUID(int=3), return_events.ReturnKind.RETURN, BACK, "", "")


_DELIVERIES: Final = (rma.Delivery(PLACED.placed_at, BACK),)
RETURN_RULES: Final = rma.ReturnRules(timedelta(days=30), return_events.ReturnTerms(), auto_approve=False)
SUBSTITUTE: Final = order_events.OrderLine("CUP", "Cup", 1, TOTAL)
HOLD: Final = order_events.HoldPlaced("hold", order_events.HoldScope.PAYMENT, None, "", "", None)

_STOCK: Final = {("BER", "MUG"): StockItem(1, {PLACED.order_id: 1})}


def _amendment(quantities: Mapping[str, int] | None = None) -> Amendment:
    """Another address in the same country, or these quantities."""
    rules = OrderRules(Money.zero("EUR"), Decimal(0), 1, TOTAL.minor, 1)
    elsewhere = None if quantities else ELSEWHERE
    return Amendment(rules, "DE", PLACED.shipping_method, quantities or {}, shipping_address=elsewhere)


DECIDERS: Final[Mapping[str, Decider]] = {
    "place": lambda record: orders.place(record.order_state, _place(), PLACED.placed_at),
    "confirm": lambda record: orders.confirm(
        record.order_state, reserved=_secured(record), authorized=_paid(record, "open")
    ),
    "request cancellation": lambda record: orders.request_cancellation(
        record.order_state, dispatched=record.shipments.any_dispatched, reason="", requested_by=""
    ),
    "reject cancellation": lambda record: orders.reject_cancellation(record.order_state, reason=""),
    "cancel": lambda record: orders.cancel(
        record.order_state, held=_paid(record, "held"), reserved=record.reserved
    ),
    "complete": lambda record: orders.complete(
        record.order_state,
        delivered=bool(record.shipments.by_id) and record.all_delivered,
        paid=_settled(record),
        authorized=record.payment.open,
    ),
    "stall": lambda record: orders.stall(record.order_state, step=STALLED, error_type="", error=""),
    "resolve: retry": lambda record: _resolve(record, StepAction.RETRY),
    "resolve: compensate": lambda record: _resolve(record, StepAction.COMPENSATE),
    "amend": lambda record: amending.stage(record, _STOCK, ("BER",), _amendment(), reason="", by="").order,
    "cancel line": lambda record: (
        amending.cancel_line(record, _STOCK, ("BER",), _amendment({"MUG": 0}), reason="", by="").order
    ),
    "apply amendment": lambda record: amending.apply(record, _STOCK, ("BER",)).order,
    "reject amendment": lambda record: amending.reject(record, _STOCK, code="", reason="").order,
    "place hold": lambda record: holds.place_hold(record.order_state, HOLD, parcels=(), at=PLACED.placed_at),
    "release hold": lambda record: holds.release_hold(record.order_state, HELD.hold_id, reason="", released_by=""),
    "resolve: adopt": lambda record: _resolve(record, StepAction.ADOPT),
    "assign": lambda record: orders.assign(record.order_state, assignee="", reason="", assigned_by=""),
    "note": lambda record: orders.note(record.order_state, text="", noted_by=""),
    "offer a substitute": lambda record: availability.offer_substitute(
        record.order_state, "MUG", SUBSTITUTE, short=record.short, by=""
    ),
    "decide on what is not available": lambda record: availability.decide_unavailable(
        record.order_state, Decision.WAIT, short=record.short, at=PLACED.placed_at, by=""
    ),
    "request authorisation": lambda record: payments.request_authorization(
        record.payment_state, "", method="", amount=TOTAL
    ),
    "request capture": lambda record: payments.request_capture(
        record.payment_state, "", shipment_id=PARCEL, amount=TOTAL
    ),
    "request void": lambda record: payments.request_void(record.payment_state, ""),
    "request refund": lambda record: payments.request_refund(record.payment_state, "", amount=TOTAL),
    "grant refund": lambda record: grant(record, "", amount=TOTAL, lines={}, reason="", by=""),
    "open chargeback": lambda record: payments.open_chargeback(
        record.payment_state, reference="", amount=TOTAL, reason=""
    ),
    "request return": lambda record: rma.request(
        record, _return(), _DELIVERIES, RETURN_RULES, at=PLACED.placed_at
    ),
    "approve return": lambda record: rma.approve(record, {}, (), RETURN, reason="", by="").order,
    "reject return": lambda record: rma.reject(record, RETURN, reason="", by="").order,
    "receive return": lambda record: returns.receive(
        record.returns, RETURN, warehouse=None, warehouses=("BER",), by=""
    ),
    "inspect return": lambda record: rma.inspect(record, RETURN, FOUND, by="").order,
    "book a return's label": lambda record: returns.label(record.returns, RETURN, booking="", tracking=""),
    "close return": lambda record: returns.close(record.returns, RETURN),
    "book": lambda record: shipping.book(
        record.shipments, PARCEL, warehouse="BER", items=(ShipmentItem("MUG", 1),), booking="", tracking=""
    ),
    "refuse booking": lambda record: shipping.refuse_booking(record.shipments, PARCEL, code="", reason=""),
    "cancel booking": lambda record: shipping.cancel_booking(record.shipments, PARCEL),
    "dispatch": lambda record: shipping.dispatch(record.shipments, PARCEL),
    "deliver": lambda record: shipping.deliver(record.shipments, PARCEL),
    "find": lambda record: shipping.find(record.shipments, PARCEL),
    "lose": lambda record: shipping.lose(record.shipments, PARCEL, LOST_BY),
    "answer a loss": lambda record: lost.answer_with_refund(record, PARCEL, share=TOTAL, reason="", by="").order,
}


def _secured(record: OrderRecord) -> bool:
    return record is not STATES["none"] and record.secured


def _paid(record: OrderRecord, name: str) -> Money:
    """A sum of the payment; zero where there is no order whose currency it would have."""
    if record is STATES["none"]:
        return Money.zero("EUR")
    amount: Money = getattr(record.payment, name)
    return amount


def answer(decide: Decider, record: OrderRecord) -> str:
    """The names of the events that are decided, `nothing` for none, or the code of the refusal in emphasis."""
    try:
        events = decide(record)
    except DomainError as refused:
        return f"*{refused.code}*"
    return ", ".join(f"`{type(event).__name__}`" for event in events) or "nothing"


def decisions() -> list[str]:
    """Command by state. An event's name stands once, in its command's row; `✓` is an answer by those events."""
    rows = [_row("command", "events", *STATES), _row(*["---"] * (len(STATES) + 2))]
    for name, decide in DECIDERS.items():
        answers = [answer(decide, record) for record in STATES.values()]
        decided = list(dict.fromkeys(each for each in answers if each.startswith("`")))
        marks = ["✓" if each in decided else each for each in answers]
        assert len(decided) == 1, f"{name} needs a state that allows it, and one answer by events: {decided}"
        rows.append(_row(name, decided[0], *marks))
    return rows


def statuses() -> list[str]:
    rows = [_row("state", "status", "payment status", "fulfilment status"), _row(*["---"] * 4)]
    for name, record in STATES.items():
        shown = (
            [record.status, record.payment_status, record.fulfilment_status] if name != "none" else ["", "", ""]
        )
        rows.append(_row(name, *(f"`{each}`" if each else "" for each in shown)))
    return rows


def written() -> list[str]:
    rows = [_row("event", "context", "stream", "written by"), _row(*["---"] * 4)]
    for context in CONTEXTS:
        for event in context.EVENTS:
            steps = ", ".join(f"`{step}`" for step in WRITTEN_BY[event]) or "no command yet"
            name = context.__name__.split(".")[1]
            rows.append(_row(f"`{event.__name__}`", name, f"`{stream_of(event)}`", steps))
    return rows


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


HEAD = """\
# The life of an order, from the code

Made by `python -m ops.docs.lifecycle`; a test fails when it is not true any more.

## What may be done when

Each column is a state, made by a short history. *held* is placed, and held whole; *asked* is placed,
and its customer asked what to do about a line that is short; *stalled* is placed, with a request for money that
waits for an operator; *secured* has stock and money; *booked*, *dispatched* and *delivered*
follow its one parcel, *amending* is booked, with an amendment under way, and the *return* states follow the
return of its one piece; *undone* is a cancellation whose
compensation is complete. `✓` answers by the events of the
row, "nothing" allows the command and has nothing to change, and a code in emphasis is the refusal.

What several contexts must agree on (money and stock for a confirmation, parcels for a cancellation) is read off
the whole stream and given to the decider. The deciders of payments and of shipping do not know the order's status:
which of them is asked, and when, is the workflow's part.
"""
STATUSES = """
## What a reader sees

All three are folds of the same stream, never stored.
"""
EVENTS = """
## Which step writes which event

A step's key is its label and `#n`, where n counts the final outcomes it had before; a command's key ends with the
caller's idempotency key, and `{run}` is the id of a workflow's run. A request and its outcome stand under one key.
`void` and `unbook` first settle a request whose outcome is unknown, and write the outcome under the settled step's
own key. Stock events carry the order's step and are appended together with the order's.
"""


def document() -> str:
    parts = [HEAD, *decisions(), STATUSES, *statuses(), EVENTS, *written()]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
