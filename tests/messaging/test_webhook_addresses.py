"""Where webhooks may not go: by address, by name, by redirect, by a name that changes its address, and how far."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from messaging.webhooks.addresses import AddressRefused, AddressRules, BadUrl, NameUnknown
from messaging.webhooks.sending import Attempt, Message, Sender
from tests.support.webhooks import LOOPBACK, Receiver, receiver

SECRET = "whsec_" + "dGVzdHMtb25seS1rZXktb2YtYS1yZWNlaXZlci0wMDE="
MESSAGE = Message("msg_1", b"{}")
REFUSED = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
]


class Names:
    """A resolver whose answers come one after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def attempt(rules: AddressRules, url: str, *, timeout: float = 30.0, times: int = 1) -> list[Attempt]:
    sender = Sender(rules, timeout=timeout)
    try:
        return [await sender.send(url, MESSAGE, [SECRET], datetime.now(UTC)) for _ in range(times)]
    finally:
        await sender.aclose()


@pytest.mark.parametrize("address", REFUSED)
async def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not AddressRules().permits(ip_address(address))
    with pytest.raises(AddressRefused):
        await AddressRules(resolve=Names([address])).checked("example.org", 443)
    with pytest.raises(AddressRefused):  # one good address does not make up for it
        await AddressRules(resolve=Names(["93.184.215.14", address])).checked("example.org", 443)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
async def test_public_addresses_are_taken(address: str) -> None:
    assert await AddressRules(resolve=Names([address])).checked("example.org", 443) == [address]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://user:password@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://exämple.org/",
        "https://example.org/\r\nx: y",
        "https://example.org/" + "x" * 2000,
        "example.org",
    ],
)
def test_urls_that_are_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(BadUrl):
        AddressRules().check_url(url)


def test_urls_that_are_taken() -> None:
    AddressRules().check_url("https://example.org:8443/hooks?a=b")
    AddressRules((LOOPBACK,)).check_url("http://127.0.0.1:9000/")
    with pytest.raises(BadUrl):  # a name may come to mean anything
        AddressRules((LOOPBACK,)).check_url("http://localhost/")


async def test_a_name_of_a_private_address_is_refused_when_it_is_sent_to(there: Receiver) -> None:
    port = there.url.split(":")[2].split("/")[0]
    [refused] = await attempt(AddressRules(resolve=Names(["127.0.0.1"])), f"http://example.org:{port}/")
    assert (refused.error, refused.status, there.received) == ("address-refused", None, [])


async def test_a_name_that_turns_private_after_it_was_checked_gains_nothing(there: Receiver) -> None:
    """The name is looked up once per connection, and the connection goes to the address that was checked."""
    there.answer = lambda _: "200 OK\r\nConnection: close"
    port = there.url.split(":")[2].split("/")[0]
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    sent, refused = await attempt(AddressRules((LOOPBACK,), names), f"http://example.org:{port}/", times=2)
    assert (sent.error, refused.error) == (None, "address-refused")
    assert (names.asked, len(there.received)) == (2, 1)
    assert there.received[0].headers["host"] == f"example.org:{port}"


async def test_a_name_without_an_address_says_so() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError

    for resolve in (unknown, Names([])):
        with pytest.raises(NameUnknown):
            await AddressRules(resolve=resolve).checked("example.org", 443)
    [failed] = await attempt(AddressRules(resolve=unknown), "https://example.org/")
    assert failed.error == "name-unknown"


async def test_redirects_are_not_followed(there: Receiver) -> None:
    async with receiver() as elsewhere:
        there.answer = lambda _: f"307 Elsewhere\r\nLocation: {elsewhere.url}"
        [redirected] = await attempt(AddressRules((LOOPBACK,)), there.url)
        assert (redirected.error, redirected.status) == ("http-307", 307)
        assert elsewhere.received == []


async def test_an_answer_that_does_not_come_is_a_timeout(there: Receiver) -> None:
    there.hold.clear()
    [late] = await attempt(AddressRules((LOOPBACK,)), there.url, timeout=0.05)
    assert (late.error, late.status) == ("timeout", None)


async def test_a_large_answer_is_not_read_to_its_end(there: Receiver) -> None:
    there.extra = b"x" * 20_000_000
    [sent] = await attempt(AddressRules((LOOPBACK,)), there.url)
    assert sent.succeeded


async def test_nobody_there_and_no_tls_there_are_told_apart(there: Receiver) -> None:
    rules = AddressRules((LOOPBACK,))
    [none] = await attempt(rules, "http://127.0.0.1:1/")
    assert none.error == "connect-failed"
    [plain] = await attempt(rules, there.url.replace("http:", "https:"))
    assert plain.error in ("tls-failed", "connect-failed", "connection-lost")
