"""The development issuer: one Ed25519 key in a file, and the tokens it signs. Not for production."""

import json
import os
import tempfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWK
from jwt.algorithms import OKPAlgorithm

from api.auth import Role

HALF_A_DAY = 12 * 3600


@dataclass(frozen=True)
class DevIssuer:
    """The key at `path` is made on first use, once, readable by its owner only."""

    path: Path
    issuer: str = "https://waybill.localhost"
    audience: str = "waybill"

    def token(self, role: str, subject: str, ttl: float = HALF_A_DAY) -> str:
        """A bearer token, valid for `ttl` seconds from now. Raises ValueError: no such role."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "role": Role(role),
            "iat": now,
            "exp": now + timedelta(seconds=ttl),
        }
        return jwt.encode(claims, self._signing, headers={"kid": str(self._key["kid"])})

    def jwks(self) -> dict[str, Any]:
        """The public half, as a JWKS document (RFC 7517)."""
        return {"keys": [{name: value for name, value in self._key.items() if name != "d"}]}

    @cached_property
    def _key(self) -> dict[str, Any]:
        if not self.path.exists():
            create_once(self.path, json.dumps(_new_key()))
        key: dict[str, Any] = json.loads(self.path.read_text())
        return key

    @cached_property
    def _signing(self) -> PyJWK:
        return PyJWK.from_dict(self._key)


def _new_key() -> dict[str, Any]:
    key: dict[str, Any] = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
    named = {name: value for name, value in key.items() if name != "key_ops"}
    return {**named, "alg": "EdDSA", "use": "sig", "kid": _thumbprint(named)}


def _thumbprint(key: dict[str, Any]) -> str:
    """RFC 7638: the same key has the same id everywhere."""
    required = json.dumps({name: key[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    return urlsafe_b64encode(sha256(required.encode()).digest()).decode().rstrip("=")


def create_once(path: Path, text: str) -> None:
    """Whole or not at all, and the first of several processes wins: a link fails where the name exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
