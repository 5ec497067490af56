"""What a GraphQL schema takes: every field of query and mutation, and each argument of theirs that takes text."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_union_type,
)

Path = tuple[str | int, ...]
TEXTS: Final = frozenset({"String", "ID"})
FREE_FORM: Final = "JSON"
PROBLEM: Final = "... on Problem { type status }"


@dataclass(frozen=True)
class Asked:
    """One field, asked for with all of its arguments as variables."""

    kind: str
    name: str
    given: GraphQLField
    good: Mapping[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def document(self) -> str:
        """The operation's text."""
        taken = ", ".join(f"${name}: {each.type}" for name, each in self.given.args.items())
        passed = ", ".join(f"{name}: ${name}" for name in self.given.args)
        shown = get_named_type(self.given.type)
        selected = "{ __typename " + (PROBLEM if is_union_type(shown) else "") + " }"
        called = f"{self.name}({passed})" if passed else self.name
        head = f"{self.kind} ({taken})" if taken else self.kind
        return f"{head} {{ {called} {selected if is_composite_type(shown) else ''} }}"

    def variables(self) -> dict[str, Any]:
        """The least that is good."""
        required = {name: each for name, each in self.given.args.items() if isinstance(each.type, GraphQLNonNull)}
        return {name: self._sample(each.type, name) for name, each in required.items()}

    def places(self) -> Iterator[tuple[Path, str]]:
        """Where text goes, or JSON, and which of them."""
        for name, each in self.given.args.items():
            yield from _walked(each.type, (name,))

    def holding(self, variables: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
        """The variables with this value there, and with everything on the way to it."""
        whole = deepcopy(dict(variables))
        holder: Any = whole
        kind: Any = None
        for number, step in enumerate(path):
            if kind is None:
                kind = self.given.args[str(step)].type
            else:
                kind = kind.of_type if isinstance(step, int) else kind.fields[step].type
            kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
            wanted = value if number == len(path) - 1 else self._sample(kind, str(step))
            if isinstance(holder, list):
                holder[:] = [wanted]
            elif number == len(path) - 1 or holder.get(step) is None:
                holder[step] = wanted
            holder = holder[step]
        return whole

    def _sample(self, kind: Any, name: str) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._sample(kind.of_type, name)
        if isinstance(kind, GraphQLList):
            return [self._sample(kind.of_type, name)]
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            required = {n: each for n, each in kind.fields.items() if isinstance(each.type, GraphQLNonNull)}
            return {n: self._sample(each.type, n) for n, each in required.items()}
        return self.good.get(name, self.good[kind.name])


def _walked(kind: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(kind, GraphQLNonNull):
        yield from _walked(kind.of_type, at)
    elif isinstance(kind, GraphQLList):
        yield from _walked(kind.of_type, (*at, 0))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, each in kind.fields.items():
            yield from _walked(each.type, (*at, name))
    elif kind.name in TEXTS or kind.name == FREE_FORM:
        yield at, kind.name


def fields(schema: GraphQLSchema, good: Mapping[str, Any]) -> Iterator[Asked]:
    """All that can be asked for. `good`: values by argument, and by scalar for the others."""
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root is not None
        for name, given in root.fields.items():
            yield Asked(kind, name, given, good)
