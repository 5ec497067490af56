"""`waybill`: every process, and the tools of an operator. A client of the HTTP API like any other."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from activities.contracts import TaskQueue
from ops.cli_cases import cases, reconcile
from ops.cli_changes import changes
from ops.cli_credit import credit
from ops.cli_dead_letters import dead_letters
from ops.cli_drafts import drafts
from ops.cli_export import exports
from ops.cli_log import log_tools
from ops.cli_ops import operations
from ops.cli_orders import orders
from ops.cli_privacy import privacy
from ops.cli_products import categories, products
from ops.cli_projections import projections, rebuild
from ops.cli_returns import returns
from ops.client import ApiProblem
from ops.config import Settings, SettingsError, load_settings, settings_table
from ops.embedded.lock import stop_running
from ops.identity import ROLES, dev_issuer
from ops.patience import ServerAway, run_once
from ops.process import StackError
from ops.search_attributes import SearchAttributesMissing
from ops.transfer import TransferError

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
orders.add_typer(changes)
orders.add_typer(exports)
app.add_typer(dead_letters, name="dead-letters", help="What could not be handled: list, replay, drop.")
app.add_typer(operations, name="ops", help="Answer stalled steps, hand orders over, leave notes.")
app.add_typer(privacy)
app.add_typer(credit, name="credit", help="A customer's store credit: shown, granted.")
app.add_typer(orders, name="orders", help="Place, list, show, watch and change orders.")
app.add_typer(drafts, name="drafts")
app.add_typer(products, name="products")
app.add_typer(categories, name="categories")
app.add_typer(returns, name="returns")
app.add_typer(log_tools)
app.add_typer(cases, name="cases", help="Differences with the gateway's books, and what to do with them.")
app.command()(reconcile)
app.add_typer(projections, name="projections", help="Rebuild, compare, switch and repair read models.")
console = Console(highlight=False, soft_wrap=True)

EXPECTED_FAILURES = (StackError, SettingsError, ApiProblem, SearchAttributesMissing, ServerAway, TransferError)


def main() -> NoReturn:
    """Run a command; what can be expected to go wrong is one clear line and exit code 1."""
    try:
        app()
    except EXPECTED_FAILURES as error:
        _fail(str(error))
    except BaseExceptionGroup as group:
        expected, other = group.split(EXPECTED_FAILURES)
        if expected is None or other is not None:
            raise
        _fail(str(expected.exceptions[0]))
    sys.exit(0)


def _fail(message: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"waybill: {message}", markup=False)
    sys.exit(1)


# The whole


@app.command()
def up(demo: Annotated[bool, typer.Option(help="Place the demo order.")] = True) -> None:
    """Start everything on this machine, follow a demo order to its end, and serve until Ctrl-C."""
    from ops.up import up as run_up

    settings = load_settings()
    asyncio.run(_until_signal(run_up(settings, lambda line: console.print(line, markup=False), with_demo=demo)))


@app.command()
def down() -> None:
    """Stop the stack that `waybill up` runs on this data directory."""
    pid = stop_running(load_settings().data_dir)
    console.print(f"stopped (pid {pid})" if pid else "nothing was running")


@app.command()
def migrate() -> None:
    """Bring the database's schema, Temporal's search attributes and schedules up to date. Safe to repeat."""
    from ops.bootstrap import await_database
    from ops.migrate import migrate as run_migrations
    from ops.schedules import prepare_temporal

    async def both(settings: Settings) -> None:
        await await_database(settings)
        await run_migrations(settings.dsn)
        await prepare_temporal(settings)

    given = load_settings()
    run_once(given, both(given))
    console.print("schema, search attributes and schedules are up to date")


# Processes


@app.command()
def api() -> None:
    """Serve the HTTP API."""
    from ops.api_server import run_api
    from ops.services import run

    run(run_api, load_settings(), process="api")


@app.command()
def worker(
    service: Annotated[
        list[TaskQueue] | None, typer.Option(help="Serve this service only; may be given several times.")
    ] = None,
) -> None:
    """Run the order workflow and the services' activities; with --service, those of one service alone."""
    from functools import partial

    from ops.services import run
    from ops.worker import run_worker

    run(partial(run_worker, only=service or tuple(TaskQueue)), load_settings(), process="worker")


@app.command()
def projector() -> None:
    """Sequence the log and feed the read models."""
    from ops.services import run, run_projector

    run(run_projector, load_settings(), process="projector")


@app.command()
def relay() -> None:
    """Publish the log to Redis Streams."""
    from ops.services import run, run_relay

    run(run_relay, load_settings(), process="relay")


@app.command()
def subscriber() -> None:
    """Take other services' events from Redis Streams, as commands."""
    from ops.services import run
    from ops.subscriber import run_subscriber

    run(run_subscriber, load_settings(), process="subscriber")


@app.command(name="sim-payments")
def sim_payments() -> None:
    """Serve the simulated payment gateway."""
    from ops.simulators.serve import serve_payments

    _serve(serve_payments)


@app.command(name="sim-carrier")
def sim_carrier() -> None:
    """Serve the simulated carrier."""
    from ops.simulators.serve import serve_carrier

    _serve(serve_carrier)


@app.command(name="sim-mail")
def sim_mail() -> None:
    """Serve the mail sink, which delivers nothing and shows what it was given."""
    from ops.simulators.serve import serve_mail

    _serve(serve_mail)


# Tools


@app.command()
def recover(
    rate: Annotated[float, typer.Option(min=0.1, help="Workflows started per second, at most.")] = 50.0,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the orders' read model.")] = 60.0,
) -> None:
    """Start a workflow for every open order that has none: it goes on from the order's events."""
    from ops.recover import recover as run_recovery

    given = load_settings()
    run_once(given, run_recovery(given, console, rate=rate, wait=wait))


@app.command(name="replay-check")
def replay_check(
    from_server: Annotated[
        bool, typer.Option("--from-server", help="Replay what is on Temporal's server.")
    ] = False,
    from_dir: Annotated[
        Path | None, typer.Option(help="Replay the histories (*.json) below this directory.")
    ] = None,
    query: Annotated[
        str | None, typer.Option(help="Temporal list filter: which workflows; without it, all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most histories; those of open workflows come first.")] = 1000,
) -> None:
    """Replay workflows' histories on this code, before it is deployed; exits 1 if one would not go on."""
    from ops.replay_check import replay_check as run_check
    from ops.replay_check import report

    if from_server == (from_dir is not None):
        _fail("give one of --from-server and --from-dir DIRECTORY")
    given = load_settings()
    replayed = run_once(given, run_check(given, folder=from_dir, query=query, limit=limit))
    if not report(replayed, console):
        sys.exit(1)


@app.command()
def token(
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "customer",
    subject: Annotated[str, typer.Option(help="Whom the token is for; a customer's id for a customer.")] = "demo",
    ttl: Annotated[int, typer.Option(help="Seconds it is valid.")] = 12 * 3600,
) -> None:
    """Print a bearer token of the development issuer."""
    if role not in ROLES:
        _fail(f"--role {role!r}: one of {', '.join(ROLES)} is accepted")
    console.print(dev_issuer(load_settings()).token(role=role, subject=subject, ttl=ttl), markup=False)


@app.command()
def verify(
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    chain: Annotated[bool, typer.Option("--chain", help="Check the log alone, by its hash chain.")] = False,
) -> None:
    """Check the invariants on the live store; exits 1 and names what is broken."""
    from ops.verify import report, verify_log
    from ops.verify import verify as run_verify

    given = load_settings()
    checks = run_once(given, verify_log(given) if chain else run_verify(given))
    if not report(checks, console, as_json=json_output):
        sys.exit(1)


@app.command()
def doctor() -> None:
    """Look at everything Waybill depends on, and say what is wrong."""
    from ops.doctor import examine, report

    if not report(asyncio.run(examine(load_settings())), console):
        sys.exit(1)


app.command()(rebuild)


@app.command()
def settings() -> None:
    """Print every setting as the README's Markdown table."""
    typer.echo(settings_table(), nl=False)


def _serve(service: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    import uvloop

    from ops.telemetry import configure_logging

    given = load_settings()
    configure_logging(given, process=service.__name__.replace("serve_", "sim-"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(service(given))


async def _until_signal(work: Coroutine[Any, Any, T]) -> T | None:
    """Run to the end, or until SIGINT or SIGTERM, after which the work's own clean-up is awaited."""
    import signal

    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return None


if __name__ == "__main__":
    main()
