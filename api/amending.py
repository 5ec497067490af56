"""From a body to an amendment: catalogue prices of what is added, and the rules of where the order is to go."""

from uuid import UUID

from api.auth import Principal
from api.dependencies import ApiDependencies
from api.placing import line_of, quantity_of
from api.reading import visible_order
from api.rest.bodies import AmendmentBody
from domain import identifiers
from domain.errors import InvalidValue
from domain.orders.amendments import Amendment
from domain.orders.events import STANDARD_SHIPPING, OrderLine
from domain.orders.model import Order


async def amendable(deps: ApiDependencies, caller: Principal, order_id: UUID) -> Order:
    """The order as it is read, which is what the caller saw of it. Raises Problem (`order-not-found`)."""
    return (await visible_order(deps, caller, order_id)).record.order


async def amendment_of(deps: ApiDependencies, order: Order, body: AmendmentBody) -> Amendment:
    """Price what is asked for.

    Raises:
        DomainError: a value is malformed, a product cannot be sold, or the shipping method does not go there.
    """
    quantities: dict[str, int] = {}
    added: list[OrderLine] = []
    present = {line.sku for line in order.lines}
    for line in body.lines:
        sku = identifiers.sku(line.sku)
        if sku in quantities or any(sku == other.sku for other in added):
            raise InvalidValue(f"SKU {sku} is given more than once", code="duplicate-sku")
        if sku in present and line.quantity == 0:
            quantities[sku] = 0
        elif sku in present:
            quantities[sku] = quantity_of(deps.rules, line.quantity)
        else:
            added.append(await line_of(deps, sku, quantity_of(deps.rules, line.quantity), order.currency))
    address = body.shipping_address.address() if body.shipping_address else None
    before = order.terms
    country = (address or before.shipping_address).country
    method = body.shipping_method or before.shipping_method
    moved = (country, method) != (before.shipping_address.country, before.shipping_method)
    rules = deps.rules.for_order(order.currency, country, method if moved else STANDARD_SHIPPING)
    return Amendment(rules, country, method, quantities, tuple(added), address, body.shipping_method)


def without_line(deps: ApiDependencies, order: Order, sku: str) -> Amendment:
    """Take one line out. What the line was is for the order to say."""
    before = order.terms
    rules = deps.rules.for_order(order.currency, before.shipping_address.country)
    return Amendment(rules, before.shipping_address.country, before.shipping_method, {sku[:64]: 0})
