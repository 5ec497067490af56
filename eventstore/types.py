"""The registry of event classes, made from the modules that define them."""

from dataclasses import is_dataclass
from types import ModuleType

from eventstore.codec import EventTypes


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


def _check(cls: type, module: ModuleType) -> None:
    if cls.__module__ != module.__name__:
        raise ValueError(f"{cls.__qualname__} is listed in {module.__name__} but defined in {cls.__module__}")
    if not is_dataclass(cls) or not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise ValueError(f"{module.__name__}.{cls.__qualname__} is not a frozen dataclass")
