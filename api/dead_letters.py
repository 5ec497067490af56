"""The dead letters as the API needs them: `messaging.dead_letters.DeadLetters` and `Subscriptions` are these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from messaging.dead_letters import DeadLetter
from messaging.subscriptions import RouteCount, Subscription


class Letters(Protocol):
    """PostgreSQL or Redis may be away: each raises what its client raises."""

    async def page(self, *, after: str | None = None, limit: int = 50) -> Sequence[DeadLetter]: ...

    async def by_stream(self) -> Mapping[str, int]: ...

    async def replay(self, letter_id: str, *, reason: str, actor: str) -> bool: ...

    async def drop(self, letter_id: str, *, reason: str, actor: str) -> bool: ...


class Standing(Protocol):
    async def routes(self) -> Sequence[RouteCount]: ...

    async def list(self) -> Sequence[Subscription]: ...


@dataclass(frozen=True, slots=True)
class Messaging:
    letters: Letters
    subscriptions: Standing
