"""Sealing: what opens, what does not, and what an erased customer's data read as."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from os import urandom

import pytest

from domain.errors import NotAllowed
from domain.identifiers import Address
from domain.privacy import SEALED, PersonalText, is_sealed
from eventstore.privacy import DataKey, MasterKeyMissing, MasterKeys, SealBroken, decode, encode
from eventstore.vault import Vault, holds_personal
from tests.support.memory_keys import MemoryKeys

ADA = "c-ada"
ADDRESS = Address('Ada "Käthe" Lovelace\\', "Unter den Linden 1", "Berlin", "10117", "DE", region="x" * 200)


@dataclass(frozen=True, slots=True)
class Note:
    text: PersonalText | None
    about: tuple[Address, ...]
    code: str


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def vault(keys: MemoryKeys) -> Vault:
    return Vault(keys)


async def test_every_personal_field_is_sealed_however_deep_and_nothing_else(vault: Vault) -> None:
    sealed = await vault.seal(ADA, Note("call her", (ADDRESS,), "c1"))

    address = sealed.about[0]
    hidden = [sealed.text, address.name, address.line1, address.city, address.postal_code, address.region]
    assert all(text is not None and is_sealed(text) for text in hidden)
    assert (address.country, address.line2, sealed.code) == ("DE", None, "c1")
    assert holds_personal(Note)
    assert not holds_personal(DataKey)


async def test_what_was_sealed_opens_as_it_was(vault: Vault) -> None:
    assert await vault.open(await vault.seal(ADA, ADDRESS)) == ADDRESS


async def test_sealing_is_randomised_and_a_fingerprint_is_not(vault: Vault) -> None:
    assert await vault.seal(ADA, ADDRESS) != await vault.seal(ADA, ADDRESS)
    assert await vault.fingerprint(ADA, b"body") == await vault.fingerprint(ADA, b"body")
    others = {await vault.fingerprint(ADA, b"other"), await vault.fingerprint("c-eve", b"body")}
    assert await vault.fingerprint(ADA, b"body") not in others
    assert len(others) == 2


async def test_sealed_text_that_a_customer_sends_is_text_like_any_other(vault: Vault) -> None:
    inner = (await vault.seal(ADA, ADDRESS)).name
    nested = replace(ADDRESS, name=inner)

    sealed = await vault.seal(ADA, nested)

    assert sealed.name != inner
    assert (await vault.open(sealed)).name == inner
    assert json.loads(await vault.open_json(json.dumps({"name": sealed.name}))) == {"name": inner}


async def test_a_field_holds_only_what_was_sealed_for_it(vault: Vault) -> None:
    sealed = await vault.seal(ADA, ADDRESS)
    with pytest.raises(SealBroken, match="name holds what was sealed as city"):
        await vault.open(replace(sealed, name=sealed.city))
    with pytest.raises(SealBroken, match="does not verify"):
        await vault.open(replace(sealed, name=sealed.city.replace(":city:", ":name:")))


async def test_altered_text_does_not_open(vault: Vault) -> None:
    sealed = (await vault.seal(ADA, ADDRESS)).city
    parts = sealed.split(":")
    payload = bytearray(decode(parts[-1]))
    payload[-1] ^= 1
    altered = ":".join([*parts[:-1], encode(bytes(payload))])
    with pytest.raises(SealBroken) as broken:
        await vault.open_json(json.dumps({"city": altered}))
    assert "Berlin" not in str(broken.value)


async def test_text_bound_to_one_customer_does_not_open_as_anothers(keys: MemoryKeys) -> None:
    vault = Vault(keys)
    sealed = await vault.seal(ADA, ADDRESS)
    keys.keys[ADA] = replace(keys.keys[ADA], customer_id="c-eve")
    with pytest.raises(SealBroken):
        await vault.open(sealed)


async def test_json_is_opened_wherever_sealed_text_stands_in_it(vault: Vault) -> None:
    sealed = await vault.seal(ADA, ADDRESS)
    text = json.dumps({"data": {"name": sealed.name, "list": [sealed.city, "clear"]}, "path": "name"})

    opened = json.loads(await vault.open_json(text))

    assert opened == {"data": {"name": ADDRESS.name, "list": ["Berlin", "clear"]}, "path": "name"}


async def test_without_its_key_sealed_text_reads_erased_and_serves_no_parcel(
    keys: MemoryKeys, vault: Vault
) -> None:
    sealed = await vault.seal(ADA, ADDRESS)
    await keys.destroy(ADA)

    assert json.loads(await vault.open_json(json.dumps({"name": sealed.name}))) == {"name": "erased"}
    for refused in (vault.open(sealed), vault.seal(ADA, ADDRESS), vault.fingerprint(ADA, b"")):
        with pytest.raises(NotAllowed) as error:
            await refused
        assert error.value.code == "customer-erased"
    assert (await vault.seal_or_drop(ADA, Note("call her", (), "c1"))).text == "erased"


def test_a_data_key_is_unwrapped_by_its_master_alone() -> None:
    old, new = urandom(32), urandom(32)
    key, first = DataKey.new(ADA), MasterKeys([old])
    wrapped = first.wrap(key)
    rotated = MasterKeys([new, old])

    assert rotated.unwrap(first.current, key.key_id, ADA, wrapped) == key
    assert rotated.current == MasterKeys([new]).current != first.current
    with pytest.raises(MasterKeyMissing, match=first.current):
        MasterKeys([new]).unwrap(first.current, key.key_id, ADA, wrapped)
    with pytest.raises(SealBroken):
        first.unwrap(first.current, key.key_id, "c-eve", wrapped)


@pytest.mark.parametrize("keys", [[], [b"short"], [urandom(32), b""]])
def test_master_keys_have_32_bytes(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKeys(keys)


def test_no_key_shows_in_what_is_logged_of_it() -> None:
    key = DataKey.new(ADA)
    assert key.secret.hex() not in repr(key)
    assert str(key.secret) not in repr(key)
    assert b64encode(key.secret).decode() not in repr(key)


@pytest.mark.parametrize(
    "text", ["", "erased", "sealed:1:", "sealed:1:abc:name:xyz", "Sealed: 1 parcel", "x sealed:1:"]
)
def test_ordinary_text_is_not_taken_for_sealed(text: str) -> None:
    assert not is_sealed(text)
    assert SEALED.fullmatch(text) is None
