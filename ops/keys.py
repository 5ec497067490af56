"""The master keys that wrap customers' keys: from the settings, or a development key in the data directory."""

import os
from base64 import b64decode, b64encode

from sqlalchemy.ext.asyncio import create_async_engine

from api.dev_issuer import create_once
from eventstore.connections import open_pool
from eventstore.customer_keys import PostgresCustomerKeys
from eventstore.privacy import KEY_BYTES, MasterKeyMissing, MasterKeys
from messaging.webhooks.endpoints import Endpoints
from ops.config import Settings, SettingsError
from ops.patience import server_at, wait_for

KEY_FILE = "dev-master.key"
HOW = f"{KEY_BYTES} random bytes in base64, such as `openssl rand -base64 {KEY_BYTES}` prints"


def master_keys(settings: Settings) -> MasterKeys:
    """The first one wraps; the others are left from before a rotation.

    Without any, the embedded database gets a key of its own, kept beside it and readable by its owner only.

    Raises:
        SettingsError: there is none, and the database is not the embedded one.
    """
    if settings.master_keys is not None:
        return MasterKeys([b64decode(part) for part in settings.master_keys.get_secret_value().split(",")])
    if settings.database_url is not None:
        raise SettingsError(
            f"WAYBILL_MASTER_KEYS is not set: without it personal data could not be sealed. It takes {HOW}"
        )
    path = settings.data_dir / KEY_FILE
    if not path.exists():
        create_once(path, b64encode(os.urandom(KEY_BYTES)).decode())
    return MasterKeys([b64decode(path.read_text())])


async def rotate(settings: Settings) -> int:
    """Wrap every customer's key, and every webhook's secret, with the first master key.

    Gives how many were under another.

    Raises:
        SettingsError: a key is under a master key that is not given. What was done stays done.
    """
    masters = master_keys(settings)
    pool = await wait_for(
        server_at("PostgreSQL", settings.dsn),
        lambda: open_pool(settings.dsn, size=1, name="waybill-rotate-keys"),
    )
    engine = create_async_engine(settings.dsn.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=1)
    try:
        return await PostgresCustomerKeys(pool, masters).rewrap() + await Endpoints(engine, masters).rewrap()
    except MasterKeyMissing as missing:
        raise SettingsError(f"WAYBILL_MASTER_KEYS: {missing}; give that one too, behind the first") from None
    finally:
        await engine.dispose()
        await pool.close()
