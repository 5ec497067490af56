"""Every problem type has its page, in the repository and from the API."""

from pathlib import Path

import pytest

from api.errors import CATALOGUE
from api.problem_pages import TO_DO, whole
from tests.api.world import World, problem

PAGE = Path(__file__).parents[2] / "docs" / "problems.md"


def test_the_committed_page_is_the_catalogues() -> None:
    assert PAGE.read_text() == whole(), "run: .venv/bin/python -m ops.docs.problems > docs/problems.md"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
async def test_each_type_has_a_page(world: World, code: str) -> None:
    page = await world.http.get(f"/problems/{code}")
    assert page.status_code == 200
    assert CATALOGUE[code].title in page.text
    assert TO_DO[CATALOGUE[code].status] in page.text


async def test_a_type_that_is_none(world: World) -> None:
    problem(await world.http.get("/problems/no-such-thing"), 404, "not-found")
