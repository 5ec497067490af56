"""Screening an order before it is placed: the customer's earlier orders, as far as the read model knows them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from api.dependencies import ApiDependencies
from api.placing import PricedOrder
from domain.money import total
from domain.orders.screening import CustomerFacts, screen
from readmodels.views import OrderView

EARLIER: Final = 100
"""How many of a customer's latest orders are looked at."""


async def screened(deps: ApiDependencies, order: PricedOrder) -> tuple[str, ...]:
    """Why somebody has to look at the order before it goes on. Without rules it costs nothing."""
    currency, country = order.body.currency, order.address.country
    rules = deps.rules.screening.rules(currency)
    earlier: Sequence[OrderView] = ()
    if rules.need_facts:
        earlier = await deps.queries.customer_orders(order.body.customer_id, limit=EARLIER)
    since = datetime.now(UTC) - timedelta(seconds=deps.rules.screening.window)
    return screen(order.totals.total, country, facts(earlier, currency, since), rules)


def facts(earlier: Sequence[OrderView], currency: str, since: datetime) -> CustomerFacts:
    owed = [
        view.record.order.owed
        for view in earlier
        if not view.record.status.terminal and view.record.order.currency == currency
    ]
    return CustomerFacts(
        recent_orders=sum(view.placed_at > since for view in earlier),
        open_total=total(owed, currency),
        countries=frozenset(view.record.order.shipping_address.country for view in earlier),
    )
