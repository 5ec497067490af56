"""Identifiers and small value objects: validated once on the way in, plain text and numbers in events."""

import re
from dataclasses import dataclass
from typing import Annotated, Final, NewType
from uuid import UUID, uuid5

from domain.errors import InvalidValue
from domain.privacy import PERSONAL, PersonalText, is_sealed

Sku = NewType("Sku", str)
"""A stock keeping unit: 1–64 of A–Z, 0–9, `-`, `_`, `.`, starting with a letter or digit."""

Quantity = NewType("Quantity", int)
"""A number of pieces, at least 1."""

Email = NewType("Email", str)
PersonalEmail = Annotated[Email, PERSONAL]

OrderNumber = NewType("OrderNumber", str)
"""What a person reads out: `7K3M-9QXD-4WTE`, eleven Crockford base 32 digits and a check character."""

WAYBILL_NAMESPACE: Final = UUID("6d0f9b0a-6f0c-5b52-9a53-0c8f3a1f7a11")
MAX_QUANTITY: Final = 1_000_000
OF_RETURN: Final = "RMA-"
"""What the id of every parcel of a return begins with."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SKU = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,63}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PARCEL_OF_RETURN = re.compile(r"RMA-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-BACK)?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_DIGITS = 11


def sku(text: str) -> Sku:
    if not _SKU.fullmatch(text):
        raise InvalidValue(
            f"{text[:80]!r} is not a SKU; 1 to 64 of A-Z, 0-9, '-', '_' and '.' are accepted", code="invalid-sku"
        )
    return Sku(text)


def quantity(value: int, *, at_most: int = MAX_QUANTITY) -> Quantity:
    if not 1 <= value <= at_most:
        raise InvalidValue(f"quantity {value} is not between 1 and {at_most}", code="invalid-quantity")
    return Quantity(value)


def email(text: str) -> Email:
    if len(text) > 254 or not _EMAIL.fullmatch(text) or _has_controls(text):
        raise InvalidValue("the e-mail address is malformed; name@host.tld is accepted", code="invalid-email")
    return Email(text)


def customer_id(text: str) -> str:
    """A customer's id, which stays readable everywhere and for ever: it must not name the person."""
    if looks_like_email(text):
        raise InvalidValue(
            "a customer id must be a pseudonym, such as c-1042, and not an e-mail address",
            code="invalid-customer-id",
        )
    return text


def looks_like_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def order_id(issuer: str, subject: str, key: str) -> UUID:
    """The order that a caller's Idempotency-Key stands for: one caller and key, one order.

    Each part is preceded by its length, so that no choice of parts reads like another.
    """
    return uuid5(WAYBILL_NAMESPACE, "|".join(f"{len(part)}:{part}" for part in (issuer, subject, key)))


def draft_id(issuer: str, subject: str, key: str) -> UUID:
    """The draft that a caller's Idempotency-Key stands for. No order's key has a space: it is none of theirs."""
    return order_id(issuer, subject, f"draft {key}")


def endpoint_id(issuer: str, subject: str, key: str) -> UUID:
    """The webhook endpoint that a caller's Idempotency-Key stands for."""
    return order_id(issuer, subject, f"endpoint {key}")


def export_id(issuer: str, subject: str, key: str) -> UUID:
    """The export that a caller's Idempotency-Key stands for."""
    return order_id(issuer, subject, f"export {key}")


def event_id(order: UUID, step: str, index: int) -> UUID:
    """Id of the `index`-th event that a step (or command) writes: the same on every attempt."""
    return uuid5(order, f"{step}/{index}")


def order_number(order: UUID) -> OrderNumber:
    """The readable number of an order: the last 55 bits of its id in Crockford's base 32, and a check character.

    The first 55 would hold the four of the UUID's version, which never vary.
    """
    value = order.int & ((1 << _DIGITS * 5) - 1)
    digits = "".join(_CROCKFORD[(value >> shift) & 31] for shift in range((_DIGITS - 1) * 5, -1, -5))
    return _grouped(digits + _check_character(digits))


def parse_order_number(text: str) -> OrderNumber:
    """Read an order number as a person typed it: any case, `O` for 0, `I` and `L` for 1, hyphens or not.

    Raises:
        InvalidValue: it has the wrong length, a character that no number has, or a wrong check character.
    """
    plain = text.strip().upper().replace("-", "").replace(" ", "").translate(_LOOKALIKES)
    if len(plain) != _DIGITS + 1 or any(digit not in _CROCKFORD for digit in plain):
        raise InvalidValue(
            "an order number has 12 characters, such as 7K3M-9QXD-4WTE", code="invalid-order-number"
        )
    if _check_character(plain[:-1]) != plain[-1]:
        raise InvalidValue("the order number's check character does not match", code="invalid-order-number")
    return _grouped(plain)


def _check_character(digits: str) -> str:
    """A Reed-Solomon check symbol over GF(32), from the digits' own alphabet.

    It catches every wrong character and every two that changed places, as Crockford's modulo 37 does, without
    the five symbols (`*~$=U`) that neither a URL nor a telephone takes well.
    """
    syndrome = 0
    for digit in digits:
        syndrome = _times_x(syndrome ^ _CROCKFORD.index(digit))
    return _CROCKFORD[syndrome]


def _times_x(element: int) -> int:
    """Multiply by x in GF(32) modulo x⁵ + x² + 1, a primitive polynomial."""
    return (element << 1) ^ (0b100101 if element & 16 else 0)


def _grouped(plain: str) -> OrderNumber:
    return OrderNumber("-".join((plain[:4], plain[4:8], plain[8:])))


@dataclass(frozen=True, slots=True)
class Address:
    """Where to deliver. Fields hold any Unicode but control characters; country is ISO 3166-1 alpha-2.

    The country stays readable, as tax, allocation and screening go by it; the rest may be sealed.
    """

    name: PersonalText
    line1: PersonalText
    city: PersonalText
    postal_code: PersonalText
    country: str
    line2: PersonalText | None = None
    region: PersonalText | None = None

    def __post_init__(self) -> None:
        for label in ("name", "line1", "city", "postal_code"):
            if not getattr(self, label).strip():
                raise InvalidValue(f"address: {label} is empty", code="invalid-address")
        for label in ("name", "line1", "line2", "city", "region", "postal_code"):
            text = getattr(self, label)
            if text is not None and not is_sealed(text) and (len(text) > 200 or _has_controls(text)):
                raise InvalidValue(
                    f"address: {label} must be at most 200 characters without control characters",
                    code="invalid-address",
                )
        if not _COUNTRY.fullmatch(self.country):
            raise InvalidValue(
                "address: country must be an ISO 3166-1 code of two capital letters", code="invalid-address"
            )


def _has_controls(text: str) -> bool:
    """Control characters (C0, DEL, C1) and lone surrogates, which no UTF-8 can carry."""
    return _CONTROLS.search(text) is not None


def replacement_parcel(return_id: UUID) -> str:
    """Id of the parcel that a return's customer gets for what came back, or broke."""
    return f"{OF_RETURN}{return_id}"


def label_parcel(return_id: UUID) -> str:
    """Id of the parcel that a return's goods come back in."""
    return f"{OF_RETURN}{return_id}-BACK"


def return_of_parcel(shipment_id: str) -> UUID | None:
    """The return that a parcel belongs to; None for the parcels of orders themselves."""
    found = _PARCEL_OF_RETURN.fullmatch(shipment_id)
    return UUID(found[1]) if found else None
