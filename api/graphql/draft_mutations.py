"""Commands on drafts."""

from typing import Annotated
from uuid import UUID

import strawberry
from fastapi import Response
from strawberry import pydantic

from api.auth import Scope
from api.graphql.commanding import Key, OrderCommandResult, Version, caller_of, check, commanded
from api.graphql.context import ApiInfo, of
from api.graphql.problems import (
    AccessProblem,
    ConflictProblem,
    InvalidProblem,
    NotFoundProblem,
    UnavailableProblem,
)
from api.graphql.registering import bodies, documents
from api.rest import drafts
from api.rest.draft_bodies import DiscardBody, DraftBody, DraftChangeBody, DraftChanges, DraftOut

bodies(DraftBody, DraftChanges)
documents(DraftOut)


@pydantic.type(name="Draft")
class Draft(DraftOut):
    """An order that staff prepare; the order it becomes has its id."""


@strawberry.type(description="The command is committed, at `version` of the draft")
class DraftCommanded:
    draft_id: UUID
    version: int
    position: str
    draft: Draft


DraftCommandResult = Annotated[
    DraftCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("DraftCommandResult"),
]


def _changed(answer: Response) -> DraftCommanded:
    draft = Draft.model_construct(**dict(DraftOut.model_validate_json(bytes(answer.body))))
    return DraftCommanded(draft_id=draft.draft_id, version=draft.version, position=draft.position, draft=draft)


@strawberry.type
class DraftMutations:
    @strawberry.mutation(description="Begin a draft; it is an order once it is placed")
    async def create_draft(self, info: ApiInfo, input: DraftBody, idempotency_key: str) -> DraftCommandResult:
        caller = await caller_of(info, Scope.DRAFT_ORDERS)
        return _changed(await drafts.create_draft(caller, of(info).deps, check(idempotency_key), input))

    @strawberry.mutation(description="Change what is given and not null, and leave the rest")
    async def change_draft(
        self,
        info: ApiInfo,
        draft_id: UUID,
        input: DraftChanges,
        expected_version: Version = None,
        idempotency_key: Key = None,
    ) -> DraftCommandResult:
        caller, key = await caller_of(info, Scope.DRAFT_ORDERS), check(idempotency_key)
        body = DraftChangeBody(**{name: value for name, value in input if value is not None})
        return _changed(
            await drafts.change_draft(caller, of(info).deps, str(draft_id), key, expected_version, body)
        )

    @strawberry.mutation(description="Give a draft up, for good")
    async def discard_draft(
        self,
        info: ApiInfo,
        draft_id: UUID,
        reason: str,
        expected_version: Version = None,
        idempotency_key: Key = None,
    ) -> DraftCommandResult:
        caller, key = await caller_of(info, Scope.DRAFT_ORDERS), check(idempotency_key)
        body = DiscardBody(reason=reason)
        return _changed(
            await drafts.discard_draft(caller, of(info).deps, str(draft_id), key, expected_version, body)
        )

    @strawberry.mutation(description="Place the draft: however often, it is one order, of the draft's id")
    async def place_draft(
        self, info: ApiInfo, draft_id: UUID, expected_version: Version = None
    ) -> OrderCommandResult:
        caller = await caller_of(info, Scope.DRAFT_ORDERS)
        answer = await drafts.place_draft(caller, of(info).deps, str(draft_id), expected_version)
        return commanded(info, draft_id, answer)
