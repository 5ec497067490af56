"""Mails about orders: what is written to whom, and once, by a real SMTP conversation and a log in a database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest

from domain.identifiers import Address
from domain.orders.events import (
    CustomerDecisionRequested,
    Decision,
    OrderCancellationRequested,
    OrderCancelled,
    OrderConfirmed,
)
from domain.payments.events import PaymentAuthorized, PaymentDeclined, PaymentRefunded, PaymentRequested, Purpose
from domain.returns.events import ReturnApproved, ReturnItem, ReturnKind, ReturnRequested, ReturnTerms
from domain.shipping.events import ShipmentDelivered, ShipmentDispatched
from messaging.mails.kinds import KINDS, wanted_kinds
from messaging.mails.log import Mail, MailState
from messaging.mails.sending import Attempt, SmtpSender
from tests.support import samples
from tests.support.mails import Mailing, MailServer, mail_server, mailing
from tests.support.samples import NOON, TOTAL, booked, eur

RETURN = uuid4()
REQUESTED = ReturnRequested(
    RETURN, ReturnKind.RETURN, (ReturnItem("MUG", 1),), "too small", "customer:c-1", ReturnTerms()
)
DECLINED = (PaymentRequested("authorize#0", "sim_ok", TOTAL), PaymentDeclined("authorize#0", "no", "no"))
OCCASIONS = [
    ((OrderConfirmed(),), "is confirmed", "2 x Mug: 20.00 EUR"),
    ((booked(), ShipmentDispatched("s-1")), "on its way", "Tracking number: T1"),
    ((booked(), ShipmentDispatched("s-1"), ShipmentDelivered("s-1")), "was delivered", "3 x MUG"),
    ((OrderCancellationRequested("r", "c"), OrderCancelled("r")), "is cancelled", "is cancelled"),
    ((PaymentRefunded("refund#0", "ref-1", eur("3.50")),), "A refund", "3.50 EUR of your order"),
    (DECLINED, "waits for a payment", "35.70 EUR was declined"),
    ((CustomerDecisionRequested("d", Decision.CANCEL, NOON),), "please decide", "01 March 2026, 12:00 UTC"),
    ((REQUESTED, ReturnApproved(RETURN, "fine", "operator:o")), "is approved", "send the goods back"),
]


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as made:
        yield made


@pytest.fixture
async def mails(module_database: str, server: MailServer) -> AsyncIterator[Mailing]:
    async with mailing(module_database, server.url) as made:
        yield made


async def logged(mails: Mailing, order_id: UUID) -> list[Mail]:
    return list(await mails.post.log.page(state=None, order_id=order_id, before=None, most=10))


def text(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body
    return str(body.get_content())


def test_there_is_an_occasion_for_every_kind() -> None:
    assert {type(events[-1]) for events, *_ in OCCASIONS} == set(KINDS)


@pytest.mark.parametrize(("events", "subject", "said"), OCCASIONS)
async def test_a_mail_says_what_happened(
    mails: Mailing, server: MailServer, events: tuple[object, ...], subject: str, said: str
) -> None:
    order_id = await mails.placed(*events)
    told = mails.told(order_id)
    await mails.effect.apply(told)
    (mail,) = server.mails
    assert (mail["To"], mail["From"]) == ("ada@example.org", "Shop <orders@shop.example>")
    assert mail["Message-ID"] == f"<{told.identity}@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert subject in mail["Subject"]
    assert samples.NUMBER in mail["Subject"]
    assert said in text(mail)
    assert text(mail).startswith("Hello Ada Lovelace,")
    assert "<p>Hello Ada Lovelace,</p>" in text(mail, "html")
    (entry,) = await logged(mails, order_id)
    assert (entry.event_id, entry.state, entry.attempts, entry.reason) == (
        UUID(told.identity),
        MailState.SENT,
        1,
        None,
    )


async def test_an_event_that_comes_again_sends_nothing_again(mails: Mailing, server: MailServer) -> None:
    order_id = await mails.placed(OrderConfirmed())
    for _ in range(3):
        await mails.effect.apply(mails.told(order_id))
    assert len(server.mails) == 1
    assert mails.retries.mails == []


class Killed(BaseException):
    """The process ends here."""


async def test_a_kill_between_sending_and_its_note_sends_the_same_mail(
    mails: Mailing, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await mails.placed(OrderConfirmed())

    async def killed(*given: object, **named: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(type(mails.post.log), "note", killed)
        with pytest.raises(Killed):
            await mails.effect.apply(mails.told(order_id))
    assert await logged(mails, order_id) == []
    await mails.effect.apply(mails.told(order_id))
    first, second = server.mails
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])
    assert text(first) == text(second)
    assert [entry.attempts for entry in await logged(mails, order_id)] == [1]


async def test_what_is_not_written_about_costs_no_look(mails: Mailing) -> None:
    """Neither the store nor the log is there to be asked."""
    order_id = await mails.placed(OrderConfirmed(), *DECLINED)
    alone = replace(mails.effect, post=None, kinds=wanted_kinds(payment_awaited=False))  # type: ignore[arg-type]
    await alone.apply(mails.told(order_id, 0))  # OrderPlaced
    await alone.apply(mails.told(order_id))  # a decline, where the order is cancelled after one
    await alone.apply(replace(mails.told(order_id, 1), subject="stock/BER/MUG"))
    long_ago = datetime.now(UTC) - timedelta(days=4)
    await alone.apply(replace(mails.told(order_id, 1), time=long_ago))


async def test_a_server_that_says_later_leaves_it_to_a_workflow(mails: Mailing, server: MailServer) -> None:
    server.answer = lambda: "450 try later"
    order_id = await mails.placed(OrderConfirmed())
    told = mails.told(order_id)
    await mails.effect.apply(told)
    await mails.effect.apply(told)  # as after a kill: the workflow is asked for again, the server is not
    event_id = UUID(told.identity)
    assert (mails.retries.mails, server.asked) == ([event_id, event_id], 1)
    assert (await mails.post.again(event_id) or 0) > 0
    server.answer = lambda: "250 OK"
    assert await mails.post.again(event_id) is None
    assert await mails.post.again(event_id) is None
    assert len(server.mails) == 1
    (entry,) = await logged(mails, order_id)
    assert (entry.state, entry.attempts, entry.reason) == (MailState.SENT, 3, None)


@pytest.mark.parametrize("at", ["answer", "at_data"])
async def test_a_server_that_says_never_is_believed(mails: Mailing, server: MailServer, at: str) -> None:
    setattr(server, at, lambda: "550 <ada@example.org> is not here")
    order_id = await mails.placed(OrderConfirmed())
    await mails.effect.apply(mails.told(order_id))
    (entry,) = await logged(mails, order_id)
    assert (entry.state, mails.retries.mails) == (MailState.FAILED, [])
    assert entry.reason is not None
    assert "550" in entry.reason
    assert "ada" not in entry.reason


async def test_it_is_given_up_after_long_enough(module_database: str, server: MailServer) -> None:
    server.answer = lambda: "450 try later"
    async with mailing(module_database, server.url, give_up=0.0) as mails:
        order_id = await mails.placed(OrderConfirmed())
        told = mails.told(order_id)
        await mails.effect.apply(told)
        assert await mails.post.again(UUID(told.identity)) is None
        (entry,) = await logged(mails, order_id)
        assert (entry.state, entry.attempts) == (MailState.FAILED, 2)


async def test_nobody_listens() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    attempt = await SmtpSender("smtp://127.0.0.1:1", timeout=5).send(mail)
    assert attempt.outcome == "failed"
    assert attempt.reason == "SMTPConnectError"


async def test_an_erased_customer_gets_no_mail(mails: Mailing, server: MailServer) -> None:
    order_id = await mails.placed(OrderConfirmed(), OrderCancellationRequested("r", "c"), OrderCancelled("r"))
    server.answer = lambda: "450 try later"
    await mails.effect.apply(mails.told(order_id, 1))
    await mails.keys.destroy("c-1")
    assert await mails.post.again(UUID(mails.told(order_id, 1).identity)) is None
    await mails.effect.apply(mails.told(order_id))
    entries = await logged(mails, order_id)
    assert {(entry.state, entry.reason) for entry in entries} == {(MailState.SKIPPED, "customer-erased")}
    assert server.mails == []


async def test_there_may_be_nobody_to_write_to(mails: Mailing, server: MailServer) -> None:
    order_id = await mails.placed(OrderConfirmed(), placed=replace(samples.PLACED, email=None))
    await mails.effect.apply(mails.told(order_id))
    (entry,) = await logged(mails, order_id)
    assert (entry.state, entry.reason, server.mails) == (MailState.SKIPPED, "no-address", [])


async def test_what_is_settled_is_not_asked_for(mails: Mailing, server: MailServer) -> None:
    order_id = await mails.placed(*DECLINED, OrderCancellationRequested("r", "c"))
    await mails.effect.apply(mails.told(order_id, 2))
    (entry,) = await logged(mails, order_id)
    assert (entry.state, entry.reason, server.mails) == (MailState.SKIPPED, "no-longer-so", [])


async def test_a_renewal_that_is_declined_asks_for_another_method(mails: Mailing, server: MailServer) -> None:
    authorised = PaymentAuthorized("authorize#0", "auth-1", TOTAL)
    asked = PaymentRequested("reauthorize#0", "sim_ok", TOTAL, Purpose.RENEWAL, replaces="auth-1")
    declined = PaymentDeclined("reauthorize#0", "card_declined", "Declined")
    order_id = await mails.placed(DECLINED[0], authorised, OrderConfirmed(), asked, declined)
    await mails.effect.apply(mails.told(order_id))
    (mail,) = server.mails
    assert "waits for a payment" in mail["Subject"]


async def test_names_cannot_break_out_of_the_page(mails: Mailing, server: MailServer) -> None:
    address = Address("<b>Ada</b> & Co", "1 Road", "London", "SW1", "GB")
    order_id = await mails.placed(OrderConfirmed(), placed=replace(samples.PLACED, shipping_address=address))
    await mails.effect.apply(mails.told(order_id))
    (mail,) = server.mails
    assert "Hello <b>Ada</b> & Co," in text(mail)
    assert "Hello &lt;b&gt;Ada&lt;/b&gt; &amp; Co," in text(mail, "html")


async def test_the_log_is_paged_filtered_and_pruned(mails: Mailing, server: MailServer) -> None:
    order_id = await mails.placed(*(OrderConfirmed() for _ in range(3)))
    for nr in (1, 2, 3):
        await mails.effect.apply(mails.told(order_id, nr))
    log = mails.post.log
    first = await log.page(state=MailState.SENT, order_id=order_id, before=None, most=2)
    last = first[-1]
    rest = await log.page(state=MailState.SENT, order_id=order_id, before=(last.first_at, last.event_id), most=2)
    ids = [UUID(mails.told(order_id, nr).identity) for nr in (3, 2, 1)]
    assert [entry.event_id for entry in (*first, *rest)] == ids
    assert await log.page(state=MailState.FAILED, order_id=order_id, before=None, most=2) == []
    await log.note(ids[0], order_id, "confirmed", MailState.RETRYING, attempts=1)  # an end stays one
    found = await log.find(ids[0])
    assert found is not None
    assert found.state is MailState.SENT
    assert await log.prune(datetime.now(UTC) + timedelta(days=1)) >= 3
    assert await logged(mails, order_id) == []


class Unruly:
    """A sender that cannot be reached."""

    async def send(self, mail: EmailMessage) -> Attempt:
        return Attempt("failed", "TimeoutError")


async def test_mails_whose_workflow_was_lost_are_found(module_database: str) -> None:
    async with mailing(module_database, Unruly()) as mails:
        order_id = await mails.placed(OrderConfirmed())
        await mails.effect.apply(mails.told(order_id))
        assert UUID(mails.told(order_id).identity) in await mails.post.log.retrying(most=1000)
