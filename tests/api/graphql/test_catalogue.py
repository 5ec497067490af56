"""The catalogue in the graph: what REST takes and shows, through the same checks."""

from decimal import Decimal
from typing import Any

import pytest

from domain.catalog.decide import ProductChange
from domain.catalog.model import ProductStatus
from domain.errors import NotAllowed
from domain.money import Money
from tests.api.graphql.asking import data, refusal
from tests.api.world import World, product

COMMANDS = """mutation ($attributes: JSON) {
  createProduct(
    input: {sku: "MUG", name: "Mug", description: "D", attributes: $attributes}, idempotencyKey: "a"
  ) { ...Done }
  changeProduct(
    sku: "MUG", expectedVersion: 3,
    input: {attributes: $attributes, images: [{url: "https://a.example/1", alt: "A mug"}]}
  ) { ...Done }
  schedulePrice(
    sku: "MUG", idempotencyKey: "b", input: {price: {amount: "9.00", currency: "EUR"}, endOverlapping: true}
  ) { ...Done }
  endPrice(sku: "MUG", priceId: "p") { ...Done }
  unpublishProduct(sku: "MUG") { ...Done }
}
fragment Done on CatalogueCommandResult { __typename ... on CatalogueCommanded { sku version } }"""
SHARED = """mutation {
  createCategory(input: {category: "mugs", name: "Mugs"}, idempotencyKey: "a") { ...Done }
  renameCategory(category: "mugs", name: "Cups") { ...Done }
  moveCategory(category: "mugs", parent: null) { ...Done }
  defineAttribute(attribute: "colour", input: {label: "C", type: CHOICE, choices: ["red"]}) { ...Done }
}
fragment Done on TaxonomyCommandResult { __typename ... on TaxonomyCommanded { code version } }"""
LIST = """query ($where: ProductWhere, $currency: String) {
  products(where: $where, currency: $currency) { nodes { sku attributes scheduledPrices { priceId } } }
}"""


async def test_commands_on_products(world: World) -> None:
    attributes = {"volume": 0.33, "safe": True, "old": None}
    answers = await data(world, COMMANDS, role="operator", attributes=attributes)
    done = {"__typename": "CatalogueCommanded", "sku": "MUG", "version": 7}
    assert list(answers.values()) == [done] * 5
    calls = dict(world.gateway.calls)
    read: dict[str, Any] = {"volume": Decimal("0.33"), "safe": True, "old": None}
    assert calls["create_product"]["change"] == ProductChange(description="D", attributes=read)
    assert (calls["change_product"]["change"].attributes, calls["change_product"]["expected_version"]) == (read, 3)
    assert (calls["schedule_price"]["price"], calls["schedule_price"]["end_overlapping"]) == (
        Money(900, "EUR"),
        True,
    )
    refused = await data(world, COMMANDS, role="customer", attributes=attributes)
    assert {answer["__typename"] for answer in refused.values()} == {"AccessProblem"}


@pytest.mark.parametrize("attributes", [[1], "x", {"a": [1]}, {"a": {"b": 1}}, {"a" * 65: 1}, {"a": "x" * 501}])
async def test_attributes_are_names_and_values(world: World, attributes: Any) -> None:
    answers = await data(world, COMMANDS, role="operator", attributes=attributes)
    assert answers["changeProduct"]["__typename"] == "InvalidProblem"
    assert not [name for name, _ in world.gateway.calls if name == "change_product"]


async def test_commands_on_what_products_share(world: World) -> None:
    answers = await data(world, SHARED, role="operator")
    codes = [answer["code"] for answer in answers.values()]
    assert codes == ["mugs", "mugs", "mugs", "colour"]
    world.gateway.fails = NotAllowed("a ring", code="category-ring")
    refused = await data(world, SHARED, role="operator")
    assert refused["moveCategory"]["__typename"] == "ConflictProblem"


async def test_products_are_listed_by_what_they_are(world: World) -> None:
    world.queries.catalogue["NEW"] = product("NEW", ProductStatus.DRAFT)
    where = {"q": "mug", "category": "mugs", "attributes": ["colour:blue"], "priceMax": "9.99", "inStock": True}
    found = await data(world, LIST, role=None, where=where, currency="EUR")
    assert found["products"]["nodes"][0] == {"sku": "MUG", "attributes": {}, "scheduledPrices": None}
    wanted = world.queries.wanted
    assert wanted
    assert (wanted.q, wanted.category, wanted.attributes) == ("mug", "mugs", {"colour": "blue"})
    assert (wanted.most_price, wanted.in_stock, wanted.status) == (999, True, ProductStatus.PUBLISHED)
    drafts = await data(world, LIST, role="operator", where={"status": "DRAFT"})
    assert [each["sku"] for each in drafts["products"]["nodes"]] == ["NEW"]


@pytest.mark.parametrize("where", [{"priceMin": "1"}, {"attributes": ["x"]}, {"q": "x" * 201}])
async def test_a_filter_that_is_none(world: World, where: dict[str, Any]) -> None:
    assert await refusal(world, LIST, role=None, where=where) == "invalid-filter"


async def test_what_products_share(world: World) -> None:
    asked = "query { categories { nodes { category path } } attributes { attribute type choices } }"
    shown = await data(world, asked, role=None)
    assert shown["categories"]["nodes"] == [{"category": "mugs", "path": ["kitchen", "mugs"]}]
    assert shown["attributes"] == [{"attribute": "colour", "type": "CHOICE", "choices": ["blue", "green"]}]
