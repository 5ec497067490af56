"""The mail sink: an SMTP server for development that delivers nothing, and a page that shows what it was given.

Mails are kept in memory alone, so that nothing personal outlives the process. It can be told to refuse.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from pydantic import BaseModel, Field

KEPT: Final = 500
PAGE: Final = """<!doctype html><meta charset="utf-8"><title>Mails</title>
<style>body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto}pre{white-space:pre-wrap}</style>
<h1>Mails</h1><p>{{ mails | length }} kept, the newest first. They are in memory only.</p>
{% for mail in mails %}<details><summary><b>{{ mail.subject }}</b> to {{ mail.to }}</summary>
<pre>{{ mail.text }}</pre></details>{% endfor %}"""


class Refusal(BaseModel):
    """`code` is the SMTP reply (450 for later, 550 for never) to the next `remaining` recipients."""

    code: int = Field(ge=400, le=599)
    remaining: int = Field(ge=0)


class Sink:
    """An aiosmtpd handler. `mails` has the newest first."""

    def __init__(self) -> None:
        self.mails: deque[dict[str, str]] = deque(maxlen=KEPT)
        self.refusal = Refusal(code=450, remaining=0)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal.remaining:
            self.refusal.remaining -= 1
            return f"{self.refusal.code} {address} is refused"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        self.mails.appendleft(_shown(mail))
        return "250 OK"


def _shown(mail: EmailMessage) -> dict[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return {
        "message_id": str(mail["Message-ID"]),
        "to": str(mail["To"]),
        "subject": str(mail["Subject"]),
        "text": plain.get_content() if plain else "",
        "html": html.get_content() if html else "",
    }


def build_mail_app(host: str, smtp_port: int) -> FastAPI:
    """The page; the SMTP server listens for as long as it is served."""
    sink, page = Sink(), Environment(autoescape=True).from_string(PAGE)

    @asynccontextmanager
    async def listening(app: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(sink, hostname="waybill.invalid"), host, smtp_port)
        async with server:
            yield

    app = FastAPI(title="Mail sink", lifespan=listening)

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/", response_class=HTMLResponse)
    async def shown() -> str:
        return page.render(mails=list(sink.mails))

    @app.get("/mails")
    async def listed() -> dict[str, Any]:
        return {"items": list(sink.mails)}

    @app.post("/control/refusals")
    async def refuse(refusal: Refusal) -> Refusal:
        sink.refusal = refusal
        return refusal

    return app
