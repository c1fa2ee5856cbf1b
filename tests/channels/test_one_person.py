"""Is one person who comes by five channels one customer, with one history, by proven claims alone?"""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from resolvers.channel_standing import know_accounts
from resolvers.kit.shift import Shift
from resolvers.live.account_pasts import JOB
from tests.channels.five_channels import ADDRESS, CUSTOMER, NUMBER, Clock, Company, Person, opened, page, vendors
from tests.channels.shopify.making import told_sale
from tests.gateway.conftest import OpenGate, no_settings, open_gate, troubled
from tests.waiting import until

__all__ = ["no_settings", "open_gate", "troubled"]

MAILBOX = ("email", "support", ADDRESS)
EVERYBODY = "{ customers { nodes { id suggestions { customers { id } } } } }"
WHOLE = """query ($id: ID!) { customer(id: $id) {
  identities { channel value claim } conversations { nodes { id channel } }
  purchases { totalCount sources { name status } } purchaseTotals { orders amount { amount currency } }
  history(first: 50) { totalCount nodes { at kind channel } sources { name status } } } }"""
OWN = "{ viewer { customer { id conversations { nodes { channel } } } } }"


@pytest.fixture
async def company(open_gate: OpenGate) -> AsyncIterator[Company]:
    """A company on five channels, of whom nobody is a customer yet."""
    clock = Clock()
    async with vendors() as behind:
        house = open_gate(lines=behind.lines, clock=clock, live_s=10.0).house
        await know_accounts(house.store, behind.lines)
        async with opened(house, clock, behind) as made:
            yield made


@pytest.fixture
def ann(company: Company) -> Person:
    """Ann, who is nobody's customer yet."""
    return Person(company)


async def everybody(company: Company) -> dict[str, set[str]]:
    """Every customer, with those of whom agents are told that they may be the same."""
    found = (await company.ask(EVERYBODY))["customers"]["nodes"]
    return {
        one["id"]: {other["id"] for pair in one["suggestions"] for other in pair["customers"]} - {one["id"]}
        for one in found
    }


async def shown(company: Company, *words: str) -> Any:
    """W1 of whoever has Ann's address, once all of these words stand in its history."""
    async with asyncio.timeout(30):
        while True:
            found = await company.panel(*MAILBOX)
            if found is not None and set(words) <= set(words_of(found)):
                return found
            # People are looked up six hundred times a minute at most.
            await asyncio.sleep(0.1)


def words_of(panel: Any) -> list[str]:
    """What was said and bought, of W1, in its order."""
    items = [one["node"]["item"] for one in panel["history"]["edges"]]
    return [item.get("text") or item.get("number") for item in items]


async def poll(company: Company) -> None:
    """Has the job read what has changed in the shop, an hour later."""
    company.clock.later(61)
    house = company.house
    graph = house.graph.declared
    shift = Shift(store=house.store, declared=graph, clock=house.clock, lines=house.lines, default_region="US")
    before = company.vendors.shop.asked["Changes"]
    while await graph.jobs[JOB].work(shift):
        pass
    assert company.vendors.shop.asked["Changes"] > before


async def test_typed_opens_nothing(company: Company, ann: Person) -> None:
    """An address that is typed into the chat gives agents a suggestion, and the visitor nothing of its holder's."""
    await ann.mails("My old question")
    known = (await shown(company, "My old question"))["id"]
    stranger = Person(company)
    await stranger.visits()
    await stranger.chats("It is me")
    assert await stranger.identifies(name="Ann Lee", email=ADDRESS.upper()) is False
    people = await everybody(company)
    (other,) = people.keys() - {known}
    assert people == {known: {other}, other: {known}}
    assert await stranger.reads() == ["It is me"]
    assert await stranger.is_refused(OWN)
    assert words_of(await company.panel(*MAILBOX)) == ["My old question"]


async def test_signed_is_one(company: Company, ann: Person) -> None:
    """Whom the company signs with an address from which proven mail came is that customer, and sees what is theirs."""
    await ann.mails("My old question")
    known = (await shown(company, "My old question"))["id"]
    await ann.visits()
    await ann.chats("It is me")
    assert await ann.identifies(email=ADDRESS) is False
    assert await ann.signs_in() is True
    assert await everybody(company) == {known: set()}
    assert words_of(await company.panel(*MAILBOX)) == ["My old question", "It is me"]
    own = (await ann.does(OWN))["viewer"]["customer"]
    assert {one["channel"] for one in own["conversations"]["nodes"]} == {"email", "webchat"}


async def test_unproven_stays_apart(company: Company, ann: Person) -> None:
    """A mail that nobody has checked, and an order of somebody who has only typed the address, join nobody."""
    await ann.visits()
    assert await ann.signs_in() is True
    (known,) = await everybody(company)
    await ann.buys(state="DISABLED")
    await until(lambda: _are(company, 2), within_s=30)
    people = await everybody(company)
    (other,) = people.keys() - {known}
    assert people[other] == {known}


async def test_shop_came_first(company: Company, ann: Person) -> None:
    """Whom the shop has known before is who the company signs by the number there, and sees the own purchases."""
    await ann.buys(state="DISABLED")
    await until(lambda: _are(company, 1), within_s=30)
    (known,) = await everybody(company)
    await ann.visits()
    await ann.chats("Where is my bell?")
    assert await ann.signs_in(accounts={"shopify/acme": f"{CUSTOMER}"}) is True
    await ann.mails("Where is it?")
    assert words_of(await shown(company, "Where is it?")) == ["#1001", "Where is my bell?", "Where is it?"]
    assert list(await everybody(company)) == [known]
    own = await ann.does("{ viewer { customer { id purchases { nodes { number } } } } }")
    assert own["viewer"]["customer"] == {"id": known, "purchases": {"nodes": [{"number": "#1001"}]}}


async def _are(company: Company, count: int) -> bool:
    return len(await everybody(company)) == count


async def test_missed_delivery(company: Company, ann: Person) -> None:
    """An order of which no delivery tells is found by polling, is the same person's, and stays one when it is told."""
    await ann.mails("My old question")
    known = (await shown(company, "My old question"))["id"]
    made = ann.orders()
    await poll(company)
    assert words_of(await shown(company, "#1001")) == ["My old question", "#1001"]
    await company.told_by_shop("orders/create", told_sale(made, company.vendors.shop.buyers[0]))
    await ann.mails("Thank you")
    assert words_of(await shown(company, "Thank you")) == ["My old question", "#1001", "Thank you"]
    assert list(await everybody(company)) == [known]


async def test_five_channels(company: Company, ann: Person, record_property: Any) -> None:
    """Who visits, chats, identifies, buys, mails and writes on Messenger and WhatsApp is one customer, all of it once.

    The order is told by its delivery, is asked for, and is found by polling.
    """
    await ann.visits()
    await ann.chats("Do you have bells?")
    assert await ann.identifies(email=ADDRESS) is False
    assert await ann.signs_in() is True
    await ann.buys()
    await ann.mails("When will it come?")
    customer = (await shown(company, "Do you have bells?", "#1001", "When will it come?"))["id"]
    await ann.messages("And here?")
    await company.joins(customer, "messenger", page.PAGE, page.PSID)
    await company.knows_number(customer)
    await poll(company)
    await ann.texts("The last word")
    acknowledged = company.clock()
    panel = await shown(company, "The last word")
    record_property("seconds from the last delivery to W1", (company.clock() - acknowledged).total_seconds())

    words = ["Do you have bells?", "#1001", "When will it come?", "And here?", "The last word"]
    assert (panel["id"], words_of(panel)) == (customer, words)
    assert list(await everybody(company)) == [customer]
    found = (await company.ask(WHOLE, id=customer))["customer"]
    claims = {(one["channel"], one["value"][:2]): one["claim"] for one in found["identities"]}
    proven = {("webchat", "v_"), ("webchat", "u_"), ("email", "an"), ("messenger", page.PSID[:2])}
    assert {place for place, claim in claims.items() if claim == "VERIFIED"} == proven
    assert claims.keys() - proven == {("shopify", f"{CUSTOMER}"), ("whatsapp", f"+{NUMBER[0]}")}
    history = found["history"]
    assert history["totalCount"] == len(words)
    assert all(one["at"] < other["at"] for one, other in pairwise(history["nodes"]))
    assert [one["channel"] for one in history["nodes"]] == ["webchat", "shopify", "email", "messenger", "whatsapp"]
    assert found["purchases"]["totalCount"] == len(panel["purchases"]["nodes"]) == 1
    assert found["purchaseTotals"] == [{"orders": 1, "amount": {"amount": "19.80", "currency": "EUR"}}]
    sources = [*history["sources"], *found["purchases"]["sources"]]
    assert {one["status"] for one in sources} == {"STORED", "OK"}
    assert company.vendors.shop.asked["Purchases"] > 0
    await _answered(company, ann, {one["channel"]: one["id"] for one in found["conversations"]["nodes"]})


async def _answered(company: Company, ann: Person, talks: dict[str, str]) -> None:
    """What the agent answers in each conversation comes out where it was asked, and there alone."""
    for channel, talk in talks.items():
        await company.answers(talk, f"By {channel}.")
    behind = company.vendors
    await until(lambda: behind.office.mails and behind.meta.sent and behind.whatsapp.sent, within_s=30)
    (mailed,), (paged,), (texted,) = behind.office.mails, behind.meta.sent, behind.whatsapp.sent
    assert (mailed.recipient, b"By email." in mailed.body) == (ADDRESS, True)
    assert (paged["recipient"]["id"], paged["message"]["text"]) == (page.PSID, "By messenger.")
    assert (texted["to"], texted["text"]["body"]) == (f"+{NUMBER}", "By whatsapp.")
    assert (await ann.reads())[-1] == "By webchat."
