"""Relay connections over keyset pages (the GraphQL Cursor Connections specification), forwards only."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

import strawberry
from strawberry import relay

from domain.errors import InvalidValue
from readmodels.views import Page

T = TypeVar("T")
V = TypeVar("V")

MAX_FIRST = 100
First = Annotated[int, strawberry.argument(description=f"1 to {MAX_FIRST}")]
After = Annotated[str | None, strawberry.argument(description="The cursor of the edge to go on from")]


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: relay.PageInfo

    @strawberry.field(description="The edges' nodes, for those who need no cursors")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]


def check_first(first: int) -> int:
    """Raises InvalidValue (`invalid-limit`)."""
    if not 1 <= first <= MAX_FIRST:
        raise InvalidValue(f"first {first} is not between 1 and {MAX_FIRST}", code="invalid-limit")
    return first


def connection(page: Page[V], shown: Callable[[V], T | None], *, after: str | None) -> Connection[T]:
    """The page as a connection; what `shown` gives None for is left out."""
    pairs = ((cursor, shown(item)) for cursor, item in zip(page.cursors, page.items, strict=True))
    edges = [Edge(cursor=cursor, node=node) for cursor, node in pairs if node is not None]
    info = relay.PageInfo(
        has_next_page=page.next_cursor is not None,
        has_previous_page=after is not None,
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
    )
    return Connection(edges=edges, page_info=info)
