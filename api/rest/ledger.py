"""An order's double-entry ledger."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import Deps, MinPosition, OrderId, Reading
from api.openapi import problems
from api.reading import catch_up, visible_order
from api.rest import examples
from api.rest.representations import MoneyOut, answer, money
from api.strict import StrictRoute
from domain.money import Money
from domain.payments.ledger import Account, Entry
from readmodels import ledger
from readmodels.views import LedgerPosting

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)


class EntryOut(BaseModel):
    """One of `debit` and `credit` is given."""

    account: Account
    debit: MoneyOut | None
    credit: MoneyOut | None

    @classmethod
    def of(cls, entry: Entry) -> "EntryOut":
        amount = entry.amount
        debit = amount.minor > 0
        return cls(
            account=entry.account,
            debit=money(amount) if debit else None,
            credit=None if debit else money(-amount),
        )


class PostingOut(BaseModel):
    """What one event of the order posted; debits and credits are equal."""

    version: int
    type: str
    recorded_at: datetime
    entries: list[EntryOut]

    @classmethod
    def of(cls, posting: LedgerPosting) -> "PostingOut":
        return cls(
            version=posting.version,
            type=posting.type,
            recorded_at=posting.recorded_at,
            entries=[EntryOut.of(entry) for entry in posting.entries],
        )


class BalanceOut(BaseModel):
    """A debit balance is positive, a credit balance negative."""

    account: Account
    balance: MoneyOut


class LedgerOut(BaseModel):
    balances: list[BalanceOut]
    items: list[PostingOut]


@router.get(
    "/orders/{order_id}/ledger",
    response_model=LedgerOut,
    openapi_extra=problems("order-not-found", "invalid-position", "read-not-caught-up", example=examples.LEDGER),
)
async def get_order_ledger(
    caller: Reading, deps: Deps, order_id: OrderId, min_position: MinPosition = None
) -> Response:
    """What each event of the order posted to which account, and the balances. All balances sum to zero."""
    await catch_up(deps, ledger.NAME, min_position)
    await visible_order(deps, caller, order_id)
    postings = await deps.queries.ledger(order_id)
    balances = postings[-1].balances if postings else {}
    return answer(
        LedgerOut(balances=list(_shown(balances)), items=[PostingOut.of(posting) for posting in postings])
    )


def _shown(balances: Mapping[Account, Money]) -> Iterable[BalanceOut]:
    """In the accounts' order; without those that came to nothing."""
    for account in Account:
        if amount := balances.get(account):
            yield BalanceOut(account=account, balance=money(amount))
