"""Keyset pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One keyset page; `next_cursor` is opaque and None on the last page. `cursors` has one for each item."""

    items: Sequence[T]
    next_cursor: str | None
    cursors: Sequence[str] = ()
