"""How much one request may ask for: depth and aliases by the library's rules, cost by ours.

A field costs 1, and what is below a connection is counted as often as its `first` asks for. So a page of 50
orders with ten fields each costs about 550, and a page of 100 pages of 100 is refused before anything is read.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry.extensions import SchemaExtension

from api.graphql.connections import MAX_FIRST

MAX_DEPTH: Final = 12
MAX_ALIASES: Final = 30
MAX_TOKENS: Final = 2_000
MAX_COST: Final = 20_000
LISTS: Final[Mapping[str, int]] = {
    "events": 50,
    "saga": 20,
    "lines": 10,
    "shipments": 5,
    **dict.fromkeys(("orders", "products", "stockLevels", "stalledSteps"), 20),
}
"""What lists without a `first` are taken to hold."""


class CostLimit(SchemaExtension):
    """Refuses an operation that may cost more than `MAX_COST`."""

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            fragments = {
                node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
            }
            for node in document.definitions:
                if isinstance(node, OperationDefinitionNode):
                    _check(_Cost(fragments, context.variables or {}).of(node.selection_set, 0))
        yield


def _check(cost: int) -> None:
    if cost > MAX_COST:
        raise GraphQLError(
            f"the operation may cost {cost}; {MAX_COST} is accepted: ask for fewer or smaller pages",
            extensions={"code": "too-costly", "cost": cost, "limit": MAX_COST},
        )


class _Cost:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments, self._variables = fragments, variables

    def of(self, selections: SelectionSetNode | None, depth: int) -> int:
        if selections is None or depth > MAX_DEPTH:  # deeper is refused by the depth's own rule
            return 0
        return sum(self._selected(node, depth) for node in selections.selections)

    def _selected(self, node: Any, depth: int) -> int:
        if isinstance(node, FieldNode):
            return 1 + self._times(node) * self.of(node.selection_set, depth + 1)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set, depth)
        assert isinstance(node, FragmentSpreadNode)
        fragment = self._fragments.get(node.name.value)
        return self.of(fragment.selection_set, depth + 1) if fragment else 0

    def _times(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                return self._number(argument.value)
        return LISTS.get(node.name.value, 1)

    def _number(self, value: Any) -> int:
        given: Any = int(value.value) if isinstance(value, IntValueNode) else None
        if isinstance(value, VariableNode):
            given = self._variables.get(value.name.value)
        return max(1, given) if isinstance(given, int) else MAX_FIRST
