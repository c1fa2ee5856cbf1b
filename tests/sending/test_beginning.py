"""Does a message to somebody with whom no conversation is meant begin one, once, under the id that the vendor gives?"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.contract.channel import Equipment
from adapters.contract.found import Portion
from adapters.contract.records import Person, Who
from adapters.http.session import Outside
from adapters.lines import Lines
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.batch import take
from resolvers.kit.shift import Shift
from resolvers.outbox import OUTBOX
from tests.channels.zendesk import double
from tests.channels.zendesk.double import CLIENT, SIGNING_SECRET, TICKET_DETAIL, user
from tests.conftest import Asking
from tests.sending.conftest import SEND, hand_over

ANN = Who("zendesk", "acme", "1")
WHOLE = """{ customerByIdentity(channel: "zendesk", account: "acme", value: "1") { customer {
  identities { id } conversations { nodes { id messages { nodes { id text status } } } } } } }"""


@dataclass
class Office:
    """A desk at which Ann has no ticket, and where words go out."""

    ask: Asking
    vendor: double.Desk
    zendesk: Zendesk

    async def send(self, key: str = "first", text: str = "Hello!", **more: Any) -> Any:
        """What an agent is answered who writes to Ann."""
        ((identity,), _) = await self.seen()
        given = {"key": key, "text": text} | (more or {"identityId": identity["id"]})
        answer = await self.ask(SEND, input=given)
        assert not answer.errors
        return answer.data["sendMessage"]

    async def seen(self) -> tuple[list[Any], list[Any]]:
        """Ann's identities and conversations, as agents see them."""
        customer = (await self.ask(WHOLE)).data["customerByIdentity"]["customer"]
        return customer["identities"], customer["conversations"]["nodes"]

    async def empty(self, later: timedelta = timedelta()) -> None:
        """Hands over whatever is due."""
        now = self.ask.now + later
        shift = Shift(store=self.ask.store, declared=self.ask.graph.declared, clock=lambda: now, lines=self.ask.lines)
        await hand_over(shift)

    async def take(self, *records: Any) -> None:
        """Takes in what the vendor says."""
        await take(self.ask.store, records, at=self.ask.now, by="zendesk/acme")


@pytest.fixture
async def office(ask: Asking) -> AsyncIterator[Office]:
    """The line to the desk."""
    async with double.serving(double.Desk(users={1: user(1)})) as vendor, Outside() as outside:
        told = {"base_url": vendor.url, "signing_secrets": [SIGNING_SECRET], "sends_as": "900", **CLIENT}
        way = outside.way("zendesk", "acme", replace(Zendesk.manners, tries=1))
        zendesk = Zendesk("acme", ZendeskSettings.model_validate(told), Equipment(way=way))
        ask.lines = Lines([zendesk])
        office = Office(ask, vendor, zendesk)
        await office.take(Person(who=ANN))
        yield office


async def test_new_ticket(office: Office) -> None:
    """A ticket is opened for the person, and the message stands in the conversation of the id that the desk gave."""
    sent = await office.send()
    assert sent["sent"]["status"] == "QUEUED"
    await office.empty()
    assert [(one["requester_id"], one["subject"]) for one in office.vendor.written] == [(1, "Hello!")]
    (talk,) = await office.ask.store.find(CONVERSATIONS, {})
    assert (talk["external_id"], talk["status"]) == ("1", "OPEN")
    _, (seen,) = await office.seen()
    assert seen["messages"]["nodes"] == [{"id": sent["sent"]["id"], "text": "Hello!", "status": "SENT"}]


async def test_same_key(office: Office) -> None:
    """Sent again with its key, before and after the desk has named the conversation, it is the same message."""
    first, again = await office.send(), await office.send()
    await office.empty()
    last = await office.send()
    await office.empty()
    assert first["sent"]["id"] == again["sent"]["id"] == last["sent"]["id"]
    assert len(office.vendor.written) == 1


async def test_next_words(office: Office) -> None:
    """What is written in the conversation before the desk has named it goes to the same ticket."""
    begun = (await office.send())["sent"]["conversation"]["id"]
    await office.send("second", "And another thing.", conversationId=begun)
    await office.empty()
    assert [sorted(one.get("subject", "-")) for one in office.vendor.written] == [sorted("Hello!"), ["-"]]
    _, (seen,) = await office.seen()
    assert [one["text"] for one in seen["messages"]["nodes"]] == ["Hello!", "And another thing."]


@pytest.mark.parametrize("is_first", [True, False], ids=["told before", "told after"])
async def test_ticket_is_told_of(office: Office, is_first: bool) -> None:
    """The ticket that the desk tells of is the same conversation, whether that comes before or after its answer."""
    detail = TICKET_DETAIL | {"id": "1", "requester_id": "1", "updated_at": "2026-11-21T09:29:57Z"}
    told = office.zendesk.events(double.delivery(double.told("ticket.created", detail)))[0].records
    await office.send()
    if is_first:
        await office.take(*told)
    await office.empty()
    if not is_first:
        await office.take(*told)
    (talk,) = await office.ask.store.find(CONVERSATIONS, {})
    (message,) = await office.ask.store.find(MESSAGES, {"customer_id": {"$ne": None}})
    assert (talk["external_id"], talk["subject"]) == ("1", "Cannot sign in")
    assert message["conversation_id"] == talk["_id"]


async def test_asked_again_once(office: Office) -> None:
    """Where the desk's answer is lost the ticket is asked for again by its key, which the desk knows: there is one."""
    office.vendor.hurts_after = True
    office.vendor.fault("/api/v2/tickets.json", 502)
    begun = (await office.send())["sent"]["conversation"]["id"]
    await office.send("second", "And another thing.", conversationId=begun)
    await office.empty()
    assert len(office.vendor.written) == 1
    await office.empty(timedelta(minutes=5))
    assert office.vendor.lookups == ["miss", "hit"]
    assert [one["status"] for one in (await office.seen())[1][0]["messages"]["nodes"]] == ["SENT", "SENT"]


async def test_killed_while_opening(office: Office) -> None:
    """Whoever takes over from a process that was killed asks for the ticket again by its key."""
    await office.send()
    row = await office.ask.store.first(OUTBOX, {}) or {}
    killed = {"state": "HANDED_OVER", "first_handed_over_at": office.ask.now}
    await office.ask.store.update(OUTBOX, {"_id": row["_id"]}, {"$set": killed})
    await office.empty()
    await office.empty(timedelta(minutes=5))
    assert len(office.vendor.written) == 1
    assert await office.ask.store.count(OUTBOX, {}) == 0


async def test_unknown_at_last(office: Office) -> None:
    """When the desk knows the key no longer, the ticket is not asked for again: a look at the past settles it."""
    office.vendor.hurts_after = True
    office.vendor.fault("/api/v2/tickets.json", 502)
    await office.send()
    long_ago = {"first_handed_over_at": office.ask.now - timedelta(hours=2)}
    await office.ask.store.update_all(OUTBOX, {}, {"$set": long_ago})
    await office.empty()
    assert [one["status"] for one in (await office.seen())[1][0]["messages"]["nodes"]] == ["UNKNOWN"]
    await office.take(*(await office.zendesk.past(ANN, Portion())).records)
    (talk,) = await office.ask.store.find(CONVERSATIONS, {})
    (message,) = await office.ask.store.find(MESSAGES, {"customer_id": {"$ne": None}})
    assert (talk["external_id"], message["conversation_id"], message["status"]) == ("1", talk["_id"], "SENT")
