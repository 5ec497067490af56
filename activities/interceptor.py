"""Domain refusals cross Temporal as final application errors: retried never, counted as failures never."""

from typing import Any

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.errors import DomainError, InvalidValue, NotAllowed, NotFound

_KINDS: dict[str, type[DomainError]] = {kind.__name__: kind for kind in (InvalidValue, NotAllowed, NotFound)}


class DomainErrorInterceptor(Interceptor):
    """Install on every worker."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except DomainError as refused:
            raise to_application_error(refused) from refused


def to_application_error(refused: DomainError, fingerprint: str | None = None) -> ApplicationError:
    """`fingerprint` is that of the refused command, for those who send its key again."""
    return ApplicationError(
        refused.message,
        type(refused).__name__,
        dict(refused.details),
        *([fingerprint] if fingerprint else []),
        type=refused.code,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


def fingerprint_of(error: ApplicationError) -> str | None:
    """That of the command whose refusal crossed Temporal."""
    return error.details[2] if len(error.details) > 2 else None


def from_application_error(error: ApplicationError) -> DomainError | None:
    """The refusal that crossed Temporal, or None when the error is a fault."""
    if not error.non_retryable or len(error.details) < 2 or error.details[0] not in _KINDS:
        return None
    kind, details = error.details[:2]
    return _KINDS[kind](error.message, code=error.type, details=details)
