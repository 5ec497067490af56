"""Operating the read models: how far they are, rebuilds beside the live tables, and what is parked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.dependencies import Cursor, Deps, Limit, Operating, OperatingProjections
from api.openapi import problems
from api.rest import examples
from api.rest.bodies import Body
from api.rest.representations import ListOut, PageOut, answer
from api.rest.texts import NOT_BLANK, PLAIN, Reason
from api.strict import StrictRoute
from readmodels.operating import BuildView
from readmodels.views import ProjectionLag

router = APIRouter(prefix="/v1/ops/projections", tags=["projections"], route_class=StrictRoute)

Key = Annotated[str, StringConstraints(min_length=1, max_length=400), PLAIN, NOT_BLANK]
Name = Annotated[str, Path(description="The projection's name", max_length=100)]


class BuildOut(BaseModel, from_attributes=True):
    """A filling of the projection's tables: live, a candidate beside it, or the previous one.

    `rate` is in events per second, `remaining` in seconds; null before it has moved. `switches`: a candidate goes
    live by itself once it has caught up.
    """

    build: int
    version: int
    state: str
    position: int
    events: int
    parked: int
    rate: float | None
    remaining: float | None
    switches: bool
    begun_by: str
    begun_at: datetime
    caught_up_at: datetime | None


class LagOut(BaseModel, from_attributes=True):
    """Of the live build: `events` is how many it has not applied, `seconds` the age of the oldest of them.

    `parked` counts keys with an event that cannot be applied; they and what is behind them wait.
    """

    projection: str
    version: int
    position: int
    head: int
    events: int
    seconds: float
    parked: int


class ProjectionOut(LagOut):
    builds: list[BuildOut]


class RowDifferenceOut(BaseModel, from_attributes=True):
    """`only_in` is live or candidate; null where both have the row and `columns` differ. Values are not shown."""

    key: dict[str, str]
    only_in: str | None
    columns: list[str]


class TableDifferenceOut(BaseModel, from_attributes=True):
    table: str
    rows: int
    only_live: int
    only_candidate: int
    different: int
    samples: list[RowDifferenceOut]


class ComparisonOut(BaseModel, from_attributes=True):
    same: bool
    live: BuildOut
    candidate: BuildOut
    tables: list[TableDifferenceOut]


class ParkedOut(BaseModel, from_attributes=True):
    """`position` and `type` are of the event that cannot be applied; `waiting` counts it and those behind it.

    `wanted`: a try was asked for and not made yet.
    """

    build: int
    state: str
    key: str
    position: int
    type: str
    error: str
    attempts: int
    waiting: int
    parked_at: datetime
    tried_at: datetime
    wanted: bool


class AskedAgainOut(BaseModel):
    """How many keys a projector was asked to try again."""

    asked: int


class RebuildBody(Body):
    """`switch`: go live without another word, once it has caught up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"switch": False}]})

    switch: bool = False


class ForceBody(Body):
    """`force`: although the build is behind, or has more keys parked than the live one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"force": False}]})

    force: bool = False


class RetryBody(Body):
    """Without a key, every parked key of the projection."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "order/0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55"}]}
    )

    key: Key | None = None


class SkipBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"key": "order/0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55", "reason": "written by hand, wrong"}]
        }
    )

    key: Key
    reason: Reason


@router.get(
    "", response_model=ListOut[ProjectionOut], openapi_extra=problems(example=examples.items(examples.LAG))
)
async def list_projections(caller: Operating, deps: Deps) -> Response:
    """How far each read model is behind the log, and the builds there are of it."""
    lags, builds = await deps.queries.lag(), await deps.projections.builds()
    return answer(ListOut[ProjectionOut](items=[_projection(lag, builds) for lag in lags]))


@router.post(
    "/{name}/rebuild",
    status_code=202,
    response_model=BuildOut,
    openapi_extra=problems(
        *("projection-not-found", "rebuild-in-progress", "projection-not-fed"), example=examples.BUILD
    ),
)
async def rebuild_projection(
    caller: OperatingProjections, deps: Deps, name: Name, body: RebuildBody | None = None
) -> Response:
    """Begin to fill new tables beside the live ones, which are read and fed as before."""
    switch = body is not None and body.switch
    return answer(
        BuildOut.model_validate(await deps.projections.rebuild(name, actor=caller.actor, switch=switch)), 202
    )


@router.get(
    "/{name}/comparison",
    response_model=ComparisonOut,
    openapi_extra=problems("projection-not-found", "no-candidate", example=examples.COMPARISON),
)
async def compare_projection(caller: Operating, deps: Deps, name: Name) -> Response:
    """The candidate's rows beside the live ones. Reads all of both."""
    return answer(ComparisonOut.model_validate(await deps.projections.compare(name)))


@router.post(
    "/{name}/switch",
    response_model=ListOut[BuildOut],
    openapi_extra=problems(
        *("projection-not-found", "no-candidate", "build-behind", "build-incomplete", "switch-blocked"),
        example=examples.items(examples.BUILD),
    ),
)
async def switch_projection(
    caller: OperatingProjections, deps: Deps, name: Name, body: ForceBody | None = None
) -> Response:
    """Make the candidate the live build, at once for every reader; the live one is kept as the previous."""
    force = body is not None and body.force
    return _builds(await deps.projections.switch(name, actor=caller.actor, force=force))


@router.post(
    "/{name}/rollback",
    response_model=ListOut[BuildOut],
    openapi_extra=problems(
        *("projection-not-found", "no-previous", "build-behind", "switch-blocked"),
        example=examples.items(examples.BUILD),
    ),
)
async def roll_back_projection(
    caller: OperatingProjections, deps: Deps, name: Name, body: ForceBody | None = None
) -> Response:
    """Make the previous build live again; the two change places."""
    force = body is not None and body.force
    return _builds(await deps.projections.roll_back(name, actor=caller.actor, force=force))


@router.post(
    "/{name}/discard",
    response_model=ListOut[BuildOut],
    openapi_extra=problems(
        *("projection-not-found", "no-candidate", "switch-blocked"), example=examples.items(examples.BUILD)
    ),
)
async def discard_projection_build(caller: OperatingProjections, deps: Deps, name: Name) -> Response:
    """Drop the candidate."""
    return _builds(await deps.projections.discard(name, actor=caller.actor))


@router.get(
    "/{name}/parked",
    response_model=PageOut[ParkedOut],
    openapi_extra=problems("projection-not-found", "invalid-cursor", example=examples.page(examples.PARKED)),
)
async def list_parked_keys(
    caller: Operating, deps: Deps, name: Name, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Keys with an event that cannot be applied, by key."""
    page = await deps.projections.parked(name, limit=limit, cursor=cursor)
    items = [ParkedOut.model_validate(each) for each in page.items]
    return answer(PageOut[ParkedOut](items=items, next_cursor=page.next_cursor))


@router.post(
    "/{name}/retry",
    status_code=202,
    response_model=AskedAgainOut,
    openapi_extra=problems("projection-not-found", "key-not-parked", example={"asked": 1}),
)
async def retry_parked_key(
    caller: OperatingProjections, deps: Deps, name: Name, body: RetryBody | None = None
) -> Response:
    """Have a projector try what is parked again: one key, or all."""
    asked = await deps.projections.retry(name, body.key if body else None, actor=caller.actor)
    return answer(AskedAgainOut(asked=asked), 202)


@router.post(
    "/{name}/skip",
    status_code=202,
    response_model=ParkedOut,
    openapi_extra=problems("projection-not-found", "key-not-parked", example=examples.PARKED),
)
async def skip_parked_event(caller: OperatingProjections, deps: Deps, name: Name, body: SkipBody) -> Response:
    """Give the first event of a parked key up, for good; those behind it are applied."""
    given_up = await deps.projections.skip(name, body.key, reason=body.reason, actor=caller.actor)
    return answer(ParkedOut.model_validate(given_up), 202)


def _projection(lag: ProjectionLag, builds: Sequence[BuildView]) -> ProjectionOut:
    own = [BuildOut.model_validate(build) for build in builds if build.projection == lag.projection]
    return ProjectionOut(**LagOut.model_validate(lag).model_dump(), builds=own)


def _builds(builds: Sequence[BuildView]) -> Response:
    return answer(ListOut[BuildOut](items=[BuildOut.model_validate(build) for build in builds]))
