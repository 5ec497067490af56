"""Sealing personal text: AES-256-GCM under one data key per customer, data keys wrapped by a master key.

A sealed text names its key, so that whoever holds the keys can open it wherever it turns up; destroying the key
makes every copy unreadable. It is bound to its customer and its purpose by the associated data. Sealing is
randomised: equal texts look different.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from os import urandom
from typing import Protocol
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.privacy import SEALED

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces of 96 bits, far fewer than 2³² under one key


class SealBroken(Exception):
    """A sealed text or a wrapped key does not verify: altered, or moved to another customer or purpose."""


class MasterKeyMissing(Exception):
    """A data key is wrapped by a master key that this process was not given."""

    def __init__(self, master: str) -> None:
        super().__init__(f"a customer's key is wrapped by master key {master}, which is not among the ones given")
        self.master = master


@dataclass(frozen=True, slots=True)
class DataKey:
    """One customer's key. Keep it in memory only, and not for long."""

    key_id: UUID
    customer_id: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, customer_id: str) -> "DataKey":
        return cls(uuid4(), customer_id, AESGCM.generate_key(KEY_BYTES * 8))

    def seal(self, purpose: str, text: str) -> str:
        """Seal a text; `purpose` is a word of `a-z`, `0-9` and `_`, mostly the field's name."""
        nonce = urandom(NONCE_BYTES)
        sealed = AESGCM(self.secret).encrypt(nonce, text.encode(), self._bound_to(purpose))
        return f"sealed:1:{encode(self.key_id.bytes)}:{purpose}:{encode(nonce + sealed)}"

    def open(self, sealed: re.Match[str]) -> str:
        """Open a match of `domain.privacy.SEALED`. Raises SealBroken."""
        _, purpose, payload = sealed.groups()
        data = decode(payload)
        try:
            return (
                AESGCM(self.secret)
                .decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], self._bound_to(purpose))
                .decode()
            )
        except (InvalidTag, ValueError):
            raise SealBroken(f"a sealed {purpose} does not verify under key {self.key_id}") from None

    def digest(self, data: bytes) -> str:
        """A fingerprint that nobody can compute, or guess at, without the key."""
        derived = hmac.digest(self.secret, b"waybill fingerprint", sha256)
        return hmac.digest(derived, data, sha256).hex()

    def _bound_to(self, purpose: str) -> bytes:
        return f"waybill|1|{purpose}|{self.customer_id}".encode()


class MasterKeys:
    """The keys that wrap data keys. The first one wraps; all of them unwrap, so that they can be rotated.

    Args:
        keys: 32 bytes each, at least one.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"one or more master keys of {KEY_BYTES} bytes are needed")
        self._keys = {_name(key): key for key in reversed(keys)}
        self.current = _name(keys[0])

    def wrap(self, key: DataKey) -> bytes:
        """The data key under the current master key, bound to its id and customer."""
        nonce = urandom(NONCE_BYTES)
        return nonce + AESGCM(self._keys[self.current]).encrypt(
            nonce, key.secret, _wrapped(key.key_id, key.customer_id)
        )

    def unwrap(self, master: str, key_id: UUID, customer_id: str, wrapped: bytes) -> DataKey:
        """Raises MasterKeyMissing, SealBroken."""
        if master not in self._keys:
            raise MasterKeyMissing(master)
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            secret = AESGCM(self._keys[master]).decrypt(nonce, sealed, _wrapped(key_id, customer_id))
        except InvalidTag:
            raise SealBroken(f"the wrapped key {key_id} does not verify") from None
        return DataKey(key_id, customer_id, secret)


@dataclass(frozen=True, slots=True)
class Erasure:
    """When a customer's key was destroyed, and when every outside service had confirmed to have forgotten it."""

    erased_at: datetime
    forgotten_at: datetime | None = None


class CustomerKeys(Protocol):
    """The customers' data keys. Each call may raise `StoreUnavailable`, MasterKeyMissing and SealBroken."""

    async def of_customer(self, customer_id: str) -> DataKey | None:
        """The customer's key, made on first use; None once the customer is erased."""
        ...

    async def by_id(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        """Those of the keys that are left."""
        ...

    async def erasure(self, customer_id: str) -> Erasure | None: ...

    async def destroy(self, customer_id: str) -> Erasure:
        """Destroy the key for ever; no new one is made. Repeating it changes nothing."""
        ...

    async def confirm_forgotten(self, customer_id: str) -> None:
        """Note that the outside services have forgotten the erased customer."""
        ...


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_of(sealed: re.Match[str]) -> UUID:
    """The id of the key that a match of `domain.privacy.SEALED` names."""
    return UUID(bytes=decode(sealed[1]))


def find_keys(text: str) -> set[UUID]:
    """The ids of all keys that the sealed texts within `text` name."""
    return {key_of(found) for found in SEALED.finditer(text)}


def _wrapped(key_id: UUID, customer_id: str) -> bytes:
    return f"waybill|data key|{key_id}|{customer_id}".encode()


def _name(master: bytes) -> str:
    """A master key's public name: a digest, which tells nothing of 32 random bytes."""
    return sha256(b"waybill master key" + master).hexdigest()[:16]
