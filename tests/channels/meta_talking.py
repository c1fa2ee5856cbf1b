"""An agent who answers on a channel of Meta's, and the hand that empties the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.lines import Lines
from adapters.records import Document
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.deliveries.intake import Intake, Tally
from resolvers.deliveries.waiting import DELIVERIES, delivery_document
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.shift import Shift
from resolvers.outbox import OUTBOX
from tests.channels.meta_deliveries import delivered
from tests.conftest import Asking
from tests.sending.conftest import SEND, hand_over


@dataclass
class Talking:
    """A line to one account, to which somebody has written."""

    ask: Asking
    channel: MetaMessaging

    @classmethod
    async def begun(cls, ask: Asking, channel: MetaMessaging, first: dict[str, Any]) -> Self:
        """The same after its first delivery."""
        ask.lines = Lines([channel])
        talking = cls(ask, channel)
        await talking.hears(first)
        return talking

    async def hears(self, body: dict[str, Any]) -> None:
        """Has the vendor deliver this."""
        events = self.channel.events(delivered(body))
        assert all(event.unread is None for event in events)
        told = [record for event in events for record in event.records]
        place = f"{self.channel.name}/{self.channel.account}"
        await take(self.ask.store, told, at=self.ask.now + timedelta(minutes=1), by=place)

    async def post(self, *bodies: Any) -> Tally:
        """What becomes of deliveries that wait, in their order."""
        place = {"channel": self.channel.name, "account": self.channel.account}
        store = self.ask.store
        for n, body in enumerate(bodies, await store.count(DELIVERIES, {})):
            made = delivery_document(delivered(body), **place, key=f"{n}", sequence=n)
            await store.insert(DELIVERIES, made)
        waiting = await store.find(DELIVERIES, {"state": "waiting"}, order=[("sequence", 1)])
        return await Intake(self._shift(self.ask.now), is_quiet=True).process(waiting)

    async def sent(self, text: str, **more: Any) -> Any:
        """What an agent is answered who writes in the conversation."""
        talk = await self.ask.store.first(CONVERSATIONS, {"subject": None}) or {}
        given = {"key": "1", "conversationId": global_id("Conversation", talk["_id"]), "text": text, **more}
        answer = await self.ask(SEND, input=given)
        assert not answer.errors
        return answer.data["sendMessage"]

    async def send(self, text: str, **more: Any) -> None:
        """An agent writes, and it is handed over."""
        assert (await self.sent(text, **more))["sent"]["status"] == "QUEUED"
        await self.empty()

    async def empty(self, later: timedelta = timedelta()) -> None:
        """Hands over whatever is due, now or that much later."""
        await hand_over(self._shift(self.ask.now + later))

    def _shift(self, now: datetime) -> Shift:
        graph = self.ask.graph.declared
        return Shift(store=self.ask.store, declared=graph, clock=lambda: now, lines=self.ask.lines)

    async def fares(self) -> dict[str, str]:
        """How far each message of ours came, by its words."""
        found = await self.ask.store.find(MESSAGES, {"direction": "OUT", "customer_id": {"$ne": None}})
        assert len({one["text"] for one in found}) == len(found)
        return {one["text"]: one["status"] for one in found}

    async def outbox(self) -> list[Document]:
        """What waits to be handed over."""
        return await self.ask.store.find(OUTBOX, {})

    @staticmethod
    def waiting(rows: Sequence[Document]) -> list[str]:
        """In which state each of them is."""
        return [row["state"] for row in rows]
