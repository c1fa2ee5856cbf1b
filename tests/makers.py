"""Makes customers and what belongs to them, as the store keeps it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from adapters.mongo import Store
from adapters.records import Observation, Record, RecordId, key_hash, new_id, stored_decimal
from resolvers.agents import AGENTS, agent_document
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS, customer_document
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.interests import INTERESTS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.notes import NOTES
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.planted import FIRST, LAST

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Made:
    """A customer that a test made."""

    def __init__(self, key: RecordId) -> None:
        self.key = key
        self.id = global_id("Customer", key)


class Makers:
    """Puts documents straight into the store; moments climb by a minute unless they are given."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers = count(1)

    def moment(self) -> datetime:
        """A moment later than any before."""
        return BEGIN + timedelta(minutes=next(self._numbers))

    async def customer(self, first: str | None = FIRST, last: str | None = LAST, **more: Any) -> Made:
        """A customer with a name."""
        values = {name: value for name, value in (("firstName", first), ("lastName", last)) if value}
        at = more.pop("at", None) or self.moment()
        seen = Observation(observed_from="shop/main", observed_at=at)
        document = customer_document(key=new_id(), values=values, observed=seen, at=at, by="maker") | more
        await self.store.insert(CUSTOMERS, document)
        return Made(document["_id"])

    async def merged(self, old: Made, survivor: Made, *elements: str) -> None:
        """Has a customer gone into another, who takes these elements along."""
        await self.store.update(CUSTOMERS, {"_id": old.key}, {"$set": {"merged_into": survivor.key}})
        alias = {"id": old.key, "elements": list(elements), "at": self.moment(), "merge_id": new_id()}
        await self.store.update(CUSTOMERS, {"_id": survivor.key}, {"$push": {"aliases": alias}})

    async def channel(self, channel: str = "shop", account: str = "main") -> None:
        """A channel account that the gateway knows."""
        await self.store.replace(CHANNEL_ACCOUNTS, [channel_account_document(channel, account)])

    async def identity(self, of: Made, channel: str, value: str, account: str = "main") -> None:
        """An identity of a customer."""
        await self.channel(channel, account)
        await self.store.insert(IDENTITY_KEYS, {"_id": key_hash(channel, account, value), "customer_id": of.key})
        at = self.moment()
        await self.put(
            IDENTITIES,
            of,
            channel=channel,
            account=account,
            value=value,
            claim="VERIFIED",
            profile=None,
            first_seen_at=at,
            last_seen_at=at,
        )

    async def put(self, record: Record, of: Made, **values: Any) -> RecordId:
        """Any record of a customer."""
        document = {"customer_id": of.key, **values}
        document["_id"] = record.id_of(document)
        await self.store.insert(record, document)
        key: RecordId = document["_id"]
        return key

    async def note(self, of: Made, text: str = "Likes blue", **more: Any) -> RecordId:
        """A note."""
        usual = {"text": text, "author_id": None, "created_at": self.moment(), "edited_at": None}
        return await self.put(NOTES, of, **(usual | more))

    async def agent(self, name: str) -> RecordId:
        """An agent."""
        subject = f"agent-{next(self._numbers)}"
        document = agent_document(subject=subject, name=name, role=Role.AGENT, at=self.moment())
        await self.store.insert(AGENTS, document)
        key: RecordId = document["_id"]
        return key

    async def ticket(self, of: Made, **more: Any) -> RecordId:
        """A ticket."""
        at = more.get("created_at") or self.moment()
        number = str(next(self._numbers))
        usual = {
            "channel": "desk",
            "account": "main",
            "external_id": number,
            "number": number,
            "subject": "Broken",
            "status": "OPEN",
            "created_at": at,
            "updated_at": at,
            "assigned_agent_id": None,
            "campaign_id": None,
        }
        return await self.put(TICKETS, of, **(usual | more))

    async def purchase(self, of: Made, *amounts: str, currency: str = "USD", **more: Any) -> RecordId:
        """An order with a line for each amount."""
        number = f"SO{next(self._numbers)}"
        lines = [
            {
                "title": "Thing",
                "sku": None,
                "quantity": 1,
                "unit_price": None,
                "total": money(one, currency),
                "product_id": None,
            }
            for one in amounts
        ]
        usual = {
            "channel": "shop",
            "account": "main",
            "external_id": number,
            "number": number,
            "status": "PAID",
            "placed_at": self.moment(),
            "lines": lines,
            "tracking": [],
            "total": money(str(sum(Decimal(one) for one in amounts)), currency),
        }
        return await self.put(PURCHASES, of, **(usual | more))

    async def conversation(self, of: Made, *texts: str, channel: str = "whatsapp", **more: Any) -> RecordId:
        """A conversation with a message for each text, from the customer."""
        await self.channel(channel, "main")
        at = self.moment()
        number = str(next(self._numbers))
        usual = {
            "channel": channel,
            "account": "main",
            "external_id": number,
            "subject": None,
            "status": "OPEN",
            "entry_point": None,
            "started_at": at,
            "last_message_at": at,
            "resolved_at": None,
            "assigned_agent_id": None,
        }
        key = await self.put(CONVERSATIONS, of, **(usual | more))
        for text in texts:
            await self.message(of, key, text, channel=channel)
        return key

    async def message(self, of: Made, conversation: RecordId, text: str = "Hello", **more: Any) -> RecordId:
        """A message of a conversation."""
        usual = {
            "conversation_id": conversation,
            "channel": "whatsapp",
            "account": "main",
            "external_id": f"m{next(self._numbers)}",
            "direction": "IN",
            "text": text,
            "sent_at": self.moment(),
            "status": "RECEIVED",
            "author_name": None,
        }
        return await self.put(MESSAGES, of, **(usual | more))

    async def interest(self, of: Made, name: str = "Cycling", **more: Any) -> RecordId:
        """An interest."""
        at = self.moment()
        usual = {
            "topic_id": new_id(),
            "name": name,
            "category": "Sports",
            "score": 0.5,
            "observed_from": "shop/main",
            "triggered_at": at,
            "observed_at": at,
        }
        return await self.put(INTERESTS, of, **(usual | more))


def money(amount: str, currency: str = "USD") -> dict[str, Any]:
    """An amount as it is stored."""
    return {"amount": stored_decimal(Decimal(amount)), "currency": currency}
