"""`GET /v1/orders/{id}/ledger`."""

from domain.money import Money
from domain.payments.ledger import Account, entries_of
from readmodels.views import LedgerPosting
from tests.api.world import World, problem
from tests.support.samples import AUTHORIZED, NOON, ORDER

PATH = f"/v1/orders/{ORDER}/ledger"


def posting() -> LedgerPosting:
    entries = entries_of(AUTHORIZED[1])
    balances = {entry.account: entry.amount for entry in entries} | {Account.GATEWAY: Money(0, "EUR")}
    return LedgerPosting(3, "PaymentAuthorized", NOON, entries, balances)


async def test_debits_credits_and_balances(world: World) -> None:
    world.knows()
    world.queries.postings.append(posting())
    response = await world.call("GET", PATH)
    amount = {"amount": "35.70", "currency": "EUR"}
    assert response.json() == {
        "balances": [
            {"account": "authorized", "balance": amount},
            {"account": "commitments", "balance": {"amount": "-35.70", "currency": "EUR"}},
        ],
        "items": [
            {
                "version": 3,
                "type": "PaymentAuthorized",
                "recorded_at": "2026-03-01T12:00:00Z",
                "entries": [
                    {"account": "authorized", "debit": amount, "credit": None},
                    {"account": "commitments", "debit": None, "credit": amount},
                ],
            }
        ],
    }


async def test_an_order_without_postings_has_no_balances(world: World) -> None:
    world.knows()
    assert (await world.call("GET", PATH)).json() == {"balances": [], "items": []}


async def test_others_orders_have_no_ledger(world: World) -> None:
    world.knows()
    problem(await world.call("GET", PATH, subject="c-2"), 404, "order-not-found")
