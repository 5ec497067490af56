"""Cursors of keyset pages: the last row's key, opaque to callers."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from domain.errors import InvalidValue
from readmodels.pages import Page

MAX_PAGE = 1000

Row = TypeVar("Row")
T = TypeVar("T")


def encode(*key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode(cursor: str, *parsers: Callable[[str], object]) -> tuple[object, ...]:
    """The key's parts, each read by its parser.

    Raises:
        InvalidValue: `invalid-cursor`, it is not a cursor of this list.
    """
    try:
        key = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(key, list) or not all(isinstance(part, str) and "\0" not in part for part in key):
            raise ValueError
        return tuple(parse(part) for parse, part in zip(parsers, key, strict=True))
    except ValueError:
        raise InvalidValue(
            "the cursor is not one that this list gave; leave it out to start at the first page",
            code="invalid-cursor",
        ) from None


def check_limit(limit: int) -> int:
    """Raises InvalidValue (`invalid-limit`)."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidValue(f"limit {limit} is not between 1 and {MAX_PAGE}", code="invalid-limit")
    return limit


def check_filters(*given: str | None) -> None:
    """Raises InvalidValue (`invalid-filter`): PostgreSQL's text holds no NUL, so nothing would match."""
    if any("\0" in text for text in given if text):
        raise InvalidValue("a filter holds a NUL character, which nothing matches", code="invalid-filter")


def page(
    rows: Sequence[Row], limit: int, view: Callable[[Row], T], key: Callable[[Row], Sequence[str]]
) -> Page[T]:
    """The page of the first `limit` rows; one row more was asked for, and tells whether another page follows."""
    shown = rows[:limit]
    each = [encode(*key(row)) for row in shown]
    return Page([view(row) for row in shown], each[-1] if len(rows) > limit else None, each)


def number(part: str) -> int:
    """Raises ValueError: no whole number of at most 18 digits."""
    if not part.isascii() or not part.isdigit() or len(part) > 18:
        raise ValueError("no whole number")
    return int(part)


def small_number(part: str) -> int:
    """Raises ValueError: no whole number of at most 9 digits."""
    if len(part) > 9:
        raise ValueError("no small number")
    return number(part)


def time(part: str) -> datetime:
    """Raises ValueError: no time, or one without an offset."""
    moment = datetime.fromisoformat(part)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment
