"""The registry of event classes and their upcasters, made from the modules that define them."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import ModuleType

from eventstore.codec import Codec, EventTypes
from eventstore.upcasting import Upcaster, Upcasters


def codec_of(*modules: ModuleType) -> Codec:
    """The codec of the modules' events, with every schema version that was ever released.

    Raises:
        ValueError: a module is at odds with itself.
        UpcasterGap: the steps do not lead from version 1 of each type to its present one.
    """
    return Codec(event_types(*modules), upcasters(*modules))


def event_types(*modules: ModuleType) -> EventTypes:
    """Register the events of each module.

    A module lists its event classes in `EVENTS: tuple[type, ...]`. A class whose stored shape has changed since
    its first release stands in the module's `SCHEMA_VERSIONS: Mapping[type, int]` with its present version.

    Raises:
        ValueError: a listed class is not a frozen dataclass of that module, or a name is taken.
    """
    types = EventTypes()
    for module in modules:
        versions: dict[type, int] = dict(getattr(module, "SCHEMA_VERSIONS", {}))
        for cls in module.EVENTS:
            _check(cls, module)
            types.register(cls, version=versions.pop(cls, 1))
        if versions:
            raise ValueError(f"{module.__name__}.SCHEMA_VERSIONS names classes that are not in EVENTS")
    return types


def upcasters(*modules: ModuleType) -> Upcasters:
    """The steps of each module: `UPCASTERS: Mapping[tuple[type, int], Upcaster]`, by class and the version before.

    Raises:
        ValueError: a step is for a class that is not in the module's EVENTS.
    """
    steps = Upcasters()
    for module in modules:
        given: Mapping[tuple[type, int], Upcaster] = getattr(module, "UPCASTERS", {})
        for (cls, version), step in given.items():
            if cls not in module.EVENTS:
                raise ValueError(f"{module.__name__}.UPCASTERS names {cls.__qualname__}, which is not in EVENTS")
            steps.register(cls.__name__, version)(step)
    return steps


def _check(cls: type, module: ModuleType) -> None:
    if cls.__module__ != module.__name__:
        raise ValueError(f"{cls.__qualname__} is listed in {module.__name__} but defined in {cls.__module__}")
    if not is_dataclass(cls) or not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise ValueError(f"{module.__name__}.{cls.__qualname__} is not a frozen dataclass")
