"""Commands on drafts: loaded, decided and appended at once, on the caller's side of Temporal.

Placing one is the API's: it submits the draft here, which fixes contents and prices, then sends `PlaceOrder` with
the draft's id through the gateway as for any other order, and notes here that the order is there. Whoever is
killed in between leaves a draft that is being placed; placing it again ends in the same order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID, uuid5

from activities.aggregates import Committed
from activities.order_stream import decide_again_on_conflict
from domain.decider import fold
from domain.drafts import decide
from domain.drafts.events import DraftContents, DraftDiscarded, DraftEvent, DraftSubmitted
from domain.drafts.model import INITIAL, Draft, DraftState, evolve
from domain.errors import NotAllowed
from domain.identifiers import WAYBILL_NAMESPACE
from eventstore.store import EventStore, NewEvent, StreamWrite
from eventstore.vault import Vault
from workflows.catalogue import available

STREAMS: Final = "draft/"
MOST_EVENTS: Final = 1000
"""Of one draft; it is then placed or discarded, and no longer changed."""


def draft_stream(draft_id: UUID) -> str:
    return f"{STREAMS}{draft_id}"


@dataclass(frozen=True, slots=True)
class LoadedDraft:
    """A draft as of `version`; its personal fields are sealed."""

    draft: Draft
    version: int

    @property
    def committed(self) -> Committed:
        return Committed(draft_stream(self.draft.draft_id), self.version)


@dataclass(frozen=True, slots=True)
class DraftCommands:
    """Each is idempotent under its key, and may raise DomainError and CommandUnavailable."""

    store: EventStore
    vault: Vault

    async def load(self, draft_id: UUID) -> LoadedDraft:
        """Raises NotFound (`draft-not-found`)."""
        state, version, _ = await available(self._load(draft_id))
        return LoadedDraft(decide.find(state), version)

    async def create(
        self, draft_id: UUID, contents: DraftContents, *, fingerprint: str, actor: str
    ) -> LoadedDraft:
        """Begin a draft, or find what its key began."""
        sealed = await available(self.vault.seal(contents.customer_id, contents))
        return await self._decide(
            draft_id,
            "create",
            actor,
            None,
            lambda state: decide.create(state, draft_id, sealed, fingerprint=fingerprint, by=actor),
        )

    async def change(
        self, draft_id: UUID, given: Mapping[str, Any], *, key: str, actor: str, expected_version: int | None
    ) -> LoadedDraft:
        """Put what is given, readable, in place of what was. An erased customer's draft is not changed."""
        known = await self.load(draft_id)
        if known.version >= MOST_EVENTS:
            raise NotAllowed("the draft was changed too often; create another one", code="draft-too-long")
        contents = decide.changed(await self.opened(known.draft), given)
        sealed = await available(self.vault.seal(contents.customer_id, contents))
        return await self._decide(
            draft_id,
            f"change:{key}",
            actor,
            known.version if expected_version is None else expected_version,
            lambda state: decide.change(state, sealed, by=actor),
        )

    async def opened(self, draft: Draft) -> DraftContents:
        """Raises NotAllowed (`customer-erased`)."""
        return await available(self.vault.open(draft.contents))

    async def discard(
        self, draft_id: UUID, *, key: str, reason: str, actor: str, expected_version: int | None
    ) -> LoadedDraft:
        known = await self.load(draft_id)
        customer = known.draft.contents.customer_id
        said = await available(self.vault.seal_or_drop(customer, DraftDiscarded(reason, actor)))
        return await self._decide(
            draft_id,
            f"discard:{key}",
            actor,
            expected_version,
            lambda state: decide.discard(state, reason=said.reason, by=actor),
        )

    async def submit(
        self, draft_id: UUID, submitted: DraftSubmitted, *, actor: str, expected_version: int
    ) -> LoadedDraft:
        """Fix the contents of that version, at these prices; or find what was fixed before."""
        return await self._decide(
            draft_id, "submit", actor, expected_version, lambda state: decide.submit(state, submitted)
        )

    async def note_placed(self, draft_id: UUID, order_number: str, *, actor: str) -> LoadedDraft:
        return await self._decide(
            draft_id, "placed", actor, None, lambda state: decide.note_placed(state, order_number)
        )

    async def _decide(
        self,
        draft_id: UUID,
        command: str,
        actor: str,
        expected_version: int | None,
        decided: Callable[[DraftState], Sequence[DraftEvent]],
    ) -> LoadedDraft:
        return await available(self._append(draft_id, command, actor, expected_version, decided))

    @decide_again_on_conflict
    async def _append(
        self,
        draft_id: UUID,
        command: str,
        actor: str,
        expected_version: int | None,
        decided: Callable[[DraftState], Sequence[DraftEvent]],
    ) -> LoadedDraft:
        state, version, ids = await self._load(draft_id)
        stream = draft_stream(draft_id)
        if uuid5(WAYBILL_NAMESPACE, f"{stream}|{command}|0") in ids and command != "create":
            return LoadedDraft(decide.find(state), version)
        _check_version(expected_version, version)
        events = decided(state)
        if events:
            metadata = {"command": command, "actor": actor}
            numbered = tuple(
                NewEvent(uuid5(WAYBILL_NAMESPACE, f"{stream}|{command}|{index}"), event, metadata)
                for index, event in enumerate(events)
            )
            await self.store.append((StreamWrite(stream, version, numbered),))
        return LoadedDraft(decide.find(fold(evolve, state, events)), version + len(events))

    async def _load(self, draft_id: UUID) -> tuple[DraftState, int, frozenset[UUID]]:
        """The state, its version, and the ids of all events."""
        stored = await self.store.read_stream(draft_stream(draft_id))
        state = fold(evolve, INITIAL, (cast(DraftEvent, recorded.event) for recorded in stored))
        return state, len(stored), frozenset(recorded.event_id for recorded in stored)


def _check_version(expected: int | None, version: int) -> None:
    if expected is not None and expected != version:
        raise NotAllowed(
            f"the draft is at version {version}, not {expected}; read it again",
            code="version-mismatch",
            details={"version": version},
        )
