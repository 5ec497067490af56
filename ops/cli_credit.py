"""`waybill credit …`: a customer's store credit."""

from typing import Annotated

import typer

from ops.cli_orders import console, with_api
from ops.client import ApiClient
from waybill_client.models import GrantCreditBody, MoneyBody, StoreCredit

credit = typer.Typer()

CustomerId = Annotated[str, typer.Argument(help="The customer's id.")]


@credit.command()
def show(customer_id: CustomerId) -> None:
    """What a customer can spend."""

    async def run(api: ApiClient) -> None:
        _print(await api.get_store_credit(customer_id))

    with_api(run, role="operator")


@credit.command()
def grant(
    customer_id: CustomerId,
    amount: Annotated[str, typer.Argument(help="How much, such as 25.00.")],
    currency: Annotated[str, typer.Argument(help="ISO 4217.")],
    reason: Annotated[str, typer.Option(help="Why. It stays readable: name nobody.")],
) -> None:
    """Give a customer so much more to spend."""

    async def run(api: ApiClient) -> None:
        body = GrantCreditBody(amount=MoneyBody(amount=amount, currency=currency), reason=reason)
        _print(await api.grant_store_credit(customer_id, body))

    with_api(run, role="operator")


def _print(found: StoreCredit) -> None:
    balances = ", ".join(f"{each.amount} {each.currency}" for each in found.balances)
    console.print(f"{found.customer_id}: {balances or 'no store credit'}", markup=False)
