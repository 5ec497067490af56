"""The API over an in-memory gateway and in-memory queries: real routes, real tokens, no server."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from activities.aggregates import Committed
from activities.contracts import Placed
from activities.gateways.credit import LoadedCredit
from activities.gateways.protocol import TrackingUpdate
from api.app import create_app
from api.auth import StaticKeys, TokenVerifier
from api.dead_letters import Messaging
from api.dependencies import ApiDependencies
from api.dev_issuer import DevIssuer
from api.live import Feed
from api.outbound import Webhooks
from api.owners import Owners
from api.rules import ApiRules
from domain.amending import Preview
from domain.catalog.model import ProductStatus
from domain.credit.events import CreditGranted
from domain.credit.model import INITIAL as NO_CREDIT
from domain.credit.model import evolve as evolve_credit
from domain.money import Money
from domain.orders.amendments import Amendment
from domain.orders.decide import PlaceOrder
from domain.orders.events import StepAction
from domain.orders.pricing import ShippingFees
from domain.reconciliation.events import CaseAction
from domain.record import fold_record
from eventstore.vault import Vault
from messaging.webhooks.addresses import AddressRules
from readmodels.views import OrderView, ProductView, StockView, WarehouseStock
from tests.api.fake_catalogue import FakeCatalogue
from tests.api.fake_exports import FakeExports
from tests.api.fake_insight import FakeInsight
from tests.api.fake_letters import FakeLetters
from tests.api.fake_mails import FakeMails
from tests.api.fake_queries import FakeQueries
from tests.api.fake_trail import FakeTrail
from tests.api.fake_webhooks import FakeWebhooks
from tests.api.projections import FakeProjections
from tests.readmodels.memory_log import MemoryLog
from tests.support import samples
from tests.support.memory_keys import MemoryKeys
from tests.support.memory_store import MemoryEventStore, MemoryHistory
from workflows.drafts import DraftCommands

ISSUER = DevIssuer(Path(tempfile.mkdtemp()) / "issuer.jwk")
SECRET = "whsec_" + "dGVzdHMtb25seS1rZXktb2YtYS1jYXJyaWVyLTAwMDE="
RULES = ApiRules(
    currencies=frozenset({"EUR", "USD", "JPY"}),
    shipping=ShippingFees({"standard": {"*": Decimal("4.90")}, "express": {"DE": Decimal("12.90")}}),
    tax_rates={"DE": Decimal("0.19")},
    max_lines=3,
    max_quantity=1000,
    max_order_value=10_000,
    max_body_bytes=20_000,
    read_wait=0.01,
    grace=0.0,
    payment_methods=frozenset({"sim_ok"}),
)
BODY: dict[str, Any] = {
    "customer_id": "c-1",
    "email": "ada@example.org",
    "currency": "EUR",
    "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 1}],
    "shipping_address": {
        "name": "Ada Lovelace",
        "line1": "Unter den Linden 1",
        "city": "Berlin",
        "postal_code": "10117",
        "country": "DE",
    },
    "payment": {"method": "sim_ok"},
}


def product(
    sku: str, status: ProductStatus = ProductStatus.PUBLISHED, currency: str = "EUR", amount: str = "10.00"
) -> ProductView:
    return ProductView(sku, sku.title(), {currency: Money.parse(amount, currency)}, status)


def order_view(*events: Any, placed: Any = samples.PLACED) -> OrderView:
    at = samples.NOON
    return OrderView(placed.order_id, 1 + len(events), fold_record([placed, *events]), at, at)


@dataclass
class FakeGateway(FakeCatalogue):
    """Remembers what it was asked; `fails` is raised by every command, `refuses` shapes a placing's outcome."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    placed: dict[UUID, Placed] = field(default_factory=dict)
    fails: Exception | None = None
    version: int = 7
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    preview: Preview | None = None

    def _called(self, name: str, given: Mapping[str, Any], stream: str) -> Committed:
        self.calls.append((name, {key: value for key, value in given.items() if key != "self"}))
        if self.fails:
            raise self.fails
        return Committed(stream, self.version)

    async def place(self, command: PlaceOrder, *, key: str, actor: str) -> Placed:
        self._called("place", locals(), "")
        return self.placed.setdefault(
            command.order_id,
            Placed(
                order_id=command.order_id,
                order_number=command.order_number,
                customer_id=command.customer_id,
                fingerprint=command.fingerprint,
                version=1,
                payment_method=command.payment_method,
                total=command.totals.total,
            ),
        )

    async def body_fingerprint(self, customer_id: str, asked: bytes) -> str:
        return sha256(asked).hexdigest()

    async def erase_customer(self, customer_id: str, *, reason: str, actor: str) -> Committed:
        committed = self._called("erase_customer", locals(), f"customer/{customer_id}")
        await self.keys.destroy(customer_id)
        return committed

    async def grant_credit(
        self, customer_id: str, *, key: str, amount: Money, reason: str, fingerprint: str, actor: str
    ) -> Committed:
        return self._called("grant_credit", locals(), f"credit/{customer_id}")

    async def credit_of(self, customer_id: str) -> LoadedCredit:
        granted = CreditGranted(customer_id, Money(2500, "EUR"), "goodwill", "operator:eve")
        return LoadedCredit(1, evolve_credit(NO_CREDIT, granted), {})

    async def cancel(
        self, order_id: UUID, *, key: str, reason: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        return self._called("cancel", locals(), f"order/{order_id}")

    async def amend(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("amend", {"order_id": order_id, **given}, f"order/{order_id}")

    async def preview_amendment(
        self, order_id: UUID, amendment: Amendment, *, expected_version: int | None = None
    ) -> Preview:
        self._called("preview_amendment", locals(), "")
        assert self.preview is not None
        return self.preview

    async def hold(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("hold", {"order_id": order_id, **given}, f"order/{order_id}")

    async def release_hold(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("release_hold", {"order_id": order_id, **given}, f"order/{order_id}")

    async def request_return(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("request_return", {"order_id": order_id, **given}, f"order/{order_id}")

    async def approve_return(self, order_id: UUID, return_id: UUID, **given: Any) -> Committed:
        return self._returned("approve_return", order_id, return_id, given)

    async def reject_return(self, order_id: UUID, return_id: UUID, **given: Any) -> Committed:
        return self._returned("reject_return", order_id, return_id, given)

    async def receive_return(self, order_id: UUID, return_id: UUID, **given: Any) -> Committed:
        return self._returned("receive_return", order_id, return_id, given)

    async def inspect_return(self, order_id: UUID, return_id: UUID, **given: Any) -> Committed:
        return self._returned("inspect_return", order_id, return_id, given)

    def _returned(self, name: str, order_id: UUID, return_id: UUID, given: Mapping[str, Any]) -> Committed:
        return self._called(name, {"order_id": order_id, "return_id": return_id, **given}, f"order/{order_id}")

    async def decide(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("decide", {"order_id": order_id, **given}, f"order/{order_id}")

    async def answer_lost(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("answer_lost", {"order_id": order_id, **given}, f"order/{order_id}")

    async def offer_substitute(self, order_id: UUID, **given: Any) -> Committed:
        return self._called("offer_substitute", {"order_id": order_id, **given}, f"order/{order_id}")

    async def resolve_step(
        self,
        order_id: UUID,
        *,
        key: str,
        step: str,
        action: StepAction,
        reason: str,
        actor: str,
        reference: str | None = None,
    ) -> Committed:
        return self._called("resolve_step", locals(), f"order/{order_id}")

    async def pay(self, order_id: UUID, *, key: str, method: str, actor: str) -> Committed:
        return self._called("pay", locals(), f"order/{order_id}")

    async def grant(
        self,
        order_id: UUID,
        *,
        key: str,
        amount: Money | None,
        lines: Mapping[str, int],
        reason: str,
        actor: str,
    ) -> Committed:
        return self._called("grant", locals(), f"order/{order_id}")

    async def answer(self, case_id: UUID, *, key: str, action: CaseAction, reason: str, actor: str) -> Committed:
        return self._called("answer", locals(), f"case/{case_id}")

    async def assign(
        self, order_id: UUID, *, key: str, assignee: str | None, reason: str, actor: str
    ) -> Committed:
        return self._called("assign", locals(), f"order/{order_id}")

    async def note(self, order_id: UUID, *, key: str, note: str, actor: str) -> Committed:
        return self._called("note", locals(), f"order/{order_id}")

    async def tracking(self, update: TrackingUpdate) -> None:
        self._called("tracking", locals(), "")

    async def adjust_stock(
        self, sku: str, warehouse: str | None, *, key: str, change: int, reason: str, actor: str
    ) -> Committed:
        return self._called("adjust_stock", locals(), f"stock/{warehouse or 'BER'}/{sku}")


_APP: list[FastAPI] = []


def shared_app(deps: ApiDependencies) -> FastAPI:
    """One application for all tests, given other parts by each: building it takes longer than most tests do."""
    if not _APP:
        _APP.append(create_app(deps))
    _APP[0].state.dependencies = deps
    return _APP[0]


class World:
    """One at a time, unless `app` makes it an application of its own."""

    def __init__(self, app: Callable[[ApiDependencies], FastAPI] = shared_app, **rules: Any) -> None:
        self.gateway = FakeGateway()
        self.queries = FakeQueries(
            catalogue={sku: product(sku) for sku in ("MUG", "TEA")},
            levels={"MUG": StockView("MUG", [WarehouseStock("BER", 12, 2), WarehouseStock("LYS", 3, 0)])},
        )
        self.insight = FakeInsight()
        self.projections = FakeProjections()
        self.store = MemoryEventStore()
        self.history = MemoryHistory(self.store)
        self.letters = FakeLetters()
        self.trail, self.webhooks, self.exports = FakeTrail(), FakeWebhooks(), FakeExports()
        self.mails = FakeMails()
        self.readiness: dict[str, Any] = {}
        self.log = MemoryLog()
        self.feed = Feed(self.log, Owners(self.log))
        verifier = TokenVerifier(StaticKeys(ISSUER.jwks()), ISSUER.issuer, ISSUER.audience)
        self.app = app(
            ApiDependencies(
                gateway=self.gateway,
                cases=self.gateway,
                refunds=self.gateway,
                drafts=DraftCommands(self.store, Vault(self.gateway.keys)),
                queries=self.queries,
                insight=self.insight,
                projections=self.projections,
                history=self.history,
                verifier=verifier,
                rules=replace(RULES, **rules),
                vault=Vault(self.gateway.keys),
                keys=self.gateway.keys,
                readiness=self.readiness,
                feed=self.feed,
                mails=self.mails,
                carrier_secrets={"simulated": SECRET},
                messaging=Messaging(self.letters, self.letters),
                trail=self.trail,
                exports=self.exports,
                webhooks=Webhooks(
                    *(self.webhooks, self.webhooks, self.webhooks.test, AddressRules().check_url),
                    event_types=frozenset({"OrderConfirmed", "OrderCompleted"}),
                    overlap=60,
                ),
            )
        )
        transport = httpx.ASGITransport(app=self.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://waybill.test")

    async def call(
        self, method: str, path: str, *, role: str | None = "customer", subject: str = "c-1", **request: Any
    ) -> httpx.Response:
        """A request as that role; None is without a token."""
        headers = {**token(role, subject), **request.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **request)

    async def place(self, body: Any = BODY, key: str = "k-1", **given: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key, **given.pop("headers", {})}
        return await self.call("POST", "/v1/orders", json=body, headers=headers, **given)

    def knows(self, view: OrderView | None = None) -> OrderView:
        shown = view or order_view()
        self.queries.views[shown.order_id] = shown
        return shown


_TOKENS: dict[tuple[str, str], str] = {}


def token(role: str | None, subject: str = "c-1") -> dict[str, str]:
    if role is None:
        return {}
    if (role, subject) not in _TOKENS:
        _TOKENS[role, subject] = ISSUER.token(role, subject)
    return {"Authorization": f"Bearer {_TOKENS[role, subject]}"}


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer is this problem; give its document."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    document: dict[str, Any] = response.json()
    assert (response.status_code, document["type"]) == (status, f"https://waybill.dev/problems/{code}"), document
    assert document["status"] == status
    assert document["title"]
    assert document["instance"].startswith("/")
    return document


def now() -> datetime:
    return datetime.now(UTC)
