"""Commands on the catalogue in memory: remembered, not carried out."""

from collections.abc import Mapping
from typing import Any

from activities.aggregates import Committed


class FakeCatalogue:
    """What `tests.api.world.FakeGateway` is asked of the catalogue."""

    def _called(self, name: str, given: Mapping[str, Any], stream: str) -> Committed:
        raise NotImplementedError

    async def create_product(self, sku: str, name: str, prices: Any, **given: Any) -> Committed:
        return self._product("create_product", sku, {"name": name, "prices": prices, **given})

    async def change_product(self, sku: str, change: Any, **given: Any) -> Committed:
        return self._product("change_product", sku, {"change": change, **given})

    async def change_price(self, sku: str, price: Any, **given: Any) -> Committed:
        return self._product("change_price", sku, {"price": price, **given})

    async def schedule_price(self, sku: str, price: Any, **given: Any) -> tuple[Committed, str]:
        return self._product("schedule_price", sku, {"price": price, **given}), "price-1"

    async def end_price(self, sku: str, price_id: str, **given: Any) -> Committed:
        return self._product("end_price", sku, {"price_id": price_id, **given})

    async def publish_product(self, sku: str, **given: Any) -> Committed:
        return self._product("publish_product", sku, given)

    async def unpublish_product(self, sku: str, **given: Any) -> Committed:
        return self._product("unpublish_product", sku, given)

    async def discontinue_product(self, sku: str, **given: Any) -> Committed:
        return self._product("discontinue_product", sku, given)

    async def create_category(self, category: str, name: str, parent: str | None, **given: Any) -> Committed:
        return self._shared("create_category", {"category": category, "name": name, "parent": parent, **given})

    async def rename_category(self, category: str, name: str, **given: Any) -> Committed:
        return self._shared("rename_category", {"category": category, "name": name, **given})

    async def move_category(self, category: str, parent: str | None, **given: Any) -> Committed:
        return self._shared("move_category", {"category": category, "parent": parent, **given})

    async def define_attribute(
        self, attribute: str, label: str, kind: Any, choices: Any, **given: Any
    ) -> Committed:
        return self._shared(
            "define_attribute", {"attribute": attribute, "label": label, "kind": kind, "choices": choices, **given}
        )

    def _product(self, name: str, sku: str, given: Mapping[str, Any]) -> Committed:
        return self._called(name, {"sku": sku, **given}, f"product/{sku}")

    def _shared(self, name: str, given: Mapping[str, Any]) -> Committed:
        return self._called(name, given, "taxonomy/shop")
