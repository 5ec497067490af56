"""How values travel through Temporal: as JSON by pydantic, with the schema of each type built once a process.

The SDK makes a payload converter per workflow instance, and pydantic's builds its schemas anew in each: half a
dozen per order, which costs more processor time than the order's own code.
"""

from typing import Final

from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

_JSON: Final = PydanticJSONPlainPayloadConverter()  # its cache of schemas is bounded, and safe among threads


class SharedPayloadConverter(CompositePayloadConverter):
    """What `temporalio.contrib.pydantic` converts, and how, with one cache for all instances."""

    def __init__(self) -> None:
        defaults = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(_JSON if isinstance(each, JSONPlainPayloadConverter) else each for each in defaults))


DATA_CONVERTER: Final = DataConverter(payload_converter_class=SharedPayloadConverter)
"""Wire-compatible with `temporalio.contrib.pydantic.pydantic_data_converter`."""
