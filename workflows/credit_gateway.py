"""Commands on store credit: loaded, decided and appended at once, like those on goods."""

from dataclasses import dataclass

from activities.aggregates import Committed
from activities.gateways.credit import LoadedCredit, change_credit, credit_stream, load_credit
from domain.credit import decide
from domain.money import Money
from workflows.catalogue import available
from workflows.goods import GoodsGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditGateway(GoodsGateway):
    """Every command may raise DomainError, CommandUnavailable."""

    async def grant_credit(
        self, customer_id: str, *, key: str, amount: Money, reason: str, fingerprint: str, actor: str
    ) -> Committed:
        """Give a customer store credit. `fingerprint`: of what is asked for; another under the key is refused."""
        granted = await available(
            change_credit(
                self.store,
                customer_id,
                f"grant:{key}",
                actor,
                lambda state: decide.grant(state, customer_id, amount=amount, reason=reason, by=actor),
                fingerprint=fingerprint,
            )
        )
        return Committed(credit_stream(customer_id), granted.version)

    async def credit_of(self, customer_id: str) -> LoadedCredit:
        """How a customer's store credit stands."""
        return await available(load_credit(self.store, customer_id))
