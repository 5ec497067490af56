"""Runs one simulator in this process: `python -m ops.simulators.serve payments` (or `carrier`, `mail`)."""

import asyncio
import sys

import uvicorn
import uvloop
from fastapi import FastAPI

from ops.config import Settings, SettingsError, load_settings
from ops.simulators.books import wait_for_database
from ops.simulators.carrier import build_carrier_app
from ops.simulators.mail import build_mail_app
from ops.simulators.payments import build_payments_app
from ops.simulators.wire import DroppableProtocol

SHUTDOWN_SECONDS = 3
KEEP_ALIVE_SECONDS = 60  # longer than clients keep an idle connection, so that none is closed under a new request


async def serve_payments(settings: Settings) -> None:
    """Serve the payment gateway on its port until SIGTERM or SIGINT; waits first for its database."""
    await _serve(build_payments_app(settings), settings, settings.payments_port)


async def serve_carrier(settings: Settings) -> None:
    """Serve the carrier on its port until SIGTERM or SIGINT; waits first for its database."""
    await _serve(build_carrier_app(settings), settings, settings.carrier_port)


async def serve_mail(settings: Settings) -> None:
    """Serve the mail sink and its page until SIGTERM or SIGINT. It keeps nothing, so it waits for no database."""
    app = build_mail_app(settings.host, settings.mail_smtp_port)
    await server_of(app, settings, settings.mail_port).serve()


def server_of(app: FastAPI, settings: Settings, port: int) -> uvicorn.Server:
    """A server whose connections can be dropped unanswered, as the simulators' faults ask for."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        http=DroppableProtocol,
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return uvicorn.Server(config)


async def _serve(app: FastAPI, settings: Settings, port: int) -> None:
    # Before uvicorn takes the signals over, so that a wait can be ended by one.
    await wait_for_database(settings.simulator_dsn)
    await server_of(app, settings, port).serve()


def main(arguments: list[str]) -> int:
    """Serve the simulator named by the one argument; 2 says that the arguments or settings are wrong."""
    services = {"payments": serve_payments, "carrier": serve_carrier, "mail": serve_mail}
    if len(arguments) != 1 or arguments[0] not in services:
        sys.stderr.write("usage: python -m ops.simulators.serve payments|carrier|mail\n")
        return 2
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(services[arguments[0]](settings))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
