"""Does what is typed open nothing, and what the company has signed prove one person and no other?"""

import asyncio
from typing import Any

import pytest

from gateway.limits import RateLimit
from resolvers.conversations import CONVERSATIONS
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.makers import Makers
from tests.webchat.conftest import ANSWER, Browser, answered, messages, signed

SUGGESTED = """query ($value: String!) { customerByIdentity(channel: "webchat", account: "main", value: $value) {
  suggestions { customers { id } } } }"""
OWN = "{ viewer { customer { id displayName conversations { nodes { channel } } } } }"


async def own(browser: Browser) -> Any:
    """What the visitor sees of the own record, where that may be asked."""
    viewer = {**browser.viewer, "fields": frozenset()}
    answer = await browser.ask(OWN, as_=Role.VISITOR, viewer=viewer)
    assert not answer.errors
    return answer.data["viewer"]["customer"]


async def prove(browser: Browser, **claims: Any) -> Any:
    """Shows a statement that is signed now."""
    return await browser.identifies(signed=signed(browser.ask.now, **claims))


async def test_typed_is_said(browser: Browser, make: Makers) -> None:
    """An address that is typed is not verified: it suggests to agents who it may be, and opens nothing."""
    bob = await make.customer("Bob", "Jones")
    given = {"customerId": bob.id, "type": "EMAIL", "value": "bob@example.com"}
    await change(browser.ask, "addContactPoint", "__typename", **given)
    got = await browser.identifies(name="Bob Jones", email="Bob@Example.com")
    assert (got["isVerified"], browser.viewer["fields"] != frozenset()) == (False, True)
    one = await make.store.first(CUSTOMERS, {"contact_points.value": "bob@example.com", "_id": {"$ne": bob.key}})
    assert one is not None
    assert [point["is_verified"] for point in one["contact_points"]] == [False]
    (who,) = await make.store.find(IDENTITIES, {})
    asked = await browser.ask(SUGGESTED, value=who["value"])
    (suggested,) = asked.data["customerByIdentity"]["suggestions"]
    assert bob.id in [one["id"] for one in suggested["customers"]]
    assert (await own(browser))["id"] != bob.id
    assert (await browser.sees())["isVerified"] is False


ODD_CLAIMS: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["input"]),
    ({"name": "Ann", "signed": "x"}, ["input"]),
    ({"email": "nobody"}, ["input", "email"]),
    ({"name": " "}, ["input", "name"]),
    ({"name": "x" * 201}, ["input", "name"]),
]


async def test_odd_claims(browser: Browser) -> None:
    """What says nothing, or is no address, is refused by its place."""
    for given, path in ODD_CLAIMS:
        got = await browser.identifies(**given)
        assert (got["code"], got["inputPath"]) == ("INVALID_INPUT", path)


async def test_first_device(browser: Browser) -> None:
    """Whom the company signs for the first time is the visitor, who keeps the record and is proven to be it."""
    before = browser.customer
    got = await prove(browser, name="Ann Lee", email="ann@example.com", email_verified=True)
    assert (got["isVerified"], browser.customer, browser.viewer["fields"]) == (True, before, frozenset())
    found = await browser.ask.store.find(IDENTITIES, {}, only=["value", "claim"])
    assert {one["claim"] for one in found} == {"VERIFIED"}
    assert (await browser.sees())["isVerified"]
    (one,) = await browser.ask.store.find(CUSTOMERS, {})
    assert [(point["value"], point["is_verified"]) for point in one["contact_points"]] == [("ann@example.com", True)]


async def test_typed_beside_signed(browser: Browser) -> None:
    """What is typed takes no place of what is signed: a name that there is stays, and no address becomes the first."""
    await prove(browser, name="Ann Lee")
    await browser.start()
    assert not (await browser.identifies(name="Somebody", email="some@example.com"))["isVerified"]
    (one,) = await browser.ask.store.find(CUSTOMERS, {})
    assert (one["display_name"], one.get("contact_points", [])) == ("Ann Lee", [])
    await prove(browser, email="ann@example.com")
    await browser.identifies(email="some@example.com")
    (one,) = await browser.ask.store.find(CUSTOMERS, {})
    points = {point["value"]: (point["is_primary"], point["is_verified"]) for point in one["contact_points"]}
    assert points == {"ann@example.com": (True, False), "some@example.com": (False, False)}


async def test_typed_where_none_is_known(browser: Browser) -> None:
    """Where the company has signed no name, that which is typed is kept."""
    await prove(browser)
    await browser.identifies(name="Ann Lee")
    (one,) = await browser.ask.store.find(CUSTOMERS, {})
    assert one["display_name"] == "Ann Lee"


@pytest.mark.parametrize("email", ["nobody", "a b@c.example", "x" * 321, "@", "a@" + "b" * 300])
async def test_signed_odd_addresses(browser: Browser, email: str) -> None:
    """A signed address that is none is left out, and the rest of the statement stands."""
    got = await prove(browser, name="Ann Lee", email=email, email_verified=True)
    (one,) = await browser.ask.store.find(CUSTOMERS, {})
    assert (got.get("isVerified"), one["display_name"], one.get("contact_points", [])) == (True, "Ann Lee", [])


async def test_second_device(browser: Browser) -> None:
    """The same person on a second device is one customer, and sees what was said on the first."""
    await browser.says("from the laptop")
    await prove(browser)
    phone = Browser(browser.ask)
    await phone.start()
    await phone.says("from the phone")
    await prove(phone, jti="another")
    assert phone.customer == browser.customer
    assert len((await own(phone))["conversations"]["nodes"]) == 2
    assert [one["text"] for one in (await phone.sees())["messages"]] == ["from the phone"]
    await answered(phone, "Hello phone")
    assert [one["text"] for one in (await phone.sees())["messages"]] == ["from the phone", "Hello phone"]
    await phone.says("and on")
    everything = [text for _, text in await messages(browser.ask)]
    assert everything == ["from the laptop", "from the phone", "Hello phone", "and on"]
    live = await browser.ask.store.find(CUSTOMERS, {"merged_into": None})
    assert len(live) == 1


async def test_two_devices_at_once(browser: Browser) -> None:
    """Whoever signs in on two devices at the same moment is one customer on both."""
    phone = Browser(browser.ask)
    await phone.start()
    await asyncio.gather(prove(browser, jti="1"), prove(phone, jti="2"))
    assert phone.customer == browser.customer
    assert await browser.ask.store.count(CUSTOMERS, {"merged_into": None}) == 1
    assert await browser.ask.store.count(IDENTITIES, {"claim": "VERIFIED"}) == 3


async def test_agents_write_to_browsers(browser: Browser) -> None:
    """Agents begin with a browser of the person; how the company calls the person reaches nobody, and is refused."""
    await prove(browser)
    found = await browser.ask.store.find(IDENTITIES, {}, order=[("value", -1)])
    got = []
    for one in found:
        given = {"key": one["value"], "identityId": global_id("Identity", one["_id"]), "text": "Hello"}
        got.append((await browser.ask(ANSWER, input=given)).data["sendMessage"]["__typename"])
    assert got == ["SendMessagePayload", "NotPermitted"]
    assert [one["text"] for one in (await browser.sees())["messages"]] == ["Hello"]


async def test_resume_proves_nobody(browser: Browser) -> None:
    """Whoever comes back by the word alone sees the chat, and nothing that signing in had opened."""
    await prove(browser)
    await browser.start()
    assert browser.viewer["fields"]
    phone = Browser(browser.ask)
    await phone.start()
    await prove(phone, jti="another")
    await phone.start()
    assert phone.customer != browser.customer


async def test_mailbox_joined(browser: Browser, make: Makers) -> None:
    """Who has written from an address is the customer whom the company signs with it, verified; else nobody is."""
    await make.channel("email", "support")
    ann = await make.customer("Ann", "Lee")
    await make.identity(ann, "email", "ann@example.com", "support")
    unsure = Browser(browser.ask)
    await unsure.start()
    await prove(unsure, sub="9", jti="9", email="ann@example.com")
    assert unsure.customer != ann.id
    (kept,) = await make.store.find(CUSTOMERS, {"_id": _key(unsure)})
    assert [point["is_verified"] for point in kept["contact_points"]] == [False]
    await prove(browser, email="ann@example.com", email_verified=True)
    assert browser.customer == ann.id


async def test_account_joined(browser: Browser, make: Makers) -> None:
    """Whoever is known on another channel by the id that the company signs is that person, also without an address."""
    ann = await make.customer("Ann", "Lee")
    await make.identity(ann, "shop", "17")
    await prove(browser, accounts={"shop/main": "17"})
    assert browser.customer == ann.id


async def test_account_is_given(browser: Browser, make: Makers) -> None:
    """An id that nobody has is the visitor's from then on, proven; one that was only concluded is proven by it."""
    await make.channel("shop")
    before = browser.customer
    await prove(browser, accounts={"shop/main": "17"})
    assert browser.customer == before
    await make.store.update(IDENTITIES, {"channel": "shop"}, {"$set": {"claim": "INFERRED"}})
    await prove(browser, accounts={"shop/main": "17"}, jti="again")
    (found,) = await make.store.find(IDENTITIES, {"channel": "shop"})
    assert (found["value"], found["claim"], found["verified_by"]) == ("17", "VERIFIED", "webchat/main")


async def test_unknown_account(browser: Browser, make: Makers) -> None:
    """A statement that names an account that is not ours, or another visitor of the site, is refused in words."""
    await make.channel("webchat")
    for place in ("shop/main", "webchat/main"):
        got = await prove(browser, accounts={place: "u_4712"}, jti=place)
        assert (got["code"], "`accounts`" in got["message"]) == ("NOT_PERMITTED", True)


async def test_asserted_joins_nobody(browser: Browser, make: Makers) -> None:
    """An identity that is only said to be somebody's makes nobody one with them."""
    await make.channel("email", "support")
    ann = await make.customer("Ann", "Lee")
    await make.identity(ann, "email", "ann@example.com", "support")
    await make.store.update(IDENTITIES, {"customer_id": ann.key}, {"$set": {"claim": "ASSERTED"}})
    await prove(browser, email="ann@example.com", email_verified=True)
    assert browser.customer != ann.id


async def test_known_visitors_stay(browser: Browser, make: Makers) -> None:
    """A visitor of whom more is known than the chat is made one with nobody by a machine; people decide."""
    await prove(browser)
    other = Browser(browser.ask)
    await other.start()
    (chat,) = await make.store.find(IDENTITIES, {"value": {"$regex": "^v_"}, "customer_id": _key(other)})
    await make.identity(_Of(chat["customer_id"]), "whatsapp", "+14155550123")
    got = await prove(other, jti="another")
    assert (got["code"], "people" in got["message"]) == ("CONFLICT", True)


@pytest.mark.parametrize("is_survivor", [True, False])
async def test_merged_by_agents(browser: Browser, is_survivor: bool) -> None:
    """Whom agents have made one with another customer opens nothing of that one's by a first sign-in: people decide."""
    await browser.says("my secret")
    thief = Browser(browser.ask)
    await thief.start()
    survivor, other = (thief, browser) if is_survivor else (browser, thief)
    await change(browser.ask, "mergeCustomers", "__typename", survivorId=survivor.customer, otherIds=[other.customer])
    got = await prove(thief, sub="4712", email="thief@example.com", email_verified=True)
    assert (got["code"], "people" in got["message"]) == ("CONFLICT", True)
    assert thief.viewer["fields"]
    assert await browser.ask.store.count(IDENTITIES, {"value": {"$regex": "^u_"}}) == 0


async def test_merged_once_proven(browser: Browser, make: Makers) -> None:
    """Who was proven before agents merged the record goes on to be, and is the survivor."""
    await prove(browser)
    ann = await make.customer("Ann", "Lee")
    await change(browser.ask, "mergeCustomers", "__typename", survivorId=ann.id, otherIds=[browser.customer])
    assert (await prove(browser, jti="another"))["isVerified"]
    assert browser.customer == ann.id


async def test_two_at_one_browser(browser: Browser) -> None:
    """Somebody else who signs in at the same browser is not made one with who was there before."""
    await prove(browser)
    got = await prove(browser, sub="4712", jti="another")
    assert (got["code"], "somebody else" in got["message"]) == ("CONFLICT", True)
    users = [one["value"] for one in await browser.ask.store.find(IDENTITIES, {"value": {"$regex": "^u_"}})]
    assert users == ["u_4711"]


async def test_shown_once(browser: Browser) -> None:
    """A statement that was shown in one chat is refused in another, also with other signs around it."""
    statement = signed(browser.ask.now)
    assert (await browser.identifies(signed=statement))["isVerified"]
    assert (await browser.identifies(signed=statement))["isVerified"]
    thief = Browser(browser.ask)
    await thief.start()
    for shown in (statement, statement + "="):
        assert (await thief.identifies(signed=shown))["code"] == "NOT_PERMITTED"
    assert thief.customer != browser.customer


async def test_not_believed(browser: Browser) -> None:
    """A statement of another site, or of nobody, is refused in words and proves nobody."""
    for wrong in ({"secret": "another secret of thirty-two signs and more"}, {"aud": "other"}):
        got = await browser.identifies(signed=signed(browser.ask.now, **wrong))
        assert (got["code"], got["inputPath"]) == ("NOT_PERMITTED", ["input", "signed"])
    assert not (await browser.sees())["isVerified"]


@pytest.mark.usefixtures("one_minute")
async def test_claims_are_bounded(browser: Browser) -> None:
    """Nobody tries statements out."""
    browser.ask.rates = RateLimit()
    got = [(await browser.identifies(signed="x"))["code"] for _ in range(7)]
    assert got == ["NOT_PERMITTED"] * 6 + ["TOO_OFTEN"]


async def test_relinked_goes_on(browser: Browser, make: Makers) -> None:
    """A chat that agents give to the customer whom they recognise goes on, and opens nothing of that one's."""
    await browser.says("Hello")
    bob = await make.customer("Bob", "Jones")
    talk = (await browser.sees())["conversation"]["id"]
    await change(browser.ask, "relinkConversation", "mergedId", id=talk, customerId=bob.id)
    await answered(browser, "Hello Bob")
    await browser.says("Yes?")
    assert [one["text"] for one in (await browser.sees())["messages"]] == ["Hello", "Hello Bob", "Yes?"]
    assert (await browser.start())["isResumed"]
    assert browser.customer != bob.id
    assert await browser.ask.store.count(CONVERSATIONS, {}) == 1


class _Of:
    """A customer by key."""

    def __init__(self, key: Any) -> None:
        self.key = key


def _key(browser: Browser) -> Any:
    return browser.viewer["customer_id"]
