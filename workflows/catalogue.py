"""Commands on products, categories and attributes: loaded, decided and appended at once, where they are sent."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from activities.aggregates import Command, Committed, decide_product, decide_taxonomy, event_id, load_taxonomy
from domain.catalog import decide as catalog
from domain.catalog import pricing, taxonomy
from domain.catalog.decide import ProductChange
from domain.catalog.events import AttributeKind, CatalogEvent, TaxonomyEvent
from domain.catalog.model import ProductState, evolve
from domain.catalog.prices import ScheduledPrice
from domain.decider import fold
from domain.identifiers import Sku
from domain.money import Money
from eventstore.snapshots import Snapshots
from eventstore.store import EventStore, StoreOverloaded, StoreUnavailable, WrongExpectedVersion
from workflows.errors import CommandUnavailable

R = TypeVar("R")
NO_CHANGE: Final = ProductChange()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueGateway:
    """Every command may raise DomainError, CommandUnavailable.

    `expected_version` makes it one on that version of the product, or none (`version-mismatch`). A `dry_run`
    decides and appends nothing: it answers with the version there is, or raises as the command would.
    """

    store: EventStore
    snapshots: Snapshots

    async def create_product(
        self,
        sku: Sku,
        name: str,
        prices: Sequence[Money],
        *,
        key: str,
        actor: str,
        change: ProductChange = NO_CHANGE,
        dry_run: bool = False,
    ) -> Committed:
        """Create a draft; `change` is what it shows from the first."""
        command = Command(f"create:{key}", actor, dry_run=dry_run)
        known = await self._named_in(change)

        def decide(state: ProductState) -> Sequence[CatalogEvent]:
            created = catalog.create(state, sku, name, prices)
            return [*created, *catalog.change(fold(evolve, state, created), change, known)]

        return await self._product(sku, command, decide)

    async def change_product(
        self,
        sku: Sku,
        change: ProductChange,
        *,
        key: str,
        actor: str,
        expected_version: int | None = None,
        dry_run: bool = False,
    ) -> Committed:
        """Change what customers are shown."""
        command = Command(f"change:{key}", actor, expected_version, dry_run)
        known = await self._named_in(change)
        return await self._product(sku, command, lambda state: catalog.change(state, change, known))

    async def change_price(
        self, sku: Sku, price: Money, *, key: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        """Set the standing price."""
        command = Command(f"price:{key}", actor, expected_version)
        return await self._product(sku, command, lambda state: catalog.change_price(state, price))

    async def schedule_price(
        self,
        sku: Sku,
        price: Money,
        *,
        key: str,
        actor: str,
        at: datetime,
        valid_from: datetime | None,
        valid_until: datetime | None,
        end_overlapping: bool = False,
        expected_version: int | None = None,
        dry_run: bool = False,
    ) -> tuple[Committed, str]:
        """Give what was committed, and the price's id, which follows from the key. `at` is now."""
        command = Command(f"schedule-price:{key}", actor, expected_version, dry_run)
        price_id = event_id(f"product/{sku}", command, 0).hex[:12]
        wanted = ScheduledPrice(price_id, price, valid_from or at, valid_until)
        committed = await self._product(
            sku,
            command,
            lambda state: pricing.schedule_price(state, wanted, at=at, end_overlapping=end_overlapping),
        )
        return committed, price_id

    async def end_price(
        self,
        sku: Sku,
        price_id: str,
        *,
        key: str,
        actor: str,
        at: datetime,
        valid_until: datetime | None,
        expected_version: int | None = None,
    ) -> Committed:
        """End a scheduled price; `at` is now."""
        command = Command(f"end-price:{key}", actor, expected_version)
        return await self._product(
            sku, command, lambda state: pricing.end_price(state, price_id, at=at, valid_until=valid_until)
        )

    async def publish_product(
        self, sku: Sku, *, key: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        return await self._product(sku, Command(f"publish:{key}", actor, expected_version), catalog.publish)

    async def unpublish_product(
        self, sku: Sku, *, key: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        return await self._product(sku, Command(f"unpublish:{key}", actor, expected_version), catalog.unpublish)

    async def discontinue_product(
        self, sku: Sku, *, key: str, reason: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        command = Command(f"discontinue:{key}", actor, expected_version)
        return await self._product(sku, command, lambda state: catalog.discontinue(state, reason))

    async def create_category(
        self, category: str, name: str, parent: str | None, *, key: str, actor: str
    ) -> Committed:
        return await self._taxonomy(
            Command(f"create-category:{key}", actor),
            lambda state: taxonomy.create_category(state, category, name, parent),
        )

    async def rename_category(self, category: str, name: str, *, key: str, actor: str) -> Committed:
        return await self._taxonomy(
            Command(f"rename-category:{key}", actor), lambda state: taxonomy.rename_category(state, category, name)
        )

    async def move_category(self, category: str, parent: str | None, *, key: str, actor: str) -> Committed:
        return await self._taxonomy(
            Command(f"move-category:{key}", actor), lambda state: taxonomy.move_category(state, category, parent)
        )

    async def define_attribute(
        self, attribute: str, label: str, kind: AttributeKind, choices: Sequence[str], *, key: str, actor: str
    ) -> Committed:
        return await self._taxonomy(
            Command(f"define-attribute:{key}", actor),
            lambda state: taxonomy.define_attribute(state, attribute, label, kind, choices),
        )

    async def _named_in(self, change: ProductChange) -> taxonomy.Taxonomy:
        """What the change may name. Categories and attributes are never taken away, so those read now stay."""
        if not change.categories and not change.attributes:
            return taxonomy.INITIAL
        return await available(load_taxonomy(self.store, self.snapshots))

    async def _product(
        self, sku: Sku, command: Command, decide: Callable[[ProductState], Sequence[CatalogEvent]]
    ) -> Committed:
        return await available(decide_product(self.store, self.snapshots, sku, command, decide))

    async def _taxonomy(
        self, command: Command, decide: Callable[[taxonomy.Taxonomy], Sequence[TaxonomyEvent]]
    ) -> Committed:
        return await available(decide_taxonomy(self.store, self.snapshots, command, decide))


async def available(asked: Awaitable[R]) -> R:
    """Await what needs the event store.

    Raises:
        CommandUnavailable: the store is away or overloaded, or others were first again and again.
    """
    try:
        return await asked
    except (StoreUnavailable, StoreOverloaded, WrongExpectedVersion) as error:
        raise CommandUnavailable(str(error)) from error
