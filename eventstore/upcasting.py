"""Reading old events: pure steps from one schema version of a type to the next.

An upcaster takes the JSON object of a stored event and gives the next version's. It looks at nothing else: no
clock, no other event, no database. The golden files of every released version are read through these steps in
CI.
"""

from collections.abc import Callable, Mapping
from typing import Any

JsonObject = dict[str, Any]
Upcaster = Callable[[JsonObject], JsonObject]


class UpcasterGap(Exception):
    """The steps do not lead from version 1 of a type to its present one. Stops the start."""


class Upcasters:
    """The steps, by type name and the version they start from."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, int], Upcaster] = {}

    def register(self, type_name: str, from_version: int) -> Callable[[Upcaster], Upcaster]:
        """Register the decorated function as the step from `from_version` to `from_version + 1`.

        Raises:
            ValueError: that step exists already.
        """

        def keep(step: Upcaster) -> Upcaster:
            if (type_name, from_version) in self._steps:
                raise ValueError(f"two upcasters for {type_name} from version {from_version}")
            self._steps[type_name, from_version] = step
            return step

        return keep

    def check(self, present: Mapping[str, int]) -> None:
        """Check the steps against the present version of each type.

        Raises:
            UpcasterGap: a step is missing, or one belongs to no type or starts at its present version.
        """
        needed = {(name, version) for name, newest in present.items() for version in range(1, newest)}
        if missing := sorted(needed - self._steps.keys()):
            raise UpcasterGap(f"no upcaster from {_names(missing)}: stored events of it could not be read")
        if stray := sorted(self._steps.keys() - needed):
            raise UpcasterGap(
                f"upcasters that nothing needs: {_names(stray)}; the type is unknown or not beyond that version"
            )

    def upcast(self, type_name: str, version: int, to: int, data: JsonObject) -> JsonObject:
        """Apply every step from `version` up to `to`. The steps may change `data` in place."""
        for step in range(version, to):
            data = self._steps[type_name, step](data)
        return data


def _names(steps: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name} v{version}" for name, version in steps)
