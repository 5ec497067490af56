"""What keeps the event store from answering a command is told as such: try again, with the same key."""

import pytest

from eventstore.store import StoreError, StoreOverloaded, StoreUnavailable, WrongExpectedVersion
from workflows.catalogue import available
from workflows.errors import CommandUnavailable


@pytest.mark.parametrize(
    "error", [StoreUnavailable("away"), StoreOverloaded(7, 7), WrongExpectedVersion("stock/BER/MUG", 3, 4)]
)
async def test_a_store_that_does_not_come_to_it_is_unavailable(error: StoreError) -> None:
    async def asked() -> None:
        raise error

    with pytest.raises(CommandUnavailable, match=str(error)):
        await available(asked())
