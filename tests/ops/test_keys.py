"""The master keys: made once for the embedded stack, demanded for any other, rotated by one command."""

import stat
from base64 import b64encode
from os import urandom
from pathlib import Path

import pytest
from pydantic import SecretStr

from eventstore.connections import open_pool
from eventstore.customer_keys import PostgresCustomerKeys
from ops.config import Settings, SettingsError, load_settings
from ops.keys import KEY_FILE, master_keys, rotate
from tests.conftest import MASTER_KEY as KEY


def some_key() -> str:
    return b64encode(urandom(32)).decode()


def given(settings: Settings, *keys: str) -> Settings:
    return settings.model_copy(update={"master_keys": SecretStr(",".join(keys))})


def test_the_embedded_stack_makes_one_key_and_keeps_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=None, master_keys=None)

    first = master_keys(settings)

    assert master_keys(settings).current == first.current
    path = settings.data_dir / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_outside_database_needs_a_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr("postgresql://db/waybill"), master_keys=None)
    with pytest.raises(SettingsError, match=r"WAYBILL_MASTER_KEYS is not set.*openssl rand -base64 32"):
        master_keys(settings)
    assert list(tmp_path.iterdir()) == []
    assert master_keys(given(settings, some_key())).current


def test_the_first_key_wraps(tmp_path: Path) -> None:
    settings, new, old = Settings(data_dir=tmp_path), some_key(), some_key()
    assert master_keys(given(settings, new, old)).current == master_keys(given(settings, new)).current


@pytest.mark.parametrize("keys", ["", "nonsense", f"{KEY},", f"{KEY},c2hvcnQ="])
def test_a_bad_key_is_refused_without_showing_it(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_MASTER_KEYS", keys)
    with pytest.raises(SettingsError, match=r"WAYBILL_MASTER_KEYS=….*is not 32 bytes in base64") as refused:
        load_settings()
    assert not keys or keys not in str(refused.value)


async def test_a_rotation_wraps_every_key_anew_and_says_what_is_missing(test_settings: Settings) -> None:
    old, new = some_key(), some_key()
    pool = await open_pool(test_settings.dsn, size=1)
    try:
        for nr in range(3):
            await PostgresCustomerKeys(pool, master_keys(given(test_settings, old))).of_customer(f"c-{nr}")
        with pytest.raises(SettingsError, match=r"WAYBILL_MASTER_KEYS: .*give that one too"):
            await rotate(given(test_settings, new))

        assert await rotate(given(test_settings, new, old)) == 3
        assert await rotate(given(test_settings, new)) == 0
        assert await PostgresCustomerKeys(pool, master_keys(given(test_settings, new))).of_customer("c-0")
    finally:
        await pool.close()
