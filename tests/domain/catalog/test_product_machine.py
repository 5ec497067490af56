"""Whatever is done to a product: what is on sale has a price, and what is discontinued stays so."""

from collections.abc import Callable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.catalog import decide
from domain.catalog.events import CatalogEvent, ProductCreated, ProductDiscontinued, ProductPublished
from domain.catalog.model import INITIAL, Product, ProductState, ProductStatus, evolve
from domain.decider import fold
from domain.errors import DomainError
from domain.identifiers import sku
from domain.money import Money

prices = st.builds(Money, st.integers(-1, 3), st.sampled_from(("EUR", "USD")))


class Products(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state: ProductState = INITIAL
        self.log: list[CatalogEvent] = []

    def ask(self, decision: Callable[[ProductState], Sequence[CatalogEvent]]) -> None:
        over = isinstance(self.state, Product) and self.state.status is ProductStatus.DISCONTINUED
        try:
            events = decision(self.state)
        except DomainError:
            return
        assert not (over and events)
        self.state = fold(evolve, self.state, events)
        self.log += events
        assert list(decision(self.state) if self.repeatable(events) else ()) == []

    def repeatable(self, events: Sequence[CatalogEvent]) -> bool:
        return not any(isinstance(event, ProductCreated | ProductDiscontinued) for event in events)

    @rule(prices=st.lists(prices, max_size=3))
    def create(self, prices: list[Money]) -> None:
        self.ask(lambda state: decide.create(state, sku("MUG"), "Mug", prices))

    @rule(price=prices)
    def change_price(self, price: Money) -> None:
        self.ask(lambda state: decide.change_price(state, price))

    @rule()
    def publish(self) -> None:
        self.ask(decide.publish)

    @rule()
    def discontinue(self) -> None:
        self.ask(lambda state: decide.discontinue(state, "sold out"))

    @invariant()
    def what_is_on_sale_has_a_price_of_at_least_nothing(self) -> None:
        if isinstance(self.state, Product):
            assert self.state.prices or self.state.status is not ProductStatus.PUBLISHED
            assert all(price >= Money.zero(currency) for currency, price in self.state.prices.items())

    @invariant()
    def created_published_and_discontinued_at_most_once(self) -> None:
        for kind in (ProductCreated, ProductPublished, ProductDiscontinued):
            assert sum(isinstance(event, kind) for event in self.log) <= 1

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert fold(evolve, INITIAL, self.log) == self.state


TestProducts = Products.TestCase
TestProducts.settings = settings(max_examples=40, stateful_step_count=20)
