"""Notes and hand-overs, and stalled steps by who has them."""

from domain.orders.events import OrderAssigned, OrderNoted, OrderStepStalled
from readmodels.queries import ReadModels
from tests.readmodels.conftest import Happen
from tests.support.histories import Happened
from tests.support.samples import ORDER, OTHER_ORDER, PLACED

STREAM, OTHER = f"order/{ORDER}", f"order/{OTHER_ORDER}"
EVE = OrderAssigned("eve", "knows the carrier", "operator:adam")
BOB = OrderAssigned("bob", "eve is away", "operator:adam")
NOBODY = OrderAssigned(None, "done", "operator:bob")
NOTE = OrderNoted("rang them up", "operator:eve")


async def test_notes_stand_in_order_with_their_authors(happen: Happen, models: ReadModels) -> None:
    await happen(*(Happened(STREAM, event) for event in (PLACED, EVE, NOTE, NOBODY)))
    notes = await models.saga_notes(ORDER)
    assert [(note.kind, note.author, note.text, note.assignee) for note in notes] == [
        ("assigned", "operator:adam", "knows the carrier", "eve"),
        ("note", "operator:eve", "rang them up", None),
        ("assigned", "operator:bob", "done", None),
    ]
    assert await models.saga_notes(OTHER_ORDER) == []


async def test_stalled_steps_by_assignee_and_by_error(happen: Happen, models: ReadModels) -> None:
    for stream, error in ((STREAM, "Unknown"), (OTHER, "not-now")):
        await happen(Happened(stream, PLACED), Happened(stream, OrderStepStalled("a#0", error, "e")))

    async def listed(**where: str) -> list[tuple[str, str | None]]:
        page = await models.stalled(limit=10, cursor=None, **where)
        return [(step.error_type, step.assignee) for step in page.items]

    assert await listed() == [("Unknown", None), ("not-now", None)]
    await happen(Happened(STREAM, EVE), Happened(OTHER, EVE), Happened(OTHER, BOB))
    assert await listed(assignee="eve") == [("Unknown", "eve")]
    assert await listed(assignee="bob") == [("not-now", "bob")]
    assert await listed(error_type="not-now") == [("not-now", "bob")]
    assert await listed(error_type="not-now", assignee="eve") == []
    await happen(Happened(STREAM, NOBODY))
    assert await listed(assignee="eve") == []
