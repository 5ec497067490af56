"""The vault: seals the personal fields of commands, and opens them where they may be read."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson

from domain.errors import NotAllowed
from domain.privacy import ERASED, KEYED, PERSONAL, SEALED
from eventstore.privacy import CustomerKeys, DataKey, SealBroken, find_keys, key_of

T = TypeVar("T")

PREFIX = "sealed:1:"


class Vault:
    """Everything that seals and opens goes through one of these; it decides nothing about who may.

    Args:
        keys: Where the customers' keys are kept.
    """

    def __init__(self, keys: CustomerKeys) -> None:
        self._keys = keys

    async def seal(self, customer_id: str, given: T) -> T:
        """A copy of a dataclass with every personal field sealed and every digest of such a field keyed.

        Those of the dataclasses in it are as well.

        Raises:
            NotAllowed: `customer-erased`.
        """
        sealed: T = _sealed(given, await self._key(customer_id))
        return sealed

    async def seal_or_drop(self, customer_id: str, given: T) -> T:
        """As `seal`; an erased customer's personal fields are not kept at all."""
        sealed: T = _sealed(given, await self._keys.of_customer(customer_id))
        return sealed

    async def fingerprint(self, customer_id: str, asked: bytes) -> str:
        """A keyed digest: the same for the same customer and bytes, and nothing without the customer's key.

        Raises:
            NotAllowed: `customer-erased`.
        """
        return (await self._key(customer_id)).digest(asked)

    async def open(self, given: T) -> T:
        """A copy of a dataclass with its sealed fields opened, each under the name it was sealed for.

        Raises:
            NotAllowed: `customer-erased`, a key is gone.
            SealBroken: a field was altered, or holds what was sealed for another.
        """
        keys = await self._keys.by_id(find_keys(" ".join(_sealed_texts(given))))
        opened: T = _opened(given, keys)
        return opened

    async def open_json(self, text: str) -> str:
        """JSON text with every sealed string in it opened; one whose key is gone reads `erased`.

        Raises:
            SealBroken: a string was altered.
        """
        if PREFIX not in text:
            return text
        keys = await self._keys.by_id(find_keys(text))

        def shown(sealed: Any) -> str:
            key = keys.get(key_of(sealed))
            return orjson.dumps(key.open(sealed)).decode()[1:-1] if key else ERASED

        return SEALED.sub(shown, text)

    async def _key(self, customer_id: str) -> DataKey:
        key = await self._keys.of_customer(customer_id)
        if key is None:
            raise erased(f"customer {customer_id} was erased; a new order needs a new customer id")
        return key


def erased(why: str) -> NotAllowed:
    return NotAllowed(why, code="customer-erased")


@cache
def personal_fields(kind: type) -> frozenset[str]:
    """The names of a dataclass's fields that are marked as personal."""
    return _fields_marked(kind, PERSONAL)


@cache
def keyed_fields(kind: type) -> frozenset[str]:
    """The names of a dataclass's fields that are marked as digests of personal text."""
    return _fields_marked(kind, KEYED)


@cache
def holds_personal(kind: type) -> bool:
    """Whether a dataclass, or one within it, has a personal field."""
    hints = get_type_hints(kind)
    return bool(personal_fields(kind)) or any(
        holds_personal(part) for hint in hints.values() for part in _dataclasses(hint)
    )


def _fields_marked(kind: type, mark: object) -> frozenset[str]:
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(item.name for item in fields(kind) if _marked(hints[item.name], mark))


def _marked(hint: Any, mark: object) -> bool:
    if get_origin(hint) is Annotated and mark in hint.__metadata__:
        return True
    return any(_marked(part, mark) for part in get_args(hint))


def _dataclasses(hint: Any) -> list[type]:
    if isinstance(hint, type) and is_dataclass(hint):
        return [hint]
    return [found for part in get_args(hint) for found in _dataclasses(part)]


def _sealed(given: Any, key: DataKey | None) -> Any:
    if isinstance(given, tuple):
        return tuple(_sealed(item, key) for item in given)
    kind: type = type(given)
    if not is_dataclass(kind) or not holds_personal(kind):
        return given
    personal, keyed = personal_fields(kind), keyed_fields(kind)
    changed: dict[str, Any] = {}
    for item in fields(given):
        value = getattr(given, item.name)
        if value is not None and item.name in personal:
            changed[item.name] = key.seal(item.name, value) if key else ERASED
        elif value is not None and item.name in keyed:
            changed[item.name] = key.digest(value.encode()) if key else ERASED
        else:
            changed[item.name] = _sealed(value, key)
    return replace(given, **changed)


def _sealed_texts(given: Any) -> list[str]:
    """The sealed fields of a dataclass and of those within it."""
    found: list[str] = []
    for item in fields(given):
        value = getattr(given, item.name)
        if isinstance(value, str) and value.startswith(PREFIX):
            found.append(value)
        elif is_dataclass(value):
            found += _sealed_texts(value)
    return found


def _opened(given: Any, keys: Mapping[UUID, DataKey]) -> Any:
    changed: dict[str, Any] = {}
    for item in fields(given):
        value = getattr(given, item.name)
        if is_dataclass(value):
            changed[item.name] = _opened(value, keys)
        elif isinstance(value, str) and (sealed := SEALED.fullmatch(value)):
            changed[item.name] = _open_field(item.name, sealed, keys.get(key_of(sealed)))
    return replace(given, **changed)


def _open_field(name: str, sealed: Any, key: DataKey | None) -> str:
    if key is None:
        raise erased("the customer was erased, and with it what this needs to know")
    if sealed[2] != name:
        raise SealBroken(f"the {name} holds what was sealed as {sealed[2]}")
    return key.open(sealed)
