"""Refusals as types of the graph: REST's catalogue of problems, told apart by what a caller does next."""

from collections.abc import Mapping
from typing import Any, Final

import strawberry
from pydantic import ValidationError
from strawberry.pydantic import InputValidationError
from strawberry.scalars import JSON
from strawberry.types.field import StrawberryField

from api import errors
from api.audit import noting
from api.auth import KeysUnavailable
from api.errors import CATALOGUE, PROBLEM_BASE, ProblemType, problem_type, refusal_members
from api.graphql.context import ApiInfo
from domain.errors import DomainError
from workflows.errors import CommandTimeout, CommandUnavailable


@strawberry.interface(description="Why a command was refused. Match on `type`, as over REST (RFC 9457)")
class Problem:
    type: str
    title: str
    status: int
    detail: str


@strawberry.type(description="There is no such thing, or none that the caller may know of")
class NotFoundProblem(Problem):
    pass


@strawberry.type(description="The caller is not known, or may not do this")
class AccessProblem(Problem):
    pass


@strawberry.type(description="What was sent is not accepted; `details` says what is")
class InvalidProblem(Problem):
    details: JSON


@strawberry.type(description="Not as things stand; `details` says what is possible now")
class ConflictProblem(Problem):
    details: JSON


@strawberry.type(description="Repeat it in a moment, with the same key: it may have taken effect")
class UnavailableProblem(Problem):
    retry_after_seconds: int


AnyProblem = NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem

EXPECTED: Final = (
    DomainError,
    errors.Problem,
    InputValidationError,
    ValidationError,
    CommandTimeout,
    CommandUnavailable,
    KeysUnavailable,
)
_OTHERS: Final[Mapping[type[Exception], tuple[str, str]]] = {
    CommandTimeout: ("outcome-unknown", "no answer came in time; the command may still take effect"),
    CommandUnavailable: ("unavailable", "something that Waybill depends on cannot be reached"),
    KeysUnavailable: ("identity-unavailable", "tokens cannot be verified just now"),
}


def explain(error: Exception) -> tuple[str, ProblemType, str, Mapping[str, Any]]:
    """An expected exception's code, type, detail and members, as REST tells them."""
    if isinstance(error, DomainError):
        return error.code, problem_type(error), error.message, refusal_members(error)
    if isinstance(error, errors.Problem):
        return error.code, CATALOGUE[error.code], str(error.detail), error.members
    if isinstance(error, InputValidationError):
        faults = [{"location": each.location, "detail": each.message} for each in error.errors]
        return "invalid-request", CATALOGUE["invalid-request"], str(error), {"errors": faults}
    if isinstance(error, ValidationError):
        faults = [
            {"location": [str(part) for part in each["loc"]], "detail": each["msg"]} for each in error.errors()
        ]
        said = "; ".join(f"{'.'.join(fault['location'])}: {fault['detail']}" for fault in faults)
        return "invalid-request", CATALOGUE["invalid-request"], said, {"errors": faults}
    code, detail = next(said for kind, said in _OTHERS.items() if isinstance(error, kind))
    return code, CATALOGUE[code], detail, {}


def as_type(error: Exception) -> AnyProblem:
    code, kind, detail, members = explain(error)
    said: dict[str, Any] = {
        "type": PROBLEM_BASE + code,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }
    if kind.status == 404:
        return NotFoundProblem(**said)
    if kind.status in (401, 403):
        return AccessProblem(**said)
    if kind.status in (409, 412):
        return ConflictProblem(**said, details=JSON(dict(members)))
    if kind.status >= 500:
        return UnavailableProblem(**said, retry_after_seconds=int(errors.RETRY_AFTER))
    return InvalidProblem(**said, details=JSON(dict(members)))


class Refusals(strawberry.ExceptionHandler):  # type: ignore[type-arg] # the attributes say it
    """Gives an expected refusal as data where a field's type has room for it: for all its types, or for none."""

    exception_type = EXPECTED
    error_type = UnavailableProblem

    def handle(self, exception: Exception, *, field: StrawberryField, info: ApiInfo) -> AnyProblem:
        problem = as_type(exception)
        noting().refused = problem.status
        return problem
