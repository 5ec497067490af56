"""Settings of the API's edge: rates, time limits, other origins, compression."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode

Rate = NonNegativeInt


class ApiSettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    graphql_introspection: bool = Field(True, description="Whether the GraphQL schema may be asked for itself")
    graphql_ide: bool = Field(True, description="Whether a browser gets GraphiQL at /graphql")
    rate_anonymous: Rate = Field(
        600, description="Requests a minute from one address without a token; 0 is no limit, as for the roles"
    )
    rate_customer: Rate = Field(600, description="Requests a minute of one customer")
    rate_service: Rate = Field(60_000, description="Requests a minute of one service")
    rate_operator: Rate = Field(6_000, description="Requests a minute of one operator")
    rate_admin: Rate = Field(0, description="Requests a minute of one administrator")
    request_timeout: PositiveFloat = Field(
        30.0, description="Seconds a request may take before it is answered 503; streams are not bound by it"
    )
    cors_origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="Origins whose pages may call the API, `https://shop.example`; none by default"
    )
    compress_from: PositiveInt = Field(
        1024, description="Bytes from which an answer is compressed, when its reader takes zstd or gzip"
    )

    export_days: PositiveInt = Field(7, description="Days that an export of orders can be downloaded")
    audit_days: PositiveInt = Field(400, description="Days that the audit of staff's requests is kept")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        given = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        for origin in given if isinstance(given, list) else ():
            scheme, _, host = origin.partition("://")
            if scheme not in ("http", "https") or not host or set(host) & set("/?#*@ "):
                raise ValueError(f"{origin!r} is not an origin such as https://shop.example")
        return frozenset(given) if isinstance(given, list) else given
