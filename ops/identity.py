"""The development issuer, where it belongs in the embedded stack: its key lives in the data directory."""

from api.auth import ROLES
from api.dev_issuer import DevIssuer
from ops.config import Settings

KEY_FILE = "dev-issuer.jwk"

__all__ = ["ROLES", "dev_issuer"]


def dev_issuer(settings: Settings) -> DevIssuer:
    return DevIssuer(settings.data_dir / KEY_FILE, issuer=settings.jwt_issuer, audience=settings.jwt_audience)
