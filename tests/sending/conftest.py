"""A number on WhatsApp with its vendor, somebody who wrote to it, and a hand that empties the outbox."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.settings import WhatsAppSettings
from adapters.contract.channel import Equipment
from adapters.http.session import Outside
from adapters.lines import Lines
from resolvers.conversations import MESSAGES
from resolvers.identities import IDENTITIES
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.jobs import Job
from resolvers.kit.shift import Shift
from resolvers.outbox import UPKEEP
from tests.channels.meta_deliveries import delivered
from tests.channels.whatsapp.double import NUMBER, SECRET, TOKEN, VERIFY_TOKEN, Cloud, enveloped, serving
from tests.channels.whatsapp.double import message as told_message
from tests.conftest import Asking

SEND = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessagePayload { sent { id text status direction authorName failureReason conversation { id } } }
  ... on OutsideWindow { allowed closedAt }
  ... on Refusal { code message inputPath } } }"""
TALKS = """{ customerByIdentity(channel: "whatsapp", account: "106540352242922", value: "+16505551234") { customer {
  id identities { id } conversations { nodes { id messages { nodes { id text status direction failureReason } } } } } }
}"""


async def hand_over(shift: Shift) -> None:
    """Hands over whatever is due on the lines of a process, and gives up what is too old, as its jobs do."""
    for job in (*jobs_of(shift), shift.declared.jobs[UPKEEP]):
        while job.when is None or await job.when(shift):
            if not await job.work(shift):
                break


def jobs_of(shift: Shift) -> list[Job]:
    """The jobs of a process that hand over, one for each of its lines."""
    return [one for one in shift.jobs() if one.name.startswith("outbox ") and one.name != UPKEEP]


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """A vendor to whom nothing was sent yet."""
    async with serving(Cloud()) as served:
        yield served


@pytest.fixture
async def whatsapp(cloud: Cloud) -> AsyncIterator[WhatsApp]:
    """The number."""
    told = {"base_url": cloud.url, "access_token": TOKEN, "app_secrets": [SECRET], "verify_token": VERIFY_TOKEN}
    async with Outside() as outside:
        way = outside.way("whatsapp", NUMBER, replace(WhatsApp.manners, try_s=0.3, rests_s=0.1))
        yield WhatsApp(NUMBER, WhatsAppSettings.model_validate(told), Equipment(way=way, default_region="US"))


@dataclass
class Desk:
    """Where words go out."""

    ask: Asking
    channel: WhatsApp

    async def hears(self, *messages: dict[str, Any], statuses: Sequence[dict[str, Any]] = ()) -> None:
        """Has the vendor tell of messages and statuses, as it delivers them."""
        told: dict[str, Any] = {"statuses": list(statuses)} if statuses else {}
        if messages:
            contacts = [{"profile": {"name": "Kerry"}, "wa_id": one["from"]} for one in messages]
            told |= {"contacts": contacts, "messages": list(messages)}
        body = enveloped(told)
        events = self.channel.events(delivered(body))
        records = [record for event in events for record in event.records]
        assert records
        await take(self.ask.store, records, at=self.ask.now, by="whatsapp/" + NUMBER)

    async def send(self, **more: Any) -> Any:
        """What an agent is answered who answers in the one conversation that there is."""
        given = {"key": "first", "text": "Good morning!"} | more
        if "conversationId" not in given:
            given["conversationId"] = (await self.talk())["id"]
        answer = await self.ask(SEND, input={name: value for name, value in given.items() if value is not None})
        assert not answer.errors
        return answer.data["sendMessage"]

    async def write(self, number: str, text: str) -> Any:
        """Queues a message to the person of a number, who has just written."""
        at = str(int(self.ask.now.timestamp()))
        if await self.ask.store.first(IDENTITIES, {"value": f"+{number}"}) is None:
            await self.hears(told_message(id=f"wamid.{number}", timestamp=at, **{"from": number}))
        one = await self.ask.store.first(IDENTITIES, {"value": f"+{number}", "is_former": {"$ne": True}}) or {}
        given = {"key": text, "text": text, "identityId": global_id("Identity", one["_id"])}
        answer = await self.ask(SEND, input=given)
        assert not answer.errors
        return answer.data["sendMessage"]["sent"]

    async def fares(self) -> dict[str, str]:
        """How far each message of ours came, by its words."""
        return {one["text"]: one["status"] for one in await self.ask.store.find(MESSAGES, {"direction": "OUT"})}

    async def talk(self) -> Any:
        """The conversation with the person."""
        (found,) = (await self.ask(TALKS)).data["customerByIdentity"]["customer"]["conversations"]["nodes"]
        return found

    async def ours(self) -> list[Any]:
        """What the company wrote, as agents see it."""
        return [one for one in (await self.talk())["messages"]["nodes"] if one["direction"] == "OUT"]

    def shift(self, later: timedelta = timedelta()) -> Shift:
        """A hand in the jobs, at the moment of the last question or later."""
        now = self.ask.now + later
        return Shift(store=self.ask.store, declared=self.ask.graph.declared, clock=lambda: now, lines=self.ask.lines)

    async def empty(self, later: timedelta = timedelta()) -> None:
        """Hands over whatever is due."""
        await hand_over(self.shift(later))


@pytest.fixture
async def desk(ask: Asking, whatsapp: WhatsApp) -> Desk:
    """A line to the number, to which somebody has just written."""
    ask.lines = Lines([whatsapp])
    desk = Desk(ask, whatsapp)
    await desk.hears(told_message(id="wamid.hello", timestamp=str(int(ask.now.timestamp()))))
    return desk
