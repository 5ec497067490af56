"""Placing, repeated in every way: one order, one answer."""

import asyncio
from uuid import uuid4

import pytest

from domain.orders.model import OrderStatus
from tests.support.shop import Shop, order
from workflows.errors import CommandTimeout, CommandUnavailable


async def test_twins_place_one_order(shop: Shop) -> None:
    command = order(("MUG", 1))
    first, second, other = await asyncio.gather(
        *(shop.gateway.place(command, key=key, actor="customer:ada") for key in ("same", "same", "other"))
    )
    assert first == second == other
    assert await shop.ended(command.order_id) is OrderStatus.COMPLETED
    assert shop.types(command.order_id).count("OrderPlaced") == 1


async def test_a_closed_order_answers_its_placing_again(shop: Shop) -> None:
    command = order(("MUG", 1))
    first = await shop.gateway.place(command, key="k", actor="customer:ada")
    await shop.ended(command.order_id)
    assert await shop.gateway.place(command, key="k", actor="customer:ada") == first
    again = await shop.gateway.place(command, key="another", actor="customer:ada")
    assert (again.order_id, again.fingerprint) == (first.order_id, first.fingerprint)
    assert again.status is OrderStatus.COMPLETED
    assert shop.types(command.order_id).count("OrderPlaced") == 1


async def test_without_a_worker_there_is_no_answer_but_the_order_is_placed_later(shop: Shop) -> None:
    await shop.close()
    command = order(("MUG", 1))
    impatient = shop.impatient()
    with pytest.raises(CommandTimeout):
        await impatient.place(command, key="k", actor="customer:ada")
    assert command.order_id not in {each.order_id for each in shop.payments.books.values()}
    await shop.open()
    assert (await shop.gateway.place(command, key="k", actor="customer:ada")).version == 1
    assert await shop.ended(command.order_id) is OrderStatus.COMPLETED


async def test_commands_on_an_order_say_when_the_store_is_away(shop: Shop) -> None:
    shop.store.failures = 1
    with pytest.raises(CommandUnavailable):
        await shop.cancel(uuid4())
