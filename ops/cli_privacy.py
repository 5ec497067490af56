"""`waybill …`: erasing customers, and rotating the master key."""

from typing import Annotated

import typer

from ops.cli_orders import console, with_api
from ops.client import ApiClient
from ops.config import load_settings
from ops.patience import run_once
from waybill_client.models import EraseBody

privacy = typer.Typer()


@privacy.command(name="erase-customer")
def erase_customer(
    customer_id: Annotated[str, typer.Argument(help="The customer's id.")],
    reason: Annotated[str, typer.Option(help="Why. It stays readable: name nobody.")],
) -> None:
    """Make everything personal of a customer unreadable, for ever. Needs its orders to have ended."""

    async def run(api: ApiClient) -> None:
        erased = await api.erase_customer(customer_id, EraseBody(reason=reason))
        outside = "and by outside services" if erased.forgotten_at else "outside services are being told"
        console.print(f"{customer_id} erased at {erased.erased_at:%Y-%m-%dT%H:%M:%SZ}; {outside}")

    with_api(run, role="admin")


@privacy.command(name="rotate-keys")
def rotate_keys() -> None:
    """Wrap every customer's key with the first of WAYBILL_MASTER_KEYS; then the others can be dropped."""
    from ops.keys import rotate

    settings = load_settings()
    count = run_once(settings, rotate(settings))
    console.print(f"{count} customers' keys wrapped anew; the first master key is the only one in use")
