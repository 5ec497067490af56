"""The README's settings are those of the code, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from ops.config import settings_table

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_table_of_settings_is_the_codes() -> None:
    _, _, rest = (ROOT / "README.md").read_text().partition("<!-- settings -->\n")
    table, _, _ = rest.partition("<!-- /settings -->")
    assert table == settings_table(), "put what `.venv/bin/waybill settings` prints between the markers"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_each_record_of_a_decision_has_a_number_of_its_own() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [record.name.partition("-")[0] for record in records]
    assert len(set(numbers)) == len(numbers), numbers
    for record, number in zip(records, numbers, strict=True):
        assert record.read_text().startswith(f"# {number} "), record.name
