"""What the domain refuses, as values with a stable code.

A refusal is a decision, not a fault: the same command on the same state is refused again. The API maps each
code to one problem type, a workflow treats it as final and never retries it.
"""

from collections.abc import Mapping


class DomainError(Exception):
    """A command that the rules do not allow.

    Args:
        message: One sentence that names what was wrong and what is accepted. No personal data.
        code: Stable, kebab-case; becomes the problem's `type`.
        details: Extra machine-readable members for the problem document.
    """

    code = "rejected"

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details: Mapping[str, object] = details or {}


class InvalidValue(DomainError):
    """A value that no command may carry: a malformed SKU, a zero quantity, an unknown currency."""

    code = "invalid-value"


class NotAllowed(DomainError):
    """A command that the present state does not allow; `details["status"]` names that state."""

    code = "not-allowed"


class NotFound(DomainError):
    """The command names something that does not exist."""

    code = "not-found"


def refuse_adoption(reference: str, why: str) -> NotAllowed:
    """An outside effect cannot be taken as a step's own; the step goes on waiting for an answer."""
    return NotAllowed(
        f"{reference} cannot be adopted: {why}", code="adoption-refused", details={"reference": reference}
    )
