"""Settings of the keys that personal data are sealed with."""

from base64 import b64decode
from typing import Final

from pydantic import Field, PositiveFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings

MASTER_KEY_BYTES: Final = 32  # AES-256


class PrivacySettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    # Privacy
    master_keys: SecretStr | None = Field(
        None,
        description="Keys that wrap the customers' keys: 32 bytes each in base64, comma-separated, the one that"
        " wraps first; needed with `WAYBILL_DATABASE_URL`, else a development key is kept in the data directory",
    )
    customer_key_seconds: PositiveFloat = Field(
        30.0,
        description="Longest that a process which misses that a customer's key was destroyed still uses it",
    )

    @field_validator("master_keys", mode="after")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        given = value.get_secret_value().split(",") if value is not None else ()
        for nr, part in enumerate(given, start=1):
            if not _is_key(part):
                raise ValueError(f"key {nr} is not {MASTER_KEY_BYTES} bytes in base64")
        return value


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == MASTER_KEY_BYTES
    except ValueError:
        return False
