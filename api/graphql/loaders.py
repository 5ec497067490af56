"""Batched reads: what many objects of one answer need is asked for once (a DataLoader per kind)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from readmodels.catalogue_views import ProductDetails
from readmodels.views import OrderView, Queries, SagaStep, StockView, TimelineEntry

K = TypeVar("K")
V = TypeVar("V")


class Loaders:
    """They live as long as one request, and so does what they remember."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self.orders: DataLoader[UUID, OrderView | None] = DataLoader(self._orders)
        self.events: DataLoader[UUID, Sequence[TimelineEntry]] = DataLoader(self._events)
        self.sagas: DataLoader[UUID, Sequence[SagaStep]] = DataLoader(self._sagas)
        self.products: DataLoader[str, ProductDetails | None] = DataLoader(self._products)
        self.stock: DataLoader[str, StockView | None] = DataLoader(self._stock)

    def forget(self, order_id: UUID) -> None:
        """The order has changed within this request."""
        for loader in (self.orders, self.events, self.sagas):
            with suppress(KeyError):  # it was not read in this request
                loader.clear(order_id)

    def forget_product(self, sku: str) -> None:
        for loader in (self.products, self.stock):
            with suppress(KeyError):
                loader.clear(sku)

    async def _orders(self, ids: list[UUID]) -> Sequence[OrderView | None]:
        return _each(ids, await self._queries.orders_by_id(ids))

    async def _events(self, ids: list[UUID]) -> Sequence[Sequence[TimelineEntry]]:
        found = await self._queries.timelines(ids)
        return [found.get(each, ()) for each in ids]

    async def _sagas(self, ids: list[UUID]) -> Sequence[Sequence[SagaStep]]:
        found = await self._queries.sagas(ids)
        return [found.get(each, ()) for each in ids]

    async def _products(self, skus: list[str]) -> Sequence[ProductDetails | None]:
        return _each(skus, await self._queries.product_details(skus))

    async def _stock(self, skus: list[str]) -> Sequence[StockView | None]:
        return _each(skus, await self._queries.stock_by_sku(skus))


def _each(keys: Sequence[K], found: Mapping[K, V]) -> list[V | None]:
    return [found.get(key) for key in keys]
