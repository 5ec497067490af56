"""Which orders a person should look at before they go on: rules of the shop over facts about the customer."""

from dataclasses import dataclass

from domain.money import Money

SCREENING = "screening"
"""Author, and id, of the hold that screening places."""


@dataclass(frozen=True, slots=True)
class ScreeningRules:
    """Each is off when it is None or False. Amounts are of the order's currency."""

    max_total: Money | None = None
    max_recent_orders: int | None = None
    max_open_total: Money | None = None
    new_country: bool = False

    @property
    def need_facts(self) -> bool:
        """Whether any of them looks further than the order itself."""
        return self.max_recent_orders is not None or self.max_open_total is not None or self.new_country


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """The customer's earlier orders: how many lately, the total of the open ones, where they went."""

    recent_orders: int
    open_total: Money
    countries: frozenset[str]


def screen(total: Money, country: str, facts: CustomerFacts, rules: ScreeningRules) -> tuple[str, ...]:
    """The reasons to hold an order of `total` to `country`; none when it may go on."""
    reasons = []
    if rules.max_total is not None and total > rules.max_total:
        reasons.append(f"the total {total} is above {rules.max_total}")
    if rules.max_recent_orders is not None and facts.recent_orders >= rules.max_recent_orders:
        reasons.append(f"the customer placed {facts.recent_orders} orders lately")
    if rules.max_open_total is not None and facts.open_total + total > rules.max_open_total:
        reasons.append(f"the customer's open orders come to {facts.open_total + total}")
    if rules.new_country and facts.countries and country not in facts.countries:
        reasons.append(f"the customer never had a parcel to {country}")
    return tuple(reasons)
