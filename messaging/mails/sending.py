"""Handing a mail to an SMTP server, and what came of it in words that name nobody."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib

PORTS: Final = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Attempt:
    """`refused`: the server will never take it. `failed`: it may, later. `reason` repeats nothing of the mail."""

    outcome: Literal["sent", "refused", "failed"]
    reason: str | None = None


class SmtpSender:
    """Speaks TLS from the first byte to `smtps://`, and to `smtp://` as soon as the server offers it.

    Args:
        url: `smtp://` or `smtps://`, with user, password and port where needed.
        timeout: Seconds for each answer of the server.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        self._tls, self._timeout = parts.scheme == "smtps", timeout
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, mail: EmailMessage) -> Attempt:
        try:
            await aiosmtplib.send(
                mail,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                timeout=self._timeout,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            return _answered("recipient", min(codes, default=0))
        except aiosmtplib.SMTPDataError as error:
            return _answered("message", error.code)
        except aiosmtplib.SMTPResponseException as error:  # such as a wrong password: ours to mend, then it goes
            return Attempt("failed", f"the server answered {error.code}")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Attempt("failed", type(error).__name__)
        return Attempt("sent")


def _answered(to: str, code: int) -> Attempt:
    """RFC 5321, 4.2.1: a 5yz reply is permanent, a 4yz is not. The text may repeat the address."""
    return Attempt("refused" if 500 <= code < 600 else "failed", f"the server answered {code} to the {to}")
