"""What the writers write: every append a function of the seed, so that it can be repeated and counted.

A writer has lanes, each with a stream of its own that is left for a new one from time to time; a lane's appends
are numbered and expect exact versions. Some also write, or only check, a stream that all writers share.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from domain.money import Money
from domain.orders import events as orders
from domain.payments import events as payments
from eventstore.codec import Codec
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.types import event_types

LANES = 32
LEAVE_AFTER = 50
SHARED = 16

TYPES = event_types(orders, payments)
CODEC = Codec(TYPES)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `appends` are each lane's."""

    home: str
    dsn: str
    redis_url: str
    seed: int
    writers: int
    appends: int

    def save(self) -> None:
        (Path(self.home) / "plan.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, home: Path) -> "Plan":
        return cls(**json.loads((home / "plan.json").read_text()))

    @property
    def events(self) -> int:
        """How many events all the writers' appends hold."""
        return sum(
            each.events
            for writer in range(self.writers)
            for lane in range(LANES)
            for each in self.lane(writer, lane)
        )

    def lane(self, writer: int, lane: int, after: int = -1) -> Iterator["Append"]:
        """The lane's appends behind number `after`, in order."""
        version = 0
        first = max(after, 0) // LEAVE_AFTER * LEAVE_AFTER
        for number in range(first, self.appends):
            if number % LEAVE_AFTER == 0:
                version = 0
            append = self._append(writer, lane, number, version)
            version += append.own
            if number > after:
                yield append

    def holds(self, event_id: UUID) -> bool:
        """Whether some append of the plan has this event."""
        value = event_id.int
        seed, writer, lane, number, index = (
            value >> 96,
            value >> 80 & 0xFFFF,
            value >> 64 & 0xFFFF,
            value >> 32 & 0xFFFFFFFF,
            value & 0xFFFFFFFF,
        )
        if (seed, True) != (self.seed, writer < self.writers and lane < LANES and number < self.appends):
            return False
        return index < self._append(writer, lane, number, 0).events

    def _append(self, writer: int, lane: int, number: int, version: int) -> "Append":
        chance = zlib.crc32(f"{self.seed}/{writer}/{lane}/{number}".encode())
        own = 1 if chance % 10 < 6 else 2 + chance // 10 % 12
        return Append(self.seed, writer, lane, number, version, own, chance // 1000)


@dataclass(frozen=True, slots=True)
class Append:
    """One append of the plan: `own` events to the lane's stream at `version`, and what `chance` adds."""

    seed: int
    writer: int
    lane: int
    number: int
    version: int
    own: int
    chance: int

    @property
    def shares(self) -> bool:
        return self.chance % 8 == 0

    @property
    def events(self) -> int:
        return self.own + self.shares

    @property
    def stream(self) -> str:
        return f"{self._kind}/{self.writer}-{self.lane}-{self.number // LEAVE_AFTER}"

    def writes(self) -> list[StreamWrite]:
        """The append itself. A stream that others write as well is taken as it is; an own one exactly."""
        own = StreamWrite(self.stream, self.version, [self._event(index) for index in range(self.own)])
        shared = f"order/shared-{self.chance // 8 % SHARED}"
        if self.shares:
            return [own, StreamWrite(shared, Expected.ANY, [self._event(self.own)])]
        return [own, StreamWrite(shared, Expected.ANY)] if self.chance % 8 == 1 else [own]

    @property
    def _kind(self) -> str:
        return "payment" if self.lane % 2 else "order"

    def _event(self, index: int) -> NewEvent:
        value = self.seed << 96 | self.writer << 80 | self.lane << 64 | self.number << 32 | index
        money = Money(self.number, "EUR")
        paid = payments.PaymentAuthorized(step="authorize#1", reference=f"auth_{value:032x}", amount=money)
        asked = orders.OrderCancellationRequested(reason="tortured", requested_by=f"writer-{self.writer}")
        own_stream = index < self.own
        return NewEvent(UUID(int=value), paid if own_stream and self.lane % 2 else asked)
