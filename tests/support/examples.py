"""Examples of any dataclass, always the same: everything given, what is optional left out, each alternative."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, Literal, NewType, get_args, get_origin, get_type_hints
from uuid import UUID

# By a field's name, where its text must mean something.
TEXTS: Mapping[str, tuple[str, ...]] = {
    "currency": ("EUR", "JPY", "KWD"),
    "country": ("DE", "JP"),
    "sku": ("MUG", "TEA-2.5"),
    "email": ("ada@example.org",),
}

# By type, where the fields alone do not make a valid value; takes which example it is for.
VALUES: dict[Any, Callable[[int], object]] = {
    bool: lambda nr: nr % 2 == 0,
    int: lambda nr: 3 + nr,
    float: lambda nr: 1.5 + nr,
    Decimal: lambda nr: Decimal("0.19") + nr,
    UUID: lambda nr: UUID(int=0xA0 + nr, version=4),
    datetime: lambda nr: datetime(2026, 1, 2, 3, 4, 5, 678_900 * (nr % 2), tzinfo=UTC) + timedelta(days=nr),
    date: lambda nr: date(2026, 1, 2 + nr),
    bytes: lambda nr: b"bytes" * nr,
    Any: lambda nr: {"any": nr},
}


@dataclass(frozen=True, slots=True)
class Which:
    """Which example: `nr` chooses among alternatives; a bare one leaves out what may be left out."""

    nr: int
    bare: bool = False
    counts: list[int] = field(default_factory=list)
    """How many alternatives there were, wherever one was chosen."""

    def of(self, alternatives: Sequence[Any]) -> Any:
        self.counts.append(len(alternatives))
        return alternatives[self.nr % len(alternatives)]


def examples_of(cls: type) -> Iterator[Any]:
    """Instances of a dataclass. Some may be equal.

    Raises:
        Exception: what the class or a part of it raises when the values do not fit: give some in `VALUES`.
    """
    first = Which(0)
    yield _instance(cls, first)
    yield _instance(cls, Which(0, bare=True))
    for nr in range(1, max(first.counts, default=1)):
        yield _instance(cls, Which(nr))


def _instance(cls: type, which: Which) -> Any:
    hints = get_type_hints(cls)
    given = {}
    for each in fields(cls):
        optional = each.default is not MISSING or each.default_factory is not MISSING
        if each.init and not (which.bare and optional):
            given[each.name] = _value(hints[each.name], each.name, which)
    return cls(**given)


def _value(kind: Any, name: str, which: Which) -> Any:
    if isinstance(kind, NewType):
        return _value(kind.__supertype__, name, which)
    if kind in VALUES:
        return VALUES[kind](which.nr)
    if kind is str:
        known = TEXTS.get(name)
        return which.of(known) if known else f'{name} "ä☃" {which.nr}'
    if isinstance(kind, type) and issubclass(kind, Enum):
        return which.of(list(kind))
    if is_dataclass(kind) and isinstance(kind, type):
        return _instance(kind, which)
    return _generic(kind, name, which)


def _generic(kind: Any, name: str, which: Which) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return which.of(arguments)
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return tuple(_value(argument, name, which) for argument in arguments)
    if origin in (tuple, list, frozenset, set):
        values = (
            []
            if which.bare
            else [_value(arguments[0], name, replace(which, nr=which.nr + more)) for more in (0, 1)]
        )
        return origin(values)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        keys, values = arguments
        return {} if which.bare else {_value(keys, name, which): _value(values, name, which)}
    if arguments:  # a union
        if which.bare and NoneType in arguments:
            return None
        chosen = [argument for argument in arguments if argument is not NoneType]
        return _value(which.of(chosen), name, which)
    raise TypeError(f"no example is known of {kind}")
