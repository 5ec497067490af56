"""A customer's state: whether the person behind it was erased, here and outside."""

from dataclasses import dataclass, replace
from typing import assert_never

from domain.customers.events import CustomerErased, CustomerEvent, CustomerForgotten


@dataclass(frozen=True, slots=True)
class Customer:
    erased: CustomerErased | None = None
    forgotten: bool = False


INITIAL = Customer()


def evolve(state: Customer, event: CustomerEvent) -> Customer:
    match event:
        case CustomerErased():
            return replace(state, erased=event)
        case CustomerForgotten():
            return replace(state, forgotten=True)
        case _:
            assert_never(event)
