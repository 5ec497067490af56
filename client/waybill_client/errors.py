"""What a call may raise; `str()` of each is what to tell a person."""

from collections.abc import Mapping
from typing import Any

from waybill_client.models import InvalidInput, ProblemCode


class WaybillError(Exception):
    """A call that did not give its answer."""


class Unreachable(WaybillError):
    """No answer came. A command may still have taken effect: repeat it under the same Idempotency-Key."""


class UnexpectedAnswer(WaybillError):
    """An answer that is not this API's: a proxy's page, or a document of another form."""


class ProblemError(WaybillError):
    """The API refused, with a problem document (RFC 9457).

    `code` is stable and what to match on, `title` the same for every problem of that code, and `detail` says
    what was wrong with this request and what is accepted. `errors` names each wrong place of a request's form,
    `members` holds what the document has beyond these.
    """

    def __init__(self, document: Mapping[str, Any], status: int) -> None:
        rest = dict(document)
        self.type = str(rest.pop("type", ""))
        self.code = ProblemCode(self.type.rpartition("/")[2])
        self.title = str(rest.pop("title", ""))
        self.status = status
        self.detail = str(rest.pop("detail", ""))
        self.instance = str(rest.pop("instance", ""))
        self.errors = [InvalidInput.model_validate(item) for item in rest.pop("errors", ())]
        rest.pop("status", None)
        self.members: dict[str, Any] = rest
        lines = [f"{status} {self.title}: {self.detail}"]
        lines += [f"  {item.pointer or item.parameter}: {item.detail}" for item in self.errors]
        super().__init__("\n".join(lines))


class OutcomeUnknown(ProblemError):
    """503: not known, or not possible, for now. The same request under the same key is safe to repeat."""
