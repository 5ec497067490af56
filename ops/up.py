"""`waybill up`: the whole of Waybill on one machine, proven by an order, until Ctrl-C."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from uuid import uuid4

import httpx
from pydantic import SecretStr

from ops import demo
from ops.client import ApiClient
from ops.config import PREFIX, Settings
from ops.devstack import DevStack
from ops.embedded.ports import require_free
from ops.identity import dev_issuer
from ops.keys import master_keys
from ops.migrate import migrate
from ops.process import ProcessSpec, StackError
from ops.schedules import prepare_temporal

Say = Callable[[str], None]

LISTENING = {
    "api": "api_port",
    "sim-payments": "payments_port",
    "sim-carrier": "carrier_port",
    "sim-mail": "mail_port",
}
MAIL_SINK = "sim-mail"
SILENT = ("worker", "projector", "relay", "subscriber")


async def up(settings: Settings, say: Say, *, with_demo: bool = True) -> None:
    """Start everything, place the demo order, and serve until cancelled; then stop everything.

    Raises:
        StackError: something cannot be had; one line that names what to change.
        ApiProblem: the demo order failed.
    """
    master_keys(settings)  # said now, and not by a process that ends
    sink, settings = settings.smtp_url is None, with_mail_sink(settings)
    ports = {name: port for name, port in LISTENING.items() if sink or name != MAIL_SINK}
    taken = [*ports.values(), *(["mail_smtp_port"] if sink else [])]
    await require_free({f"{PREFIX}{port.upper()}": getattr(settings, port) for port in taken})
    stack = DevStack(settings, on_event=say)
    endpoints = await stack.start()
    try:
        await migrate(settings.dsn)
        await prepare_temporal(settings)
        say("schema, search attributes and schedules are up to date")
        await _start_processes(stack, settings, (*ports, *SILENT), say)
        token = dev_issuer(settings).token(role="admin", subject="waybill-up")
        if with_demo:
            async with ApiClient(settings.api_base_url, token) as api:
                await _demo(api, settings, say)
        _print_urls(settings, endpoints.temporal_ui_url, say, sink=sink)
        name = await stack.supervisor.given_up()
        raise StackError(f"{name} stays down; everything is being stopped")
    finally:
        say("stopping")
        await stack.stop()
        say("stopped")


def with_mail_sink(settings: Settings) -> Settings:
    """Settings whose mails go to the sink, unless a server is named for them."""
    if settings.smtp_url is not None:
        return settings
    return settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{settings.mail_smtp_port}")})


async def _start_processes(stack: DevStack, settings: Settings, names: Sequence[str], say: Say) -> None:
    specs = [process_spec(name, settings) for name in names]
    async with asyncio.TaskGroup() as group:
        for spec in specs:
            group.create_task(stack.supervisor.start(spec))
    say("running: " + ", ".join(spec.name for spec in specs))


def process_spec(name: str, settings: Settings) -> ProcessSpec:
    """A process of Waybill's own, with the settings of this one."""
    port = getattr(settings, LISTENING[name]) if name in LISTENING else None
    return ProcessSpec(
        name=name,
        command=[sys.executable, "-m", "ops.cli", name],
        log=settings.data_dir / "logs" / f"{name}.log",
        env={**os.environ, **settings.environment()},
        ready=(lambda: _answers(f"http://{settings.host}:{port}/livez")) if port else None,
    )


async def _answers(url: str) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        (await client.get(url)).raise_for_status()


async def _demo(api: ApiClient, settings: Settings, say: Say) -> None:
    count = await demo.seed(api, settings.warehouse_codes)
    await demo.sellable(api)
    say(f"demo catalogue: {count} products")
    order = await demo.place(api, key=f"demo-{uuid4()}")
    total = order.totals.total
    say(f"demo order {order.order_number} placed: {total.amount} {total.currency}")
    status = await demo.follow(api, order.order_id, say)
    say(f"demo order {order.order_number} is {status}")


def _print_urls(settings: Settings, temporal_ui: str, say: Say, *, sink: bool) -> None:
    say("")
    say(f"  API          {settings.api_base_url}/docs")
    say(f"  Temporal UI  {temporal_ui or settings.temporal_target}")
    if sink:
        say(f"  Mails        http://127.0.0.1:{settings.mail_port}")
    say(f"  Logs         {settings.data_dir / 'logs'}")
    say("  A token      .venv/bin/waybill token --role operator")
    say("")
    say("Ready. Ctrl-C stops everything.")
