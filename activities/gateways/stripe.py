"""Stripe as a payment gateway: PaymentIntents with manual capture, through Stripe's own library.

Stripe keeps no entry per effect that says under which key it was made, so each is written into metadata by the
very call that makes it: an authorisation and a refund into their own, a capture into its PaymentIntent's. What
moved and has no such note was moved elsewhere (in Stripe's dashboard); it has an empty key.

An idempotency key holds for a day at least (docs.stripe.com/api/idempotent_requests), and a search sees an object
within minutes: so one of the two always knows of an effect, and none is made twice.
"""

from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID

import stripe

from activities.gateways.protocol import Declined, PaymentEffect, Refused, Unknown
from activities.gateways.stripe_money import from_stripe, to_stripe
from domain.money import Money

Json = Mapping[str, Any]

ORDER: Final = "waybill_order"
KEY: Final = "waybill_key"
VOID: Final = "waybill_void"
CAPTURE: Final = "waybill_capture_"
PAGE: Final = 100
EXPANDED: Final = ["data.latest_charge"]
ABANDONED: Final = {"amount": 100, "currency": "eur"}
"""An intent that is never confirmed: all it does is to use an idempotency key up."""

EXPIRED: Final = "authorization-expired"
TOO_LATE: Final = ("charge_expired_for_capture", "capture_charge_authorization_expired")
ENDED_BY_STRIPE: Final = ("automatic", "expired")
"""Why an intent is cancelled that nobody has cancelled: its time was over."""


class StripePayments:
    """A `PaymentGateway` over Stripe's API.

    Args:
        plain: For stand-ins of Stripe that have no search, and take no metadata with a capture: effects are then
            looked for in the whole list, and a capture's note follows it.
    """

    def __init__(self, client: stripe.StripeClient, *, plain: bool = False) -> None:
        self._intents, self._refunds, self._plain = client.v1.payment_intents, client.v1.refunds, plain

    async def authorize(self, order_id: UUID, key: str, *, method: str, amount: Money) -> PaymentEffect:
        params: Any = {
            "amount": to_stripe(amount),
            "currency": amount.currency.lower(),
            "payment_method": method,
            "payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "off_session": True,
            "payment_method_options": {"card": {"request_multicapture": "if_available"}},
            "metadata": {ORDER: str(order_id), KEY: key},
        }
        intent = await _asked(self._intents.create_async(params, _once(order_id, key)))
        found = _effect_of(_effects(intent, ()), key)
        if found is None:
            raise Declined(f"status-{intent['status']}".replace("_", "-"), "the payment was not authorised")
        return found

    async def capture(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        """Take a part of it. Unless the card takes several captures, Stripe frees the rest with the first."""
        before = await self._intent(payment)
        if before["status"] == "canceled" and before.get("cancellation_reason") in ENDED_BY_STRIPE:
            raise Refused(EXPIRED, "the authorisation has expired")
        params: dict[str, Any] = {"amount_to_capture": to_stripe(amount)}
        note = {_note(key): f"{key} {params['amount_to_capture']}"}
        if _takes_more(before) and params["amount_to_capture"] < (before.get("amount_capturable") or 0):
            params["final_capture"] = False
        if not self._plain:
            params["metadata"] = note
        intent = await _asked(self._intents.capture_async(payment, cast(Any, params), _once(order_id, key)))
        if self._plain:
            intent = await _asked(self._intents.update_async(payment, {"metadata": note}))
        return _made(_effects(intent, ()), key)

    async def void(self, order_id: UUID, key: str, *, payment: str) -> PaymentEffect:
        """Cancel what was never captured; after a capture, end capturing with nothing more."""
        noted = await _asked(self._intents.update_async(payment, {"metadata": {VOID: key}}))
        if noted["status"] in ("succeeded", "canceled"):  # Stripe has freed the rest itself
            intent = noted
        elif noted.get("amount_received"):
            ending: Any = {"amount_to_capture": 0, "final_capture": True}
            intent = await _asked(self._intents.capture_async(payment, ending, _once(order_id, key)))
        else:
            intent = await _asked(self._intents.cancel_async(payment, None, _once(order_id, key)))
        return _made(_effects(intent, ()), key)

    async def refund(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        params: Any = {
            "payment_intent": payment,
            "amount": to_stripe(amount),
            "metadata": {ORDER: str(order_id), KEY: key},
        }
        refund = await _asked(self._refunds.create_async(params, _once(order_id, key)))
        if refund["status"] in ("failed", "canceled"):
            raise Refused("refund-" + refund["status"], "Stripe did not make the refund")
        return _refunded(refund, payment, order_id)

    async def find(self, order_id: UUID, key: str) -> PaymentEffect | None:
        return _effect_of(await self.list_effects(order_id), key)

    async def abandon(self, order_id: UUID, key: str) -> PaymentEffect | None:
        """Use the key up on an intent that is never confirmed: a late request under it differs, and is refused.

        Raises:
            Unknown: the key was used, and what for is not to be seen yet.
        """
        params: Any = {**ABANDONED, "metadata": {ORDER: str(order_id)}}
        try:
            await _asked(self._intents.create_async(params, _once(order_id, key)))
        except Refused as refused:
            if refused.code != "idempotency-error":
                raise
            return await self._used(order_id, key)
        return await self.find(order_id, key)

    async def _used(self, order_id: UUID, key: str) -> PaymentEffect | None:
        async for intent in self._of_order(order_id):
            if _notes(intent).get(KEY) == key:
                return _effect_of(_effects(intent, ()), key)
        raise Unknown("the key was used, and its payment is not to be found yet")

    async def effects(self) -> AsyncIterator[PaymentEffect]:
        async for intent in self._all():
            for effect in await self._with_refunds(intent):
                yield effect

    async def list_effects(self, order_id: UUID | None = None) -> Sequence[PaymentEffect]:
        intents = self._all() if order_id is None else self._of_order(order_id)
        found = [effect async for intent in intents for effect in await self._with_refunds(intent)]
        return found[::-1] if order_id is None else found

    async def order_of(self, payment: str) -> UUID | None:
        """The order a PaymentIntent was made for; None when it was made by somebody else."""
        return _order_of(await self._intent(payment))

    async def _intent(self, payment: str) -> Json:
        expand: Any = {"expand": ["latest_charge"]}
        return await _asked(self._intents.retrieve_async(payment, expand))

    async def _with_refunds(self, intent: Json) -> list[PaymentEffect]:
        if not (intent.get("amount_received") or _charged(intent)):
            return _effects(intent, ())
        listed = self._refunds.list_async({"payment_intent": intent["id"], "limit": PAGE})
        return _effects(intent, [refund async for refund in _pages(listed)])

    async def _of_order(self, order_id: UUID) -> AsyncIterator[Json]:
        if self._plain:
            async for intent in self._all():
                if _order_of(intent) == order_id:
                    yield intent
            return
        query: Any = {
            "query": f"metadata['{ORDER}']:'{order_id}'",
            "limit": PAGE,
            "expand": ["data.latest_charge"],
        }
        async for intent in _pages(self._intents.search_async(query)):
            yield intent

    async def _all(self) -> AsyncIterator[Json]:
        query: Any = {"limit": PAGE, "expand": EXPANDED}
        async for intent in _pages(self._intents.list_async(query)):
            if _order_of(intent):
                yield intent


def _once(order_id: UUID, key: str) -> stripe.RequestOptions:
    return {"idempotency_key": f"{order_id}/{key}"}


def _note(key: str) -> str:
    """A metadata key holds 40 characters."""
    return CAPTURE + sha256(key.encode()).hexdigest()[:20]


@contextmanager
def _errors() -> Iterator[None]:
    """Stripe's errors as a gateway's.

    Raises:
        Declined: the card was refused.
        Refused: the request was: nothing happened.
        Unknown: anything else, a wrong key of ours among it.
    """
    try:
        yield
    except stripe.CardError as error:
        raise Declined(_code(error, "card-declined"), error.user_message or "the card was declined") from None
    except stripe.IdempotencyError:
        raise Refused("idempotency-error", "this key was used before for another request") from None
    except stripe.InvalidRequestError as error:
        reason = error.user_message or "Stripe refused the request"
        raise Refused(_code(error, "invalid-request"), reason) from None
    except stripe.StripeError as error:
        raise Unknown(f"Stripe: {type(error).__name__} {error.http_status or ''}".rstrip()) from None


async def _asked(call: Awaitable[stripe.StripeObject]) -> Json:
    with _errors():
        return (await call).to_dict()


async def _pages(call: Awaitable[Any]) -> AsyncIterator[Json]:
    """All items of a list, from its first page on."""
    with _errors():
        async for item in (await call).auto_paging_iter():
            yield item.to_dict()


def _code(error: stripe.StripeError, otherwise: str) -> str:
    decline = getattr(error.error, "decline_code", None) if error.error else None
    code = str(decline or error.code or otherwise)
    return EXPIRED if code in TOO_LATE else code.replace("_", "-")


def _order_of(intent: Json) -> UUID | None:
    try:
        return UUID(_notes(intent).get(ORDER, ""))
    except ValueError:
        return None


def _notes(made: Json) -> Mapping[str, str]:
    return made.get("metadata") or {}


def _charge(intent: Json) -> Json:
    charge = intent.get("latest_charge")
    return charge if isinstance(charge, Mapping) else {}


def _charged(intent: Json) -> bool:
    """Whether the money was ever authorised. A declined charge is one too, which failed."""
    held = intent["status"] in ("requires_capture", "succeeded", "processing")
    return held or (intent["status"] == "canceled" and intent.get("latest_charge") is not None)


def _takes_more(intent: Json) -> bool:
    card = (_charge(intent).get("payment_method_details") or {}).get("card") or {}
    return bool((card.get("multicapture") or {}).get("status") == "available")


def _effects(intent: Json, refunds: Sequence[Json]) -> list[PaymentEffect]:
    """What an intent's present state, and the notes in its metadata, say was done; oldest first."""
    order_id = _order_of(intent)
    if order_id is None or not _charged(intent):
        return []
    notes, payment = _notes(intent), intent["id"]
    done = [_effect(intent, order_id, "authorization", payment, notes.get(KEY, ""), intent["amount"])]
    received = _received(intent)
    captures = [text.rsplit(" ", 1) for name, text in notes.items() if name.startswith(CAPTURE)]
    for key, amount in captures:
        done.append(_effect(intent, order_id, "capture", f"{intent['id']}/{_note(key)}", key, int(amount)))
    if elsewhere := received - sum(int(amount) for _, amount in captures):
        done.append(_effect(intent, order_id, "capture", f"{intent['id']}/elsewhere", "", elsewhere))
    freed = intent["amount"] - received
    if freed and intent["status"] in ("canceled", "succeeded"):
        done.append(_effect(intent, order_id, "void", f"{intent['id']}/void", notes.get(VOID, ""), freed))
    done += [
        _refunded(refund, payment, order_id)
        for refund in reversed(refunds)
        if refund["status"] not in ("failed", "canceled")
    ]
    return done


def _received(intent: Json) -> int:
    """Stripe always says; a stand-in that does not knows whole captures only."""
    if "amount_received" in intent:
        return int(intent["amount_received"])
    return int(intent["amount"]) if _charge(intent).get("captured") else 0


def _effect(intent: Json, order_id: UUID, kind: str, reference: str, key: str, amount: int) -> PaymentEffect:
    return PaymentEffect(kind, reference, intent["id"], order_id, key, from_stripe(amount, intent["currency"]))


def _refunded(refund: Json, payment: str, order_id: UUID) -> PaymentEffect:
    key = _notes(refund).get(KEY, "")
    return PaymentEffect(
        "refund", refund["id"], payment, order_id, key, from_stripe(refund["amount"], refund["currency"])
    )


def _effect_of(effects: Sequence[PaymentEffect], key: str) -> PaymentEffect | None:
    return next((effect for effect in effects if effect.idempotency_key == key), None)


def _made(effects: Sequence[PaymentEffect], key: str) -> PaymentEffect:
    found = _effect_of(effects, key)
    if found is None:
        raise Unknown("Stripe's answer does not show what was asked for")
    return found
