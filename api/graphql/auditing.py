"""What a GraphQL request asked for, told to the audit."""

from collections.abc import Iterator

from graphql import FieldNode, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from api.audit import noting


class Audited(SchemaExtension):
    """Notes the operation and its fields, once they are known to be the schema's."""

    def on_execute(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        for node in document.definitions if document is not None else ():
            if isinstance(node, OperationDefinitionNode) and self._runs(node):
                noting().operation = _described(node)
        yield

    def _runs(self, node: OperationDefinitionNode) -> bool:
        named = self.execution_context.operation_name
        return named is None or (node.name is not None and node.name.value == named)


def _described(node: OperationDefinitionNode) -> str:
    selected = node.selection_set.selections
    fields = sorted({each.name.value if isinstance(each, FieldNode) else "…" for each in selected})
    return f"{node.operation.value} {', '.join(fields)}"
