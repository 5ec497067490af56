"""Who may do what, and which tokens prove nothing."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWK, PyJWKClientConnectionError, PyJWKClientError
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api.auth import InvalidToken, KeysUnavailable, RemoteKeys, Role, StaticKeys, TokenVerifier
from api.dev_issuer import DevIssuer
from domain.drafts.events import DraftContents, DraftCreated, DraftLine
from eventstore.store import NewEvent, StreamWrite
from tests.api.fake_webhooks import HOOK
from tests.api.world import BODY, ISSUER, World, now, problem
from tests.support import samples

ORDERS = "/v1/orders"
ORDER = f"/v1/orders/{samples.ORDER}"
STEP = f"/v1/ops/orders/{samples.ORDER}/steps/authorize%231"
PRODUCT = {"sku": "CUP", "name": "Cup", "price": {"amount": "1.00", "currency": "EUR"}}
PROJECTION = "/v1/ops/projections/orders"
ALL = ("customer", "service", "operator", "admin")
STAFF = ("operator", "admin")
WEBHOOKS = "/v1/webhook-endpoints"
ENDPOINT = f"{WEBHOOKS}/{HOOK}"
TRUSTED = ("service", "admin")
DRAFTING = ("operator", "service", "admin")
DRAFT = f"/v1/drafts/{samples.OTHER_ORDER}"
RETURN = f"{ORDER}/returns/{samples.OTHER_ORDER}"
COMPLETE = DraftContents(
    "c-1", "EUR", lines=(DraftLine("MUG", 1),), shipping_address=samples.ADDRESS, payment_method="sim_ok"
)
MATRIX: list[tuple[str, str, Any, tuple[str, ...]]] = [
    ("POST", ORDERS, BODY, ALL),
    ("GET", ORDERS, None, ALL),
    ("GET", ORDER, None, ALL),
    ("GET", f"{ORDER}/events", None, ALL),
    ("GET", f"{ORDER}/saga", None, ALL),
    ("GET", f"{ORDER}/explain", None, ALL),
    ("GET", f"{ORDER}/ledger", None, ALL),
    ("POST", f"{ORDER}/cancel", {"reason": "r"}, ALL),
    ("POST", f"{ORDER}/decisions", {"decision": "wait"}, ALL),
    ("POST", f"{ORDER}/payment", {"method": "sim_ok"}, ALL),
    ("POST", f"{ORDER}/shipments/s-1/loss", {"answer": "refund", "reason": "gone"}, STAFF),
    ("POST", f"{ORDER}/offers", {"sku": "MUG", "substitute": "TEA"}, STAFF),
    ("POST", f"{ORDER}/holds", {"scope": "order", "reason": "r"}, STAFF),
    ("POST", f"{ORDER}/holds/h-1/release", {"reason": "r"}, STAFF),
    ("GET", f"{ORDER}/returns", None, ALL),
    ("POST", f"{ORDER}/returns", {"lines": [{"sku": "MUG", "quantity": 1}], "reason": "r"}, ALL),
    ("POST", f"{RETURN}/approve", {"reason": "r"}, STAFF),
    ("POST", f"{RETURN}/reject", {"reason": "r"}, STAFF),
    ("POST", f"{RETURN}/receive", {}, STAFF),
    ("POST", f"{RETURN}/inspect", {"lines": [{"sku": "MUG", "restocked": 1}]}, STAFF),
    ("GET", "/v1/drafts", None, DRAFTING),
    ("POST", "/v1/drafts", {"customer_id": "c-1", "currency": "EUR"}, DRAFTING),
    ("GET", DRAFT, None, DRAFTING),
    ("PATCH", DRAFT, {"note": "n"}, DRAFTING),
    ("POST", f"{DRAFT}/discard", {"reason": "r"}, DRAFTING),
    ("POST", f"{DRAFT}/place", None, DRAFTING),
    ("GET", "/v1/stock", None, ALL),
    ("GET", "/v1/stock/MUG", None, ALL),
    ("POST", "/v1/stock/MUG/adjustments", {"quantity": 1, "reason": "r"}, STAFF),
    ("POST", "/v1/products", PRODUCT, STAFF),
    ("PUT", "/v1/products/MUG/price", PRODUCT["price"], STAFF),
    ("PATCH", "/v1/products/MUG", {"name": "Cup"}, STAFF),
    ("GET", "/v1/products/MUG/prices", None, STAFF),
    ("POST", "/v1/products/MUG/prices", {"price": PRODUCT["price"]}, STAFF),
    ("POST", "/v1/products/MUG/prices/price-1/end", None, STAFF),
    ("POST", "/v1/categories", {"category": "mugs", "name": "Mugs"}, STAFF),
    ("PATCH", "/v1/categories/mugs", {"name": "Mugs"}, STAFF),
    ("POST", "/v1/categories/mugs/move", {"parent": None}, STAFF),
    ("PUT", "/v1/attributes/colour", {"label": "Colour", "type": "text"}, STAFF),
    ("POST", "/v1/products/MUG/publish", None, STAFF),
    ("POST", "/v1/products/MUG/unpublish", None, STAFF),
    ("POST", "/v1/products/MUG/discontinue", None, STAFF),
    ("GET", "/v1/customers/c-1", None, ALL),
    ("POST", "/v1/customers/c-1/erase", {"reason": "r"}, ("admin",)),
    ("GET", "/v1/ops/sagas", None, STAFF),
    ("POST", "/v1/ops/sagas/retry", {"error_type": "Unknown", "reason": "r"}, STAFF),
    ("POST", f"/v1/ops/orders/{samples.ORDER}/assignment", {"assignee": "eve", "reason": "r"}, STAFF),
    ("POST", f"/v1/ops/orders/{samples.ORDER}/notes", {"note": "n"}, STAFF),
    ("POST", STEP, {"action": "retry", "reason": "r"}, STAFF),
    ("GET", "/v1/ops/mails", None, STAFF),
    ("GET", "/v1/ops/projections", None, STAFF),
    ("GET", "/v1/ops/cases", None, STAFF),
    ("GET", "/v1/ops/returns", None, STAFF),
    ("POST", f"{ORDER}/refunds", {"amount": {"amount": "1.00", "currency": "EUR"}, "reason": "r"}, STAFF),
    ("POST", f"{ORDER}/amendments", {"reason": "r", "lines": [{"sku": "MUG", "quantity": 1}]}, ALL),
    ("POST", f"{ORDER}/lines/MUG/cancel", {"reason": "r"}, ALL),
    ("GET", "/v1/customers/c-1/store-credit", None, ALL),
    (
        "POST",
        "/v1/customers/c-1/store-credit",
        {"amount": {"amount": "1.00", "currency": "EUR"}, "reason": "r"},
        STAFF,
    ),
    ("POST", f"/v1/ops/cases/{samples.ORDER}", {"action": "dismiss", "reason": "r"}, STAFF),
    ("POST", f"{PROJECTION}/rebuild", None, STAFF),
    ("GET", f"{PROJECTION}/comparison", None, STAFF),
    ("POST", f"{PROJECTION}/switch", None, STAFF),
    ("POST", f"{PROJECTION}/rollback", None, STAFF),
    ("POST", f"{PROJECTION}/discard", None, STAFF),
    ("GET", f"{PROJECTION}/parked", None, STAFF),
    ("POST", f"{PROJECTION}/retry", None, STAFF),
    ("POST", f"{PROJECTION}/skip", {"key": "order/x", "reason": "r"}, STAFF),
    ("GET", "/v1/ops/audit", None, STAFF),
    ("GET", "/v1/ops/audit/requests", None, STAFF),
    ("GET", "/v1/reports/sales", None, STAFF),
    ("GET", "/v1/reports/funnel", None, STAFF),
    ("GET", "/v1/reports/step-times", None, STAFF),
    ("GET", "/v1/ops/subscriptions", None, STAFF),
    ("GET", "/v1/ops/dead-letters", None, STAFF),
    ("POST", "/v1/ops/dead-letters/1-0/replay", {"reason": "r"}, STAFF),
    ("POST", "/v1/ops/dead-letters/2-0/drop", {"reason": "r"}, STAFF),
    ("GET", WEBHOOKS, None, TRUSTED),
    ("POST", WEBHOOKS, {"url": "https://example.org/"}, TRUSTED),
    ("GET", ENDPOINT, None, TRUSTED),
    ("PATCH", ENDPOINT, {"description": "d"}, TRUSTED),
    ("DELETE", ENDPOINT, None, TRUSTED),
    ("POST", f"{ENDPOINT}/rotate-secret", None, TRUSTED),
    ("POST", f"{ENDPOINT}/pause", None, TRUSTED),
    ("POST", f"{ENDPOINT}/resume", None, TRUSTED),
    ("GET", f"{ENDPOINT}/deliveries", None, TRUSTED),
    ("POST", f"{ENDPOINT}/replay", {"after": 0}, TRUSTED),
    ("POST", f"{ENDPOINT}/test", None, TRUSTED),
]
SHOWN_TO_ALL = ("/v1/products", "/v1/products/{sku}", "/v1/categories", "/v1/attributes")
PUBLIC = [
    *("/v1/categories", "/v1/attributes", "/v1/products", "/v1/products/MUG"),
    *("/livez", "/readyz", "/metrics", "/openapi.json", "/docs"),
]


@pytest.mark.parametrize(("method", "path", "json", "roles"), MATRIX)
async def test_the_table_of_roles(world: World, method: str, path: str, json: Any, roles: tuple[str, ...]) -> None:
    view = world.knows()
    placed = NewEvent(uuid4(), samples.PLACED)
    await world.store.append((StreamWrite(f"order/{view.order_id}", 0, (placed,)),))
    created = NewEvent(uuid4(), DraftCreated(samples.OTHER_ORDER, COMPLETE, "operator:o", "f"))
    await world.store.append((StreamWrite(f"draft/{samples.OTHER_ORDER}", 0, (created,)),))
    key = {"Idempotency-Key": "k"}
    unknown = await world.call(method, path, role=None, json=json, headers=key)
    problem(unknown, 401, "unauthenticated")
    assert unknown.headers["www-authenticate"].startswith("Bearer")
    for role in ALL:
        response = await world.call(method, path, role=role, json=json, headers=key)
        if role in roles:
            assert response.is_success, response.text
        else:
            problem(response, 403, "forbidden")


def test_the_table_names_every_operation_that_needs_a_token() -> None:
    operations = [
        (method.upper(), path)
        for path, methods in World().app.openapi()["paths"].items()
        for method, operation in methods.items()
        if "401" in operation["responses"] and not (method == "get" and path in SHOWN_TO_ALL)
    ]
    elsewhere = ("webhooks", "/v1/stream", "/import", "/export")  # see test_stream.py and test_bulk.py
    named = [path for _, path in operations if not any(part in path for part in elsewhere)]
    assert len(named) == len(MATRIX)


@pytest.mark.parametrize("path", PUBLIC)
async def test_what_anyone_may_read(world: World, path: str) -> None:
    assert (await world.call("GET", path, role=None)).status_code == 200


async def test_a_bad_token_is_refused_even_where_none_is_needed(world: World) -> None:
    for header in ("Bearer x.y.z", "Basic YTpi", "Bearer", "Bearer "):
        response = await world.call("GET", "/v1/products", role=None, headers={"Authorization": header})
        problem(response, 401, "invalid-token")


def minted(key: Any = None, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    given = {
        "iss": ISSUER.issuer,
        "aud": ISSUER.audience,
        "sub": "c-1",
        "role": "customer",
        "exp": now() + timedelta(hours=1),
        **claims,
    }
    payload = {name: value for name, value in given.items() if value is not None}
    kid = {"kid": ISSUER.jwks()["keys"][0]["kid"]}
    return jwt.encode(payload, key or ISSUER._signing, headers={**kid, **(headers or {})})


def unsigned() -> str:
    parts = [{"alg": "none", "kid": ISSUER.jwks()["keys"][0]["kid"]}, {"sub": "c-1", "role": "admin"}]
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def forged() -> str:
    """HMAC with the published key as its secret: what an allow-list of algorithms is there for."""
    secret = str(ISSUER.jwks()["keys"][0]["x"]).encode()
    kid = {"kid": ISSUER.jwks()["keys"][0]["kid"]}
    return jwt.encode({"sub": "c-1", "role": "admin"}, secret, algorithm="HS256", headers=kid)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (minted(exp=now() - timedelta(seconds=1)), "expired"),
        (minted(nbf=now() + timedelta(hours=1)), "not valid yet"),
        (minted(iss="https://elsewhere"), "another issuer"),
        (minted(aud="other"), "another audience"),
        (minted(exp=None), "no claim exp"),
        (minted(sub=None), "no claim sub"),
        (minted(aud=None), "no claim aud"),
        (minted(sub=""), "sub"),
        (minted(sub="a\0b"), "sub"),
        (minted(sub="x" * 256), "sub"),
        (minted(role=None), "role"),
        (minted(role="root"), "role"),
        (minted(role=["admin"]), "role"),
        (minted(headers={"kid": "other"}), "no key"),
        (minted(headers={"kid": ""}), "no key"),
        (minted()[:-10] + "AAAAAAAAAA", "signature"),
        (unsigned(), "algorithm"),
        (forged(), "algorithm"),
        ("x" * 9000, "too long"),
        ("not.a.token", "malformed"),
    ],
)
async def test_tokens_that_prove_nothing(world: World, token: str, words: str) -> None:
    response = await world.call("GET", ORDERS, role=None, headers={"Authorization": f"Bearer {token}"})
    assert words in problem(response, 401, "invalid-token")["detail"]
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("private", "algorithm", "jwk"),
    [
        (rsa.generate_private_key(65537, 2048), "RS256", RSAAlgorithm),
        (ec.generate_private_key(ec.SECP256R1()), "ES256", ECAlgorithm),
    ],
)
async def test_other_asymmetric_algorithms_are_accepted(private: Any, algorithm: str, jwk: Any) -> None:
    public = {**jwk.to_jwk(private.public_key(), as_dict=True), "kid": "k", "alg": algorithm}
    verifier = TokenVerifier(StaticKeys({"keys": [public]}), ISSUER.issuer, ISSUER.audience)
    claims = {"iss": ISSUER.issuer, "aud": ISSUER.audience, "sub": "o", "role": "operator"}
    exp = now() + timedelta(minutes=1)
    token = jwt.encode({**claims, "exp": exp}, private, algorithm=algorithm, headers={"kid": "k"})
    assert (await verifier.verify(token)).role is Role.OPERATOR


class CountedKeys(StaticKeys):
    asked = 0

    async def key(self, kid: str) -> PyJWK | None:
        self.asked += 1
        return await super().key(kid)


async def test_what_a_token_proved_is_kept_no_longer_than_it_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = CountedKeys(ISSUER.jwks())
    verifier = TokenVerifier(keys, ISSUER.issuer, ISSUER.audience, keep=3600)
    token, started = ISSUER.token(role="operator", subject="o", ttl=600), time.time()
    assert await verifier.verify(token) == await verifier.verify(token)
    assert keys.asked == 1
    monkeypatch.setattr("api.auth.time.time", lambda: started + 601)
    await verifier.verify(token)
    assert keys.asked == 2


async def test_what_was_refused_is_judged_each_time() -> None:
    verifier = TokenVerifier(StaticKeys(ISSUER.jwks()), ISSUER.issuer, ISSUER.audience)
    token = ISSUER.token(role="operator", subject="o")
    await verifier.verify(token)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            await verifier.verify(token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))


class Client:
    """Stands in for a JWKS client."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.error = error

    def get_signing_key(self, kid: str) -> PyJWK:
        self.asked += 1
        if self.error:
            raise self.error
        return PyJWK.from_dict(ISSUER.jwks()["keys"][0])


async def test_remote_keys_are_fetched_once() -> None:
    client = Client()
    keys = RemoteKeys(client)  # type: ignore[arg-type]
    assert await keys.key("k") is await keys.key("k")
    assert client.asked == 1


async def test_a_remote_key_that_is_not_there() -> None:
    assert await RemoteKeys(Client(PyJWKClientError("no such kid"))).key("k") is None  # type: ignore[arg-type]


async def test_an_issuer_that_cannot_be_reached_is_no_reason_to_accept(world: World) -> None:
    keys = RemoteKeys(Client(PyJWKClientConnectionError("down")))  # type: ignore[arg-type]
    with pytest.raises(KeysUnavailable):
        await keys.key("k")
    object.__setattr__(world.app.state.dependencies.verifier, "keys", keys)
    problem(await world.call("GET", ORDERS), 503, "identity-unavailable")


def test_the_development_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key.jwk"
    issuers = [DevIssuer(path) for _ in range(8)]
    threads = [threading.Thread(target=issuer.jwks) for issuer in issuers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({issuer.jwks()["keys"][0]["kid"] for issuer in issuers}) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["key.jwk"]
    assert "d" not in issuers[0].jwks()["keys"][0]


def test_a_role_that_is_none_gets_no_token(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="root"):
        DevIssuer(tmp_path / "key.jwk").token("root", "x")
