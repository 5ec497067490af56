"""Settings of the mails that customers get."""

from email.utils import parseaddr
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings


class MailSettings(BaseSettings):
    """A part of `ops.config.Settings`."""

    # Mails to customers
    smtp_url: SecretStr | None = Field(
        None,
        description="Where customers' mails go, `smtp://` (TLS as soon as it is offered) or `smtps://`"
        " `user:password@host:port`; without it `waybill up` shows them in a sink, and nothing else sends any",
    )
    mail_from: str = Field("Waybill <orders@waybill.example>", description="Sender of mails, `Name <address>`")
    mail_timeout: PositiveFloat = Field(
        10.0, le=60, description="Seconds that an SMTP server may take for an answer"
    )
    mail_first_pause: PositiveFloat = Field(
        5.0, description="Seconds before the first retry of a mail; doubles up to mail_longest_pause"
    )
    mail_longest_pause: PositiveFloat = Field(
        3600.0, description="Longest pause between two attempts at a mail, in seconds"
    )
    mail_give_up: PositiveFloat = Field(
        259_200.0, description="Seconds that a mail is retried; what happened longer ago is not written about"
    )
    mail_port: Annotated[int, Field(ge=1, le=65535)] = Field(8103, description="Page of the mail sink")
    mail_smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        8104, description="SMTP port of the mail sink, the development server that delivers nothing"
    )

    @field_validator("smtp_url", mode="after")
    @classmethod
    def _url(cls, value: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(value.get_secret_value()) if value else None
        if parts and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            raise ValueError("is no smtp:// or smtps:// address of a server")
        return value

    @field_validator("mail_from", mode="after")
    @classmethod
    def _sender(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1] or not value.isprintable():
            raise ValueError("holds no address")
        return value
