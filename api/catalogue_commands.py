"""The command bus on the catalogue as the API needs it: `workflows.catalogue.CatalogueGateway` is one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from activities.aggregates import Committed
from domain.catalog.decide import ProductChange
from domain.catalog.events import AttributeKind
from domain.identifiers import Sku
from domain.money import Money


class CatalogueCommands(Protocol):
    """Each is idempotent under its key, and may raise DomainError and CommandUnavailable."""

    async def create_product(
        self,
        sku: Sku,
        name: str,
        prices: Sequence[Money],
        *,
        key: str,
        actor: str,
        change: ProductChange,
        dry_run: bool = False,
    ) -> Committed: ...

    async def change_product(
        self,
        sku: Sku,
        change: ProductChange,
        *,
        key: str,
        actor: str,
        expected_version: int | None = None,
        dry_run: bool = False,
    ) -> Committed: ...

    async def change_price(
        self, sku: Sku, price: Money, *, key: str, actor: str, expected_version: int | None = None
    ) -> Committed: ...

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
    ) -> tuple[Committed, str]: ...

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
    ) -> Committed: ...

    async def publish_product(
        self, sku: Sku, *, key: str, actor: str, expected_version: int | None = None
    ) -> Committed: ...

    async def unpublish_product(
        self, sku: Sku, *, key: str, actor: str, expected_version: int | None = None
    ) -> Committed: ...

    async def discontinue_product(
        self, sku: Sku, *, key: str, reason: str, actor: str, expected_version: int | None = None
    ) -> Committed: ...

    async def create_category(
        self, category: str, name: str, parent: str | None, *, key: str, actor: str
    ) -> Committed: ...

    async def rename_category(self, category: str, name: str, *, key: str, actor: str) -> Committed: ...

    async def move_category(self, category: str, parent: str | None, *, key: str, actor: str) -> Committed: ...

    async def define_attribute(
        self, attribute: str, label: str, kind: AttributeKind, choices: Sequence[str], *, key: str, actor: str
    ) -> Committed: ...
