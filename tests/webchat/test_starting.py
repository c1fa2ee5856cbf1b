"""Does a visitor find the way in, and back, and nobody else's?"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.lines import Lines
from gateway.limits import RateLimit
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Caller
from resolvers.kit.ids import global_id
from resolvers.webchat.chats import CHATS
from tests.desks import site
from tests.makers import Makers
from tests.webchat.conftest import ORIGIN, Browser, ChatAsking, many

SEEN = """{ customers { nodes { id isAnonymous entryPoint { channel page referrer } identities { channel claim
  profile { locale } } conversations { nodes { id channel entryPoint { page } } } } } }"""


async def test_one_round_trip(gateway: ChatAsking) -> None:
    """It answers a token, the resume word, the conversation and its newest messages at once."""
    gateway.lines = Lines([site(greeting="How can we help?")])
    got = await Browser(gateway).start()
    assert got["greeting"] == "How can we help?"
    assert not got["isResumed"]
    chat = got["chat"]
    assert chat["conversation"]["id"]
    assert (chat["messages"], chat["hasEarlier"], chat["isVerified"]) == ([], False, False)


async def test_agents_see_them(gateway: ChatAsking) -> None:
    """Whoever begins a chat is an anonymous customer at once, with page and referrer as the entry point."""
    page = "https://someone:word@www.shop.example/shoes?utm=1#top"
    await Browser(gateway).start(page=page, referrer="https://search.example/", locale="de-DE")
    (one,) = (await gateway(SEEN)).data["customers"]["nodes"]
    came_in = {
        "channel": "webchat",
        "page": "https://www.shop.example/shoes?utm=1",
        "referrer": "https://search.example/",
    }
    assert (one["isAnonymous"], one["entryPoint"]) == (True, came_in)
    assert one["identities"] == [{"channel": "webchat", "claim": "VERIFIED", "profile": {"locale": "de-DE"}}]
    assert one["conversations"]["nodes"][0]["entryPoint"]["page"] == came_in["page"]


async def test_silent_visitors(browser: Browser, make: Makers) -> None:
    """Who has only opened the panel waits for nobody, and stands behind whoever has written, until the first word."""
    ann = await make.customer("Ann", "Lee", last_interaction_at=browser.ask.now - timedelta(days=9))
    recent = "{ customers(orderBy: {field: LAST_INTERACTION}) { nodes { id lastInteractionAt } } }"
    first, last = (await browser.ask(recent)).data["customers"]["nodes"]
    assert (first["id"], last) == (ann.id, {"id": browser.customer, "lastInteractionAt": None})
    await browser.says("Hello")
    first, _ = (await browser.ask(recent)).data["customers"]["nodes"]
    assert (first["id"], first["lastInteractionAt"] is None) == (browser.customer, False)


async def test_reload_finds_it(browser: Browser) -> None:
    """A reload and a second tab find the same visitor, the same conversation and what was said."""
    await browser.says("Hello")
    tab = Browser(browser.ask, resume=browser.resume)
    got = await tab.start(page="https://www.shop.example/elsewhere")
    assert (got["isResumed"], got["resume"], tab.customer) == (True, browser.resume, browser.customer)
    assert [one["text"] for one in got["chat"]["messages"]] == ["Hello"]
    assert await browser.ask.store.count(CUSTOMERS, {}) == 1


async def test_newest_twenty(browser: Browser) -> None:
    """The newest twenty messages come along, the oldest first."""
    await many(browser, 22)
    got = await browser.start()
    assert [one["text"] for one in got["chat"]["messages"]] == [f"{n:03}" for n in range(2, 22)]
    assert got["chat"]["hasEarlier"]


async def test_guessed_words(gateway: ChatAsking) -> None:
    """A word that nobody was given finds nothing."""
    for word in ("", "guessed", "\ud800", "x" * 10_000):
        got = await Browser(gateway, resume=word).start()
        assert (got["code"], got["inputPath"]) == ("NOT_FOUND", ["input", "resume"])


async def test_words_of_sites(browser: Browser) -> None:
    """A word is good on its own site alone."""
    browser.ask.lines = Lines([site(), site("other")])
    assert (await browser.start(account="other"))["code"] == "NOT_FOUND"
    assert (await browser.start())["isResumed"]


async def test_words_end(browser: Browser) -> None:
    """A word ends so many days after the last visit, and each visit puts that off."""
    for days in (29, 29, 31):
        browser.ask.now += timedelta(days=days)
        got = await browser.start()
    assert got["code"] == "NOT_FOUND"


OWN = "own-word_" * 5


async def test_answer_lost(gateway: ChatAsking) -> None:
    """Asked again with the browser's own word, also at once, it is the same chat and the same visitor."""
    browsers = [Browser(gateway) for _ in range(4)]
    first = await browsers[0].start(word=OWN)
    assert (first["isResumed"], first["resume"]) == (False, OWN)
    await browsers[0].says("Hello")
    again = await browsers[1].start(word=OWN)
    assert (again["isResumed"], again["resume"], browsers[1].customer) == (True, OWN, browsers[0].customer)
    assert [one["text"] for one in again["chat"]["messages"]] == ["Hello"]
    await asyncio.gather(*(one.start(word=OWN[::-1]) for one in browsers[2:]))
    assert browsers[2].customer == browsers[3].customer != browsers[0].customer
    assert await gateway.store.count(CUSTOMERS, {}) == 2


async def test_own_word_is_over(gateway: ChatAsking) -> None:
    """The word of a chat that has ended by itself begins no other one, and finds none."""
    browser = Browser(gateway)
    await browser.start(word=OWN)
    gateway.now += timedelta(days=31)
    got = await Browser(gateway).start(word=OWN)
    assert (got["code"], got["inputPath"]) == ("INVALID_INPUT", ["input", "word"])


@pytest.mark.parametrize("word", ["", "short", "x" * 201, "a word with spaces, which is none of these", "\ud800" * 40])
async def test_odd_own_words(gateway: ChatAsking, word: str) -> None:
    """A word that can be guessed, or is none, is refused."""
    got = await Browser(gateway).start(word=word)
    assert (got["code"], got["inputPath"]) == ("INVALID_INPUT", ["input", "word"])


async def test_words_are_hashed(browser: Browser) -> None:
    """Who reads the database finds no word by which a chat could be resumed."""
    (kept,) = await browser.ask.store.find(CHATS, {})
    assert browser.resume not in str(kept)


async def test_taken_off(browser: Browser) -> None:
    """A visitor whom people took off the customer is somebody new."""
    (one,) = await browser.ask.store.find(IDENTITIES, {})
    unlink = "mutation ($id: ID!) { unlinkIdentity(input: {id: $id}) { __typename } }"
    await browser.ask(unlink, id=global_id("Identity", one["_id"]))
    assert (await browser.start())["code"] == "NOT_FOUND"


async def test_foreign_pages(gateway: ChatAsking) -> None:
    """Pages that the site does not name begin no chats."""
    gateway.caller = replace(gateway.caller, origin="https://evil.example")
    assert (await Browser(gateway).start())["code"] == "NOT_PERMITTED"


async def test_unknown_sites(gateway: ChatAsking) -> None:
    """A site that nobody has switched on, and a channel that is none, are not found."""
    assert (await Browser(gateway).start(account="nobody"))["inputPath"] == ["input", "account"]
    assert (await Browser(gateway).start(channel="whatsapp"))["code"] == "NOT_FOUND"


async def test_pages(gateway: ChatAsking) -> None:
    """What is no address of a page is told as wrong, and begins nothing."""
    for page in ("javascript:alert(1)", "shoes", "https://", "http://[", "x" * 3_000):
        got = await Browser(gateway).start(page=page)
        assert (got["code"], got["inputPath"]) == ("INVALID_INPUT", ["input", "page"])
    assert await gateway.store.count(CUSTOMERS, {}) == 0


@pytest.mark.usefixtures("one_minute")
async def test_limits(gateway: ChatAsking) -> None:
    """Who begins chats too often is told when again; others go on, and the site has a bound of its own."""
    gateway.lines, gateway.rates = Lines([site(starts_per_minute=2, starts_per_minute_of_site=3)]), RateLimit()
    given = [(await Browser(gateway).start())["__typename"] for _ in range(2)]
    refused = await Browser(gateway).start()
    assert (given, refused["code"]) == (["StartChatPayload"] * 2, "TOO_OFTEN")
    assert 0 < refused["retryAfterS"] <= 60
    gateway.caller = Caller(address="2001:db8::1", origin=ORIGIN)
    assert (await Browser(gateway).start())["__typename"] == "StartChatPayload"
    gateway.caller = Caller(address="2001:db8:1::1", origin=ORIGIN)
    assert (await Browser(gateway).start())["code"] == "TOO_OFTEN"


@pytest.mark.usefixtures("one_minute")
async def test_who_has_a_chat_comes_back(gateway: ChatAsking) -> None:
    """Whoever has a chat finds it again where others have used up what a site, or their address, may begin."""
    gateway.lines, gateway.rates = Lines([site(starts_per_minute=2, starts_per_minute_of_site=2)]), RateLimit()
    one = Browser(gateway)
    begun = [(await Browser(gateway).start())["__typename"], (await one.start())["__typename"]]
    assert begun == ["StartChatPayload"] * 2
    assert (await Browser(gateway).start())["code"] == "TOO_OFTEN"
    again = [await one.start(), await one.start(), await one.start()]
    assert [found.get("isResumed") for found in again] == [True, True, None]
    assert again[-1]["code"] == "TOO_OFTEN"


@pytest.mark.parametrize(
    ("addresses", "begun"),
    [
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"], [True, False, True]),
        (["2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:1::1"], [True, True, False, True]),
        (["::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"], [True, False, True]),
        (["junk", "x" * 1_000, "192.0.2.1"], [True, False, True]),
    ],
    ids=["network", "site", "mapped", "junk"],
)
@pytest.mark.usefixtures("one_minute")
async def test_addresses(gateway: ChatAsking, addresses: list[str], begun: list[bool]) -> None:
    """Of the sixth version a network is one address, and a site gets a share; all that is none is one address."""
    gateway.lines, gateway.rates = Lines([site(starts_per_minute=1, starts_per_minute_of_site=8)]), RateLimit()
    got = []
    for address in addresses:
        gateway.caller = Caller(address=address, origin=ORIGIN)
        got.append((await Browser(gateway).start())["__typename"] == "StartChatPayload")
    assert got == begun
