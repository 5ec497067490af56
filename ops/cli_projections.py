"""`waybill projections …`: the operator's side of the read models, through the HTTP API."""

import asyncio
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ops.cli_orders import PIPED_WIDTH, with_api
from ops.cli_orders import console as plain
from ops.client import ApiClient
from ops.process import StackError
from waybill_client.client import every
from waybill_client.models import BuildList, ForceBody, Parked, RebuildBody, RetryBody, SkipBody

projections = typer.Typer(no_args_is_help=True)
LOOK = 0.2
ASKED_FOR = 30.0
"""Seconds to wait for a projector to do what it was asked, before saying that it will."""

NameArgument = Annotated[str, typer.Argument(help="The projection's name, as `list` shows it.", metavar="NAME")]
KeyArgument = Annotated[str, typer.Argument(help="The parked key, as `parked` shows it.", metavar="KEY")]
Force = Annotated[bool, typer.Option("--force", help="Although it is behind, or has more keys parked.")]


@projections.command(name="list")
def list_projections() -> None:
    """Every projection's lag, and the builds there are of it."""

    async def run(api: ApiClient) -> None:
        columns = ("projection", "build", "version", "state", "position", "behind", "parked", "begun by")
        table = Table(*columns, box=None)
        for each in (await api.list_projections()).items:
            for build in each.builds:
                numbers = (build.position, build.events, build.parked)
                texts = [str(build.build), str(build.version), build.state, *map(str, numbers)]
                table.add_row(each.projection, *texts, build.begun_by)
        plain.print(table, width=None if plain.is_terminal else PIPED_WIDTH)

    with_api(run)


@projections.command()
def rebuild(
    projection: NameArgument,
    switch: Annotated[bool, typer.Option("--switch", help="Go live when it is done.")] = False,
    wait: Annotated[bool, typer.Option(help="Show its progress, and compare when it is done.")] = True,
) -> None:
    """Fill a projection's tables anew beside the live ones, and say whether the two agree."""

    async def run(api: ApiClient) -> None:
        build = (await api.rebuild_projection(projection, RebuildBody())).build
        plain.print(f"build {build} of {projection} is being filled beside the live one")
        if not wait and not switch:
            return
        await _follow(api, projection, build)
        same = await _compare(api, projection)
        if switch and same:
            _show(await api.switch_projection(projection, ForceBody()))
        elif switch:
            raise StackError(f"they differ, so it was not switched: waybill projections switch {projection}")
        else:
            plain.print(f"to use it: waybill projections switch {projection}")

    with_api(run)


@projections.command()
def compare(projection: NameArgument) -> None:
    """What differs between the build beside the live one and the live one."""

    async def run(api: ApiClient) -> None:
        await _compare(api, projection)

    with_api(run)


@projections.command()
def switch(projection: NameArgument, force: Force = False) -> None:
    """Make the build beside the live one live, at once for every reader."""

    async def run(api: ApiClient) -> None:
        _show(await api.switch_projection(projection, ForceBody(force=force)))

    with_api(run)


@projections.command()
def rollback(projection: NameArgument, force: Force = False) -> None:
    """Go back to the build that was live before."""

    async def run(api: ApiClient) -> None:
        _show(await api.roll_back_projection(projection, ForceBody(force=force)))

    with_api(run)


@projections.command()
def discard(projection: NameArgument) -> None:
    """Drop the build beside the live one."""

    async def run(api: ApiClient) -> None:
        await api.discard_projection_build(projection)
        plain.print("dropped")

    with_api(run)


@projections.command()
def parked(projection: NameArgument) -> None:
    """Keys with an event that the projection cannot apply."""

    async def run(api: ApiClient) -> None:
        table = Table("key", "build", "position", "type", "waiting", "tries", "error", box=None)
        for item in await _parked(api, projection):
            numbers = (str(item.waiting), str(item.attempts))
            where = (f"{item.build} ({item.state})", str(item.position))
            table.add_row(item.key, *where, item.type, *numbers, item.error)
        plain.print(table, width=None if plain.is_terminal else PIPED_WIDTH)

    with_api(run)


@projections.command()
def retry(
    projection: NameArgument,
    key: Annotated[
        str | None, typer.Argument(help="The parked key; all of them by default.", metavar="[KEY]")
    ] = None,
) -> None:
    """Try again what is parked."""

    async def run(api: ApiClient) -> None:
        asked = (await api.retry_parked_key(projection, RetryBody(key=key))).asked
        plain.print(f"{asked} to be tried again")
        await _answered(api, projection)

    with_api(run)


@projections.command()
def skip(projection: NameArgument, key: KeyArgument, reason: Annotated[str, typer.Option(help="Why.")]) -> None:
    """Give the first event of a parked key up, for good, and apply those behind it."""

    async def run(api: ApiClient) -> None:
        given_up = await api.skip_parked_event(projection, SkipBody(key=key, reason=reason))
        plain.print(f"{given_up.type} at position {given_up.position} is given up")
        await _answered(api, projection)

    with_api(run)


async def _follow(api: ApiClient, projection: str, build: int) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=plain) as progress:
        task = progress.add_task(projection, rate="", total=None)
        while True:
            found = next(each for each in (await api.list_projections()).items if each.projection == projection)
            own = next((each for each in found.builds if each.build == build), None)
            if own is None:
                raise StackError(f"build {build} of {projection} was dropped meanwhile")
            rate = f"{own.rate:,.0f} events/s" if own.rate else ""
            progress.update(task, total=own.position + own.events, completed=own.position, rate=rate)
            if own.caught_up_at is not None:
                return
            await asyncio.sleep(LOOK)


async def _compare(api: ApiClient, projection: str) -> bool:
    found = await api.compare_projection(projection)
    for table in found.tables:
        counts = f"{table.only_live} only live, {table.only_candidate} only new, {table.different} differ"
        plain.print(f"{table.table}: {table.rows} rows, {counts}")
        for sample in table.samples:
            where = f"only in {sample.only_in}" if sample.only_in else f"differs in {', '.join(sample.columns)}"
            plain.print(f"  {' '.join(sample.key.values())}: {where}", markup=False)
    positions = f"{found.live.position} and {found.candidate.position}"
    plain.print(f"{'the same' if found.same else 'not the same'}, at positions {positions}")
    return found.same


def _show(builds: BuildList) -> None:
    for build in builds.items:
        plain.print(f"build {build.build} (version {build.version}) is {build.state}")


async def _parked(api: ApiClient, projection: str) -> list[Parked]:
    return [item async for item in every(api.list_parked_keys, projection, limit=100)]


async def _answered(api: ApiClient, projection: str) -> None:
    """Wait until a projector has tried, and say what is left."""
    for _ in range(int(ASKED_FOR / LOOK)):
        left = await _parked(api, projection)
        if not any(item.wanted for item in left):
            plain.print(f"{len(left)} still parked" if left else "nothing is parked any more")
            return
        await asyncio.sleep(LOOK)
    plain.print("no projector has tried yet; it will as soon as one runs")
