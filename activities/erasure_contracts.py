"""What the steps of an erasure are given and what they answer: see `activities.contracts`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EraseStep:
    """`reason` names nobody: it stays readable."""

    customer_id: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Erased:
    """The customer's stream is at `version`. With a `refusal` nothing was erased; `open_orders` are in the way."""

    version: int
    refusal: str | None = None
    open_orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many orders the outside service was told to forget the person of."""

    orders: int


@dataclass(frozen=True, slots=True)
class ForgottenStep:
    customer_id: str
    orders: int
    actor: str
