"""One attempt: a signed POST, to a checked address, within limits. Redirects are not followed."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import httpcore
from standardwebhooks import Webhook

from messaging.webhooks.addresses import AddressRefused, AddressRules, CheckedBackend, NameUnknown

MAX_RESPONSE: Final = 65_536
CONNECTIONS: Final = 200
GONE: Final = 410
AGENT: Final = "Waybill-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Message:
    """`message_id` is the same at every attempt, so that a receiver knows a repeat."""

    message_id: str
    body: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempt:
    """`error` is a word of ours, never a word of the receiver."""

    status: int | None
    error: str | None
    milliseconds: int

    @property
    def succeeded(self) -> bool:
        return self.error is None


def signed_headers(message: Message, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with one signature per secret, the newest first."""
    text = message.body.decode()
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message.message_id, at, text) for secret in secrets),
    }


class Sender:
    """Keep one per process, and close it.

    Args:
        timeout: Seconds an attempt may take in all, whatever the receiver does meanwhile.
    """

    def __init__(self, rules: AddressRules, *, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        self._timeout = timeout
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS // 4,
            keepalive_expiry=30,
            network_backend=CheckedBackend(rules),
        )

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def send(self, url: str, message: Message, secrets: Sequence[str], at: datetime) -> Attempt:
        """Attempt it once; whatever goes wrong outside is the attempt's outcome."""
        began = time.monotonic()
        status: int | None = None
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._post(url, message, signed_headers(message, secrets, at))
            error = None if 200 <= status < 300 else f"http-{status}"
        except AddressRefused:
            error = "address-refused"
        except NameUnknown:
            error = "name-unknown"
        except (TimeoutError, httpcore.TimeoutException):
            error = "timeout"
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as failure:
            error = _word(failure)
        return Attempt(status, error, int((time.monotonic() - began) * 1000))

    async def _post(self, url: str, message: Message, headers: dict[str, str]) -> int:
        """The answer's status. Of its body no more is read than leaves the connection fit for use again."""
        given = {"content-type": "application/json", "user-agent": AGENT, **headers}
        pairs = [(name.encode(), value.encode()) for name, value in _with_length(given, message.body).items()]
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        async with self._pool.stream(
            "POST",
            url,
            headers=[*pairs, (b"host", _host(url))],
            content=message.body,
            extensions={"timeout": timeouts},
        ) as response:
            read = 0
            async for part in response.aiter_stream():
                read += len(part)
                if read > MAX_RESPONSE:
                    break
            return int(response.status)


def _with_length(headers: dict[str, str], body: bytes) -> dict[str, str]:
    return {**headers, "content-length": str(len(body))}


def _host(url: str) -> bytes:
    return url.split("/", 3)[2].partition("?")[0].encode()


def _word(failure: Exception) -> str:
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls-failed"
        cause = cause.__cause__ or cause.__context__
    match failure:
        case httpcore.ConnectError():
            return "connect-failed"
        case httpcore.ProtocolError():
            return "not-http"
        case _:
            return "connection-lost"
