"""The house rules catch what they forbid, and this tree keeps them."""

from pathlib import Path

import pytest

from ops.checks.house_rules import tracked, violations

ROOT = Path(__file__).parents[2]
HOME = "/" + "home/ada"


def test_this_tree_keeps_them() -> None:
    assert violations(ROOT, tracked(ROOT)) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("api/long.py", "def f():\n" + "    x = 1\n" * 70, "f has 71 lines"),
        ("api/long.py", "x = 1\n" * 351, "351 lines"),
        ("api/__init__.py", "x = 1\n", "must be empty"),
        ("domain/rule.py", "from pydantic import BaseModel\n", "the domain imports pydantic"),
        ("domain/rule.py", "import asyncpg.pool\n", "the domain imports asyncpg.pool"),
        ("README.md", f"cd {HOME}/waybill\n", HOME),
        ("requirements/dev.txt", "--index" + "-url https://pypi.example/simple\n", "names a place"),
    ],
)
def test_what_they_forbid(tmp_path: Path, path: str, text: str, said: str) -> None:
    (line,) = _violations_of(tmp_path, path, text)
    assert said in line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("api/short.py", "def f():\n" + "    x = 1\n" * 69),
        ("domain/rule.py", "from domain.money import Money\nimport re\nfrom . import errors\n"),
        ("README.md", "see https://example.org" + HOME + " and GET /v1/orders\n"),
        ("logo.png", "\0" + HOME),
    ],
)
def test_what_they_allow(tmp_path: Path, path: str, text: str) -> None:
    assert _violations_of(tmp_path, path, text) == []


def _violations_of(root: Path, path: str, text: str) -> list[str]:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return violations(root, [path])
