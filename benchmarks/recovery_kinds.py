"""The kinds of orders that the proof of recovery brings about, and how they end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Order = dict[str, Any]
RARE: Final = "RARE"
"""A product with nothing in stock."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Orders that are brought to one state. `then` are done one after another as the order gets there."""

    name: str
    ready: Callable[[Order], object]
    method: str = "sim_ok"
    sku: str = "MUG-BLUE"
    on_unavailable: str = "cancel"
    then: tuple[tuple[Callable[[Order], object], str], ...] = ()
    ends: str = "completed"


def booked(order: Order) -> object:
    return order["shipments"]


def short(order: Order) -> object:
    return order["lines"][0]["quantities"]["backordered"]


def attention(order: Order) -> object:
    return order["attention"]


def dispatched(order: Order) -> object:
    return order["fulfilment_status"] == "shipped"


def ended(order: Order) -> object:
    return order["status"] in ("completed", "cancelled")


OVER: Final = (
    Kind("completed", ended),
    Kind("declined", ended, method="sim_declined", ends="cancelled"),
)
"""Brought to their ends while parcels move."""
RESTING: Final = (
    Kind("authorisation stalled", attention, method="sim_down"),
    Kind("booked", booked),
    Kind("dispatched", dispatched, then=((booked, "advance"),)),
    Kind("capture stalled", attention, method="sim_capture_down", then=((booked, "advance"),)),
    Kind("void stalled", attention, method="sim_void_down", then=((booked, "cancel"),), ends="cancelled"),
    Kind("waiting for stock", short, sku=RARE, on_unavailable="wait"),
    Kind("asked", lambda order: order["status"] == "awaiting_customer", sku=RARE, on_unavailable="ask"),
    Kind(
        "held",
        lambda order: order["status"] == "on_hold",
        sku=RARE,
        on_unavailable="wait",
        then=((short, "hold"),),
    ),
)
CAUGHT: Final = tuple(
    Kind(f"in flight, {method}", lambda order: True, method=method)
    for method in ("sim_ok", "sim_slow", "sim_lost_answer", "sim_flaky")
)
