"""Does what an agent writes go out once, in order, and is it said how far it came?"""

import asyncio
from datetime import timedelta

import pytest
import structlog

from adapters.channels.whatsapp import WhatsApp
from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload
from adapters.contract.records import Person, Who
from adapters.lines import NO_LINES, Lines
from resolvers.conversations import MESSAGES
from resolvers.identities import IDENTITIES
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.outbox import OUTBOX
from tests.channels.whatsapp.double import NUMBER, Cloud, status
from tests.sending.conftest import SEND, TALKS, Desk, hand_over

HIDDEN = "query ($id: ID!) { node(id: $id) { ... on Message { failureReason hiddenFields } } }"
TEMPLATE = {"name": "order_update", "language": "en_US", "values": ["Kerry", "4711"]}


class Mute(WhatsApp):
    """A channel that sends nothing, though its class could."""

    name = "mute"

    def capabilities(self) -> tuple[Capability, ...]:
        """What deliveries tell."""
        return (Capability.WEBHOOK,)


async def test_goes_out(desk: Desk, cloud: Cloud) -> None:
    """A message is queued at once, and sent once its channel has taken it."""
    sent = await desk.send()
    assert (sent["sent"]["status"], sent["sent"]["authorName"]) == ("QUEUED", "Anna Agent")
    await desk.empty()
    (one,) = await desk.ours()
    assert (one["id"], one["status"], one["text"]) == (sent["sent"]["id"], "SENT", "Good morning!")
    (asked,) = cloud.sent
    assert (asked["to"], asked["text"]["body"]) == ("+16505551234", "Good morning!")
    assert await desk.ask.store.count(OUTBOX, {}) == 0


async def test_status_by_its_id(desk: Desk) -> None:
    """What the vendor says of a message by its own id is said of the one that we sent."""
    await desk.send()
    await desk.empty()
    at = str(int(desk.ask.now.timestamp()) + 60)
    await desk.hears(statuses=[status("read", id="wamid.sent-1", timestamp=at)])
    (one,) = await desk.ours()
    assert one["status"] == "READ"


async def test_same_key_once(desk: Desk, cloud: Cloud) -> None:
    """Sent twice with one key, a message goes out once, also at the same moment, and is one message."""
    talk = (await desk.talk())["id"]
    answers = await asyncio.gather(*(desk.send(conversationId=talk) for _ in range(5)))
    await desk.empty()
    answers.append(await desk.send())
    await desk.empty()
    assert len({one["sent"]["id"] for one in answers}) == len(cloud.sent) == len(await desk.ours()) == 1


async def test_key_of_another_message(desk: Desk) -> None:
    """A key that stands for other words is refused, with what to do."""
    await desk.send()
    refused = await desk.send(text="Good evening!")
    assert refused["code"] == "CONFLICT"
    assert "new key" in refused["message"]


async def test_outside_the_window(desk: Desk, cloud: Cloud) -> None:
    """A day after the person's last word free text is refused by name of what is allowed; a template goes out."""
    desk.ask.now += timedelta(hours=25)
    refused = await desk.send()
    assert (refused["code"], refused["allowed"]) == ("OUTSIDE_WINDOW", ["TEMPLATE"])
    assert refused["closedAt"]
    assert (await desk.send(text=None, template=TEMPLATE))["sent"]["text"] == "[order_update] · Kerry · 4711"
    await desk.empty()
    (asked,) = cloud.sent
    assert asked["template"]["name"] == "order_update"


async def test_unknown_is_not_sent_again(desk: Desk, cloud: Cloud) -> None:
    """Where the vendor does not answer, nobody sends it again, and it is shown that nobody knows."""
    cloud.hangs = True
    await desk.send()
    await desk.empty()
    cloud.hangs = False
    await desk.empty(timedelta(hours=1))
    assert len(cloud.sent) == 1
    assert [one["status"] for one in await desk.ours()] == ["UNKNOWN"]


@pytest.mark.parametrize("error", [BadPayload("The answer is no JSON."), ZeroDivisionError()])
async def test_unread_answer_is_unknown(desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Where an adapter cannot read the answer, or fails, nobody knows whether it went out; nobody else's waits."""

    async def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(WhatsApp, "send", fails)
    await desk.send()
    with structlog.testing.capture_logs() as logged:
        await hand_over(desk.shift())
    assert [one["status"] for one in await desk.ours()] == ["UNKNOWN"]
    assert await desk.ask.store.count(OUTBOX, {}) == 0
    assert any(one["event"] == "unforeseen" for one in logged) == isinstance(error, ZeroDivisionError)


async def test_unknown_is_settled(desk: Desk, cloud: Cloud) -> None:
    """A status that carries our key settles what nobody knew, and names the message."""
    cloud.hangs = True
    await desk.send()
    await desk.empty()
    key = cloud.sent[0]["biz_opaque_callback_data"]
    for n, name in enumerate(("delivered", "sent", "read")):
        at = str(int(desk.ask.now.timestamp()) + n)
        # Only the first of them carries it.
        more = {} if n else {"biz_opaque_callback_data": key}
        await desk.hears(statuses=[status(name, id="wamid.late", timestamp=at, **more)])
    assert [one["status"] for one in await desk.ours()] == ["READ"]


async def test_killed_while_handing_over(desk: Desk, cloud: Cloud) -> None:
    """What was being handed over by a process that was killed is unknown, and is not sent by the next one."""
    await desk.send()
    row = await desk.ask.store.first(OUTBOX, {}) or {}
    await desk.ask.store.update(OUTBOX, {"_id": row["_id"]}, {"$set": {"state": "HANDED_OVER"}})
    await desk.empty()
    assert cloud.sent == []
    assert [one["status"] for one in await desk.ours()] == ["UNKNOWN"]


async def test_refused_by_the_vendor(desk: Desk, cloud: Cloud) -> None:
    """What the vendor refuses has failed, with its reason for the staff and without anybody's number."""
    cloud.fails(131026)
    await desk.send()
    await desk.empty()
    (one,) = await desk.ours()
    assert one["status"] == "FAILED"
    assert "131026" in one["failureReason"]
    assert "16505551234" not in one["failureReason"]


async def test_reason_is_hidden(desk: Desk) -> None:
    """Why a message failed may quote whatever was written, and to whom: it is hidden with the words themselves."""
    await desk.send()
    await desk.empty()
    error = {"code": 131026, "title": "Not to +16505551234"}
    at = str(int(desk.ask.now.timestamp()) + 60)
    await desk.hears(statuses=[status("failed", id="wamid.sent-1", timestamp=at, errors=[error])])
    (one,) = await desk.ours()
    assert "131026" in one["failureReason"]
    answer = await desk.ask(HIDDEN, as_=Role.PARTNER, id=one["id"])
    assert answer.data == {"node": {"failureReason": None, "hiddenFields": ["text", "failureReason"]}}


async def test_busy_waits_in_order(desk: Desk, cloud: Cloud) -> None:
    """While a vendor is throttled all wait, and then go out in the order in which they were written."""
    cloud.fails(130429)
    for n in range(3):
        await desk.send(key=f"key {n}", text=f"word {n}")
    await desk.empty()
    asked, cloud.error = len(cloud.sent), None
    assert asked == 1
    await desk.empty(timedelta(minutes=10))
    assert [one["text"]["body"] for one in cloud.sent[asked:]] == ["word 0", "word 1", "word 2"]
    assert [one["status"] for one in await desk.ours()] == ["SENT"] * 3


async def test_given_up(desk: Desk) -> None:
    """What no channel takes within a day has failed."""
    await desk.send()
    desk.ask.lines = NO_LINES
    await desk.empty(timedelta(hours=1))
    assert [one["status"] for one in await desk.ours()] == ["QUEUED"]
    await desk.empty(timedelta(hours=25))
    assert [one["status"] for one in await desk.ours()] == ["FAILED"]


async def test_to_an_identity(desk: Desk, cloud: Cloud) -> None:
    """Who is written to by an identity is answered in the same conversation."""
    customer = (await desk.ask(TALKS)).data["customerByIdentity"]["customer"]
    talk = await desk.talk()
    sent = await desk.send(conversationId=None, identityId=customer["identities"][0]["id"])
    assert "sent" in sent, sent
    assert sent["sent"]["conversation"]["id"] == talk["id"]
    await desk.empty()
    assert len(cloud.sent) == 1


async def test_without_a_line(desk: Desk) -> None:
    """Where no line sends, the refusal says what an operator does."""
    desk.ask.lines = NO_LINES
    refused = await desk.send()
    assert refused["code"] == "CONFLICT"
    assert "settings file" in refused["message"]


@pytest.mark.parametrize("is_line", [True, False])
async def test_channel_that_sends_nothing(desk: Desk, *, is_line: bool) -> None:
    """Where the channel sends nothing, that is refused at once, with where the customer can be written to instead."""
    mute = Mute(NUMBER, desk.channel.settings, desk.channel.equipment)
    desk.ask.lines = Lines([desk.channel, mute] if is_line else [desk.channel])
    there, here = Who("mute", NUMBER, "17"), Who("whatsapp", NUMBER, "+16505551234")
    await take(desk.ask.store, [Person(who=here, also=(there,))], at=desk.ask.now, by="mute")
    named = await desk.ask.store.first(IDENTITIES, {"channel": "mute"}) or {}
    refused = await desk.send(conversationId=None, identityId=global_id("Identity", named["_id"]))
    assert (refused["code"], refused["inputPath"]) == ("CONFLICT", ["input", "identityId"])
    assert f"Nothing can be sent on mute/{NUMBER}. The customer is known on whatsapp/{NUMBER}: " in refused["message"]
    assert await desk.ask.store.count(OUTBOX, {}) == 0


async def test_longest_text(desk: Desk, cloud: Cloud) -> None:
    """A text that is longer than the channel takes is refused with its bound; the longest goes out."""
    refused = await desk.send(text="x" * 4097)
    assert (refused["code"], refused["inputPath"]) == ("INVALID_INPUT", ["input", "text"])
    assert "whatsapp takes 4,096" in refused["message"]
    assert "sent" in await desk.send(text="x" * 4096)
    await desk.empty()
    assert len(cloud.sent[0]["text"]["body"]) == 4096


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"text": None}, "either `text` or `template`"),
        ({"template": TEMPLATE}, "either `text` or `template`"),
        ({"identityId": "SWRlbnRpdHk6MQ"}, "either `conversationId` or `identityId`"),
        ({"conversationId": None}, "either `conversationId` or `identityId`"),
        ({"conversationId": "Q29udmVyc2F0aW9uOjE"}, "no such conversation"),
        ({"key": " "}, "`key`"),
        ({"text": " "}, "`text`"),
        ({"text": "x" * 20_001}, "20,000"),
        ({"text": None, "template": {**TEMPLATE, "values": ["x"] * 31}}, "at most 30"),
    ],
)
async def test_bad_input(desk: Desk, given: dict[str, object], told: str) -> None:
    """Each bad value is refused with what to send instead, and nothing is queued."""
    refused = await desk.send(**given)
    assert told in refused["message"].replace("20000", "20,000")
    assert await desk.ask.store.count(OUTBOX, {}) == 0


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_staff_alone(desk: Desk, role: Role) -> None:
    """Nobody but the staff writes in the company's name."""
    given = {"key": "first", "conversationId": (await desk.talk())["id"], "text": "Hi"}
    viewer = (
        {"customer_id": (await desk.ask.store.first(MESSAGES, {}) or {})["customer_id"]} if role is Role.VISITOR else {}
    )
    assert (await desk.ask(SEND, as_=role, viewer=viewer, input=given)).codes == ["FORBIDDEN"]
