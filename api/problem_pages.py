"""What each problem type means and what to do about it, as text: `docs/problems.md`, and `/problems/{code}`."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Path, Response

from api.errors import CATALOGUE, PROBLEM_BASE, RETRY_AFTER, Problem

router = APIRouter(prefix="/problems", include_in_schema=False)

TO_DO: Final[Mapping[int, str]] = {
    400: "The request cannot be read. Repeating it as it is does not help.",
    401: "Nobody is proven to ask. Send `Authorization: Bearer …` with a token that is valid now.",
    403: "The caller is known, and may not do this.",
    404: "There is nothing here, or nothing that the caller may know of.",
    405: "The path takes other methods; `Allow` names them.",
    409: "What is asked does not fit the present state. Read it again, and decide again.",
    410: "It was there, and is gone for good.",
    412: "It has changed since it was read. Read it again, and decide again.",
    413: "The body is longer than `WAYBILL_MAX_BODY_BYTES` allows.",
    414: "Path and query are longer than any that the API gives or needs.",
    415: "The body is of another media type than the operation takes.",
    422: "The request was read, and a value in it is not accepted; `detail` says which, and what is.",
    429: "Wait for the seconds of `Retry-After`. `RateLimit` tells beforehand what remains.",
    500: "A fault of Waybill. Its log has the request's `X-Request-Id`.",
    503: f"It may succeed in a moment. Repeat it, with the same Idempotency-Key, after {RETRY_AFTER} s.",
}
"""What to do about every problem of a status."""

_HEAD: Final = f"""# Problems

Errors are `application/problem+json` (RFC 9457). `type` is `{PROBLEM_BASE}` and one of the codes below,
and stays what it is; `title` is the same for every occurrence; `detail` says what was wrong with this request and
what is accepted; `errors` names each place of a malformed one. The API serves each type at `/problems/{{code}}`.
"""


def whole() -> str:
    """Every type, by status."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    by_status = sorted(CATALOGUE.items(), key=lambda item: (item[1].status, item[0]))
    for status, kinds in groupby(by_status, key=lambda item: item[1].status):
        yield f"## {status}\n\n{TO_DO[status]}\n"
        yield "\n".join(f"- `{code}`: {kind.title}" for code, kind in kinds) + "\n"


def one(code: str) -> str:
    """Raises Problem (`not-found`)."""
    kind = CATALOGUE.get(code)
    if kind is None:
        raise Problem("not-found", "there is no such problem type")
    return f"# {kind.title}\n\n`{PROBLEM_BASE}{code}`, status {kind.status}.\n\n{TO_DO[kind.status]}\n"


@router.get("/{code}")
async def problem_page(code: str = Path(max_length=100)) -> Response:
    """The page of one type."""
    return Response(one(code), media_type="text/markdown")
