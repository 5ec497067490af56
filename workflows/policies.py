"""How activities are tried: own-database steps, and outside steps by the order's policies."""

from datetime import timedelta
from typing import Final

from temporalio.common import Priority, RetryPolicy

from workflows.contracts import StepPolicies

# Own database, in the worker's process: short, so that a dead database never freezes the workflow's task, and
# then the same function as a regular activity, tried without end.
OWN_TIMEOUT: Final = timedelta(seconds=1)
OWN_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=200), maximum_attempts=3
)
OWN_RETRY_THRESHOLD: Final = timedelta(milliseconds=500)
OWN_FALLBACK_TIMEOUT: Final = timedelta(seconds=30)
OWN_FALLBACK_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10)
)


URGENT: Final = Priority(priority_key=1)
"""Of what an operator waits for; everything else has Temporal's default, 3 of 5."""


def is_staff(actor: str) -> bool:
    """Whether the actor is one of the shop's people, whom nothing is to keep waiting."""
    return actor.startswith(("operator:", "admin:"))


def priority_of(actor: str) -> Priority:
    """Of the workflow that somebody's command starts. Its activities inherit it."""
    return URGENT if is_staff(actor) else Priority.default


def outside_retry(policies: StepPolicies) -> RetryPolicy:
    """Bounded: an outside step that uses its attempts up parks for an operator."""
    return RetryPolicy(
        initial_interval=timedelta(seconds=policies.initial_interval),
        maximum_interval=timedelta(seconds=policies.max_interval),
        maximum_attempts=policies.attempts,
    )


def queue_patience(policies: StepPolicies) -> timedelta | None:
    """How long a call waits for a worker of its service before it is made again.

    That wakes the workflow well before an authorisation expires, however long the service is away.
    """
    return timedelta(seconds=policies.renew_before / 2) if policies.authorization_lifetime else None
