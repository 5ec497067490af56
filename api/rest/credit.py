"""A customer's store credit: read by its owner, granted by operators, spent by the method `store_credit`."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from activities.gateways.credit import LoadedCredit
from api import positions
from api.dependencies import AnyKey, Deps, Reading, Refunding, command_key
from api.openapi import problems
from api.reading import owns
from api.rest.bodies import Body, MoneyBody
from api.rest.customers import CustomerId
from api.rest.representations import MoneyOut, answer, money
from api.rest.texts import Reason
from api.strict import StrictRoute
from domain.errors import NotFound
from domain.identifiers import customer_id as checked_customer_id
from workflows.updating import fingerprint

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)

EXAMPLE = {
    "customer_id": "c-1042",
    "balances": [{"amount": "25.00", "currency": "EUR"}],
    "reserved": [{"amount": "19.99", "currency": "EUR"}],
    "version": 2,
}


class StoreCreditOut(BaseModel):
    """`balances` can be spent; `reserved` is taken for orders that have not captured it yet. A currency each."""

    customer_id: str
    balances: list[MoneyOut]
    reserved: list[MoneyOut]
    version: int


class GrantCreditBody(Body):
    """`reason` is kept readable, so it must name nobody."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": {"amount": "25.00", "currency": "EUR"}, "reason": "goodwill"}]}
    )

    amount: MoneyBody
    reason: Reason


@router.get(
    "/customers/{customer_id}/store-credit",
    response_model=StoreCreditOut,
    openapi_extra=problems("customer-not-found", example=EXAMPLE),
)
async def get_store_credit(caller: Reading, deps: Deps, customer_id: CustomerId) -> Response:
    """As it stands now. A customer sees its own; one that never had any has no balances."""
    if not owns(caller, customer_id):
        raise NotFound("there is no customer of this id", code="customer-not-found")
    return answer(_out(customer_id, await deps.gateway.credit_of(customer_id)))


@router.post(
    "/customers/{customer_id}/store-credit",
    response_model=StoreCreditOut,
    openapi_extra=problems(
        *("invalid-customer-id", "invalid-amount", "unknown-currency", "invalid-idempotency-key"),
        *("idempotency-key-reuse", "outcome-unknown"),
        example=EXAMPLE,
    ),
)
async def grant_store_credit(
    caller: Refunding, deps: Deps, customer_id: CustomerId, key: AnyKey, body: GrantCreditBody
) -> Response:
    """Give a customer so much more to spend, with a reason. It does not expire."""
    amount = body.amount.money()
    committed = await deps.gateway.grant_credit(
        checked_customer_id(customer_id),
        key=command_key(caller, key),
        amount=amount,
        reason=body.reason,
        fingerprint=fingerprint("grant-credit", str(amount), body.reason),
        actor=caller.actor,
    )
    credit = await deps.gateway.credit_of(customer_id)
    return answer(_out(customer_id, credit), waybill_position=positions.encode(committed))


def _out(customer_id: str, credit: LoadedCredit) -> StoreCreditOut:
    state = credit.state
    return StoreCreditOut(
        customer_id=customer_id,
        balances=[money(each) for _, each in sorted(state.balances.items())],
        reserved=[money(each) for each in state.still_reserved()],
        version=credit.version,
    )
