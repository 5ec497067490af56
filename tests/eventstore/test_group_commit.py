"""The queue in front of the database, with a commit that waits until it is told to answer."""

import asyncio
from collections.abc import Sequence

import pytest

from eventstore.group_commit import GroupCommit
from eventstore.store import StoreOverloaded, StoreUnavailable

Group = GroupCommit[str, str]


class Commits:
    """Batches as they arrive, each answered when the test says so."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.answers: list[asyncio.Future[list[str]]] = []

    async def __call__(self, requests: Sequence[str]) -> Sequence[str]:
        answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self.batches.append(list(requests))
        self.answers.append(answer)
        return await answer

    def answer(self, nr: int) -> None:
        self.answers[nr].set_result([request.upper() for request in self.batches[nr]])


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def submit(group: Group, request: str, *streams: str) -> asyncio.Task[str]:
    return asyncio.create_task(group.submit(request, frozenset(streams or (request,))))


@pytest.fixture
def commits() -> Commits:
    return Commits()


def group_of(commits: Commits, *, batch: int = 256, queue: int = 100, in_flight: int = 2) -> Group:
    return GroupCommit(commits, batch=batch, queue=queue, in_flight=in_flight)


async def test_what_is_submitted_together_shares_a_batch_and_each_gets_its_own_answer(commits: Commits) -> None:
    group = group_of(commits)
    tasks = [submit(group, name) for name in "abc"]
    await turns()
    assert commits.batches == [["a", "b", "c"]]
    commits.answer(0)
    assert await asyncio.gather(*tasks) == ["A", "B", "C"]


async def test_what_arrives_while_all_slots_are_taken_leaves_in_one_batch(commits: Commits) -> None:
    group = group_of(commits, batch=3, in_flight=1)
    tasks = [submit(group, "a")]
    await turns()
    tasks += [submit(group, name) for name in "bcde"]
    await turns()
    assert commits.batches == [["a"]]
    commits.answer(0)
    await turns()
    assert commits.batches == [["a"], ["b", "c", "d"]]
    commits.answer(1)
    await turns()
    assert commits.batches[2] == ["e"]
    commits.answer(2)
    await asyncio.gather(*tasks)


async def test_a_stream_in_flight_waits_for_the_next_batch_in_its_own_order(commits: Commits) -> None:
    group = group_of(commits)
    tasks = [
        submit(group, "a1", "a"),
        submit(group, "ab", "a", "b"),
        submit(group, "b1", "b"),
        submit(group, "c1", "c"),
    ]
    await turns()
    assert commits.batches == [["a1", "c1"]], "b1 must not overtake ab"
    commits.answer(0)
    await turns()
    assert commits.batches[1] == ["ab"]
    commits.answer(1)
    await turns()
    assert commits.batches[2] == ["b1"]
    commits.answer(2)
    assert await asyncio.gather(*tasks) == ["A1", "AB", "B1", "C1"]


async def test_a_cancelled_caller_breaks_nobody(commits: Commits) -> None:
    group = group_of(commits, in_flight=1)
    flying, neighbour = submit(group, "flying", "s"), submit(group, "neighbour")
    await turns()
    waiting, behind = submit(group, "waiting", "s"), submit(group, "behind", "s")
    await turns()
    flying.cancel()
    waiting.cancel()
    await turns()
    commits.answer(0)
    assert await neighbour == "NEIGHBOUR"
    await turns()
    assert commits.batches[1] == ["behind"], "what nobody waits for and was not sent is not sent"
    commits.answer(1)
    assert await behind == "BEHIND"


async def test_a_full_queue_refuses_and_recovers(commits: Commits) -> None:
    group = group_of(commits, queue=2)
    tasks = [submit(group, "a"), submit(group, "b")]
    await turns()
    with pytest.raises(StoreOverloaded):
        await submit(group, "c")
    commits.answer(0)
    await asyncio.gather(*tasks)
    last = submit(group, "d")
    await turns()
    commits.answer(1)
    assert await last == "D"


async def test_a_failed_batch_fails_its_own_callers_only(commits: Commits) -> None:
    group = group_of(commits)
    tasks = [submit(group, "a", "s"), submit(group, "b"), submit(group, "c", "s")]
    await turns()
    commits.answers[0].set_exception(RuntimeError("gone"))
    outcomes = await asyncio.gather(*tasks[:2], return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["gone", "gone"]
    await turns()
    commits.answer(1)
    assert await tasks[2] == "C"


async def test_closing_waits_for_what_was_taken(commits: Commits) -> None:
    group = group_of(commits, in_flight=1)
    tasks = [submit(group, "a", "s"), submit(group, "b", "s")]
    await turns()
    closing = asyncio.create_task(group.close())
    await turns()
    with pytest.raises(StoreUnavailable):
        await submit(group, "c")
    commits.answer(0)
    await turns()
    assert not closing.done()
    commits.answer(1)
    await closing
    assert await asyncio.gather(*tasks) == ["A", "B"]


async def test_heavy_requests_are_dealt_out_and_a_batch_has_a_weight_limit(commits: Commits) -> None:
    group: Group = GroupCommit(commits, batch=256, queue=100, in_flight=2, weight=250)
    tasks = [
        asyncio.create_task(group.submit(name, frozenset(name), weight))
        for name, weight in zip("abcdefg", (100, 100, 100, 100, 100, 400, 1), strict=True)
    ]
    await turns()
    assert commits.batches == [["a", "b"], ["c", "d"]], "both slots work, neither with more than the limit"
    commits.answer(0)
    await turns()
    assert commits.batches[2] == ["e"]
    commits.answer(1)
    await turns()
    assert commits.batches[3] == ["f"], "one that is heavier than the limit goes alone"
    commits.answer(2)
    await turns()
    assert commits.batches[4] == ["g"]
    commits.answer(3)
    commits.answer(4)
    assert await asyncio.gather(*tasks) == list("ABCDEFG")


async def test_light_requests_share_one_batch_where_splitting_is_not_worth_it(commits: Commits) -> None:
    group = group_of(commits)
    tasks = [submit(group, f"s{number}") for number in range(16)]
    await turns()
    assert [len(batch) for batch in commits.batches] == [16]
    commits.answer(0)
    await asyncio.gather(*tasks)
    tasks = [submit(group, f"t{number}") for number in range(40)]
    await turns()
    assert [len(batch) for batch in commits.batches[1:]] == [20, 20]
    commits.answer(1)
    commits.answer(2)
    await asyncio.gather(*tasks)
