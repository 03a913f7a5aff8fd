"""What is Google's own in its streaming: service accounts, and requests that may last only so long."""

import importlib
from datetime import datetime, timedelta

import pytest

from reception.core.errors import ProviderRefused
from reception.providers.vendors import google_stream
from reception.providers.vendors.google_sdk import is_installed
from tests.contract.vendors.conftest import Connect, Witness
from tests.contract.vendors.test_listeners import GOOGLE, HINTS, ask, eventually, listening, say
from tests.support.vendors.google_speech import GoogleSpeechServer, ServiceAccount
from tests.support.vendors.ws_vendor import VOCABULARY

pytestmark = pytest.mark.skipif(
    not is_installed(), reason="Google's package is not installed: pip install 'reception[google]'"
)


async def test_a_service_account_signs_for_an_hour_and_then_anew(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with GoogleSpeechServer() as server:
        server.account = ServiceAccount()
        access = connect(GOOGLE.provider, server.base_url, key=server.account.key_file())
        stream = GOOGLE.make(access).open(8000, HINTS)
        say(stream, "one two")
        assert (await ask(stream, 0, 600)).text == "one two"
        say(stream, "three")
        assert (await ask(stream, 600, 1000)).text == "three"
        assert len(server.tokens) >= 2
        assert len(set(server.tokens)) == 1

        clock = importlib.import_module("google.auth._helpers")
        now: datetime = clock.utcnow()
        monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(minutes=59))
        say(stream, "four five")
        await ask(stream, 1000, 1600)
        say(stream, "six")
        assert (await ask(stream, 1600, 2000)).text == "six"
        assert len(set(server.tokens)) == 2
        await stream.aclose()


async def test_a_key_that_cannot_be_read_is_refused_and_not_told(connect: Connect) -> None:
    async with GoogleSpeechServer() as server:
        for key in ('{"type": "service_account"}', "{secret", ServiceAccount().key_file().replace("MII", "")):
            access = connect(GOOGLE.provider, server.base_url, key=key)
            stream = GOOGLE.make(access).open(8000, HINTS)
            say(stream, "one two")
            with pytest.raises(ProviderRefused) as raised:
                await ask(stream, 0, 600)
            assert raised.value.of_key
            assert "secret" not in raised.value.detail
            await stream.aclose()
        assert not server.requests


@pytest.fixture
def short_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request lasts two seconds, or three where nobody stops speaking, in place of minutes."""
    monkeypatch.setattr(google_stream, "_RENEWED_S", 2)
    monkeypatch.setattr(google_stream, "_LONGEST_S", 3)


@pytest.mark.usefixtures("short_requests")
async def test_before_its_limit_a_request_gives_way_to_another_in_a_pause(connect: Connect, witness: Witness) -> None:
    async with GoogleSpeechServer() as server:
        server.longest_ms = 3100
        async with listening(GOOGLE, server, connect) as stream:
            for _ in range(6):
                say(stream, "one two three", pause_ms=400)
            heard = await ask(stream, 0, 6000)
        assert heard.text == " ".join(["one two three"] * 6)
        assert server.requests >= 3
        assert [seen.outcome for seen in witness.seen] == ["ok"]
        assert witness.seen[0].units == pytest.approx(6.0)


@pytest.mark.usefixtures("short_requests")
async def test_who_speaks_on_is_heard_across_the_limit_without_a_word_lost_or_doubled(connect: Connect) -> None:
    said = " ".join(VOCABULARY * 4)
    async with GoogleSpeechServer() as server:
        server.longest_ms = 3100
        async with listening(GOOGLE, server, connect) as stream:
            say(stream, said)
            assert (await ask(stream, 0, 6600)).text == said
        assert server.requests >= 3


def test_requests_are_as_long_as_google_allows_and_no_longer() -> None:
    assert google_stream._RENEWED_S < google_stream._LONGEST_S < 300


async def test_an_end_that_google_finds_by_itself_needs_no_request_of_its_own(connect: Connect) -> None:
    async with GoogleSpeechServer() as server, listening(GOOGLE, server, connect) as stream:
        server.ends_after_words = 2
        say(stream, "one two", pause_ms=0)
        heard = await eventually(lambda: ask(stream, 0, 300, partial=True))
        assert heard.text.startswith("one")
        say(stream, "three")
        assert (await ask(stream, 0, 800)).text == "one two three"
