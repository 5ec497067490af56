"""The mail sink: takes mails by SMTP, shows them, refuses when told to, and keeps nothing on disk."""

import socket
from collections.abc import AsyncIterator
from email.message import EmailMessage

import httpx
import pytest

from messaging.mails.sending import SmtpSender
from ops.simulators.mail import build_mail_app


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
async def sink() -> AsyncIterator[tuple[httpx.AsyncClient, SmtpSender]]:
    port = free_port()
    app = build_mail_app("127.0.0.1", port)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mail.test") as http:
            yield http, SmtpSender(f"smtp://127.0.0.1:{port}", timeout=10)


def mail(subject: str = "Hello") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "shop@example.org", "ada@example.org", subject
    made["Message-ID"] = f"<{len(subject)}@example.org>"
    made.set_content("<b>plain</b> words\n")
    made.add_alternative("<p>words</p>\n", subtype="html")
    return made


async def test_mails_are_shown_the_newest_first(sink: tuple[httpx.AsyncClient, SmtpSender]) -> None:
    http, sender = sink
    for subject in ("Hello", "Hello again"):
        assert (await sender.send(mail(subject))).outcome == "sent"
    newest, oldest = (await http.get("/mails")).json()["items"]
    assert (newest["subject"], oldest["subject"]) == ("Hello again", "Hello")
    assert newest["message_id"] == "<11@example.org>"
    assert (newest["to"], newest["text"].strip()) == ("ada@example.org", "<b>plain</b> words")
    assert newest["html"].strip() == "<p>words</p>"
    page = (await http.get("/")).text
    assert "&lt;b&gt;plain&lt;/b&gt; words" in page
    assert (await http.get("/livez")).is_success


async def test_it_refuses_as_often_as_it_is_told(sink: tuple[httpx.AsyncClient, SmtpSender]) -> None:
    http, sender = sink
    await http.post("/control/refusals", json={"code": 450, "remaining": 1})
    assert (await sender.send(mail())).outcome == "failed"
    assert (await sender.send(mail())).outcome == "sent"
    await http.post("/control/refusals", json={"code": 550, "remaining": 1})
    assert (await sender.send(mail())).outcome == "refused"
    assert len((await http.get("/mails")).json()["items"]) == 1
