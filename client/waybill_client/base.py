"""What all models have in common: they read what a newer server says, too."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A document of the API. Members that this client does not know are kept, in `model_extra`."""

    model_config = ConfigDict(extra="allow")


class OpenEnum(StrEnum):
    """Text with known values. One that a newer server made up is read as it is, and equals no known one."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown
