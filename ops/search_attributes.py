"""The search attributes of `workflows.contracts`, in Temporal's namespace."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client

from ops.bootstrap import connect_temporal
from ops.config import Settings
from workflows.contracts import SEARCH_ATTRIBUTES


class SearchAttributesMissing(Exception):
    """The namespace lacks some of them; `waybill migrate` registers them."""


async def missing_search_attributes(client: Client) -> dict[str, IndexedValueType.ValueType]:
    """Those not registered, with their types."""
    found = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    wanted = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    return {name: kind for name, kind in wanted.items() if name not in found.custom_attributes}


async def register_search_attributes(settings: Settings) -> None:
    """Register what is missing. Safe to repeat."""
    client = await connect_temporal(settings)
    if missing := await missing_search_attributes(client):
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )


async def check_search_attributes(client: Client) -> None:
    """Raises SearchAttributesMissing, in one line that says what to run."""
    if missing := await missing_search_attributes(client):
        names = ", ".join(missing)
        raise SearchAttributesMissing(
            f"namespace {client.namespace!r} lacks search attributes ({names}): run `waybill migrate`"
        )
