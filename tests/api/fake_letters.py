"""Dead letters and streams in memory."""

from collections.abc import Mapping, Sequence

from messaging.dead_letters import DeadLetter
from messaging.subscriptions import RouteCount, Subscription
from tests.support import samples


class FakeLetters:
    """Dead letters `1-0` to `3-0`, and one stream."""

    def __init__(self) -> None:
        self.letters = [
            DeadLetter(
                f"{n}-0", "waybill.inbound.products", "waybill", "malformed", "data", samples.NOON, n, {"id": "e"}
            )
            for n in (1, 2, 3)
        ]
        self.settled: list[tuple[str, str, str, str]] = []

    async def page(self, *, after: str | None = None, limit: int = 50) -> Sequence[DeadLetter]:
        return [letter for letter in self.letters if after is None or letter.id > after][:limit]

    async def replay(self, letter_id: str, *, reason: str, actor: str) -> bool:
        return self._settle(letter_id, "replayed", reason, actor)

    async def drop(self, letter_id: str, *, reason: str, actor: str) -> bool:
        return self._settle(letter_id, "dropped", reason, actor)

    def _settle(self, letter_id: str, action: str, reason: str, actor: str) -> bool:
        self.settled.append((letter_id, action, reason, actor))
        return any(letter.id == letter_id for letter in self.letters)

    async def by_stream(self) -> Mapping[str, int]:
        return {"waybill.inbound.products": len(self.letters)}

    async def routes(self) -> Sequence[RouteCount]:
        stream = "waybill.inbound.products"
        return [RouteCount(stream, "products.discontinued", "handled", 7), RouteCount(stream, "", "dead", 3)]

    async def list(self) -> Sequence[Subscription]:
        return [Subscription("waybill.inbound.products", 9, 1, 2, 3, 4, 5, True)]
