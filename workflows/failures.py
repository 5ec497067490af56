"""Reading an activity's failure.

A local activity that used its attempts up raises its own error; all else comes inside an `ActivityError`.
"""

from typing import Final

from temporalio.exceptions import ActivityError, ApplicationError

MAX_ERROR_LENGTH: Final = 300
REFUSAL_DETAILS: Final = 2  # see `activities.interceptor`
FAILED: Final = (ActivityError, ApplicationError)


def cause_of(failure: ActivityError | ApplicationError) -> BaseException:
    """What went wrong in the activity."""
    return failure.cause or failure if isinstance(failure, ActivityError) else failure


def refused(failure: ActivityError | ApplicationError) -> bool:
    """Whether it is a decision, which no retry changes."""
    cause = cause_of(failure)
    return isinstance(cause, ApplicationError) and cause.non_retryable


def explain(failure: ActivityError | ApplicationError) -> tuple[str, str]:
    """Error type and message for an operator. Gateways' messages carry no personal data."""
    cause = cause_of(failure)
    kind = cause.type if isinstance(cause, ApplicationError) and cause.type else type(cause).__name__
    message = cause.message if isinstance(cause, ApplicationError) else str(cause)
    return kind, message[:MAX_ERROR_LENGTH]


def refusal_of(failure: ActivityError | ApplicationError, fingerprint: str | None) -> BaseException:
    """What a command's update fails with: the refusal itself, and the digest of what was asked for.

    An activity's failure around it would say nothing to the caller.
    """
    cause = cause_of(failure)
    if fingerprint is None or not isinstance(cause, ApplicationError) or len(cause.details) != REFUSAL_DETAILS:
        return cause
    return ApplicationError(
        cause.message, *cause.details, fingerprint, type=cause.type, non_retryable=True, category=cause.category
    )
