"""Who are the customers on whom servers are compared: documents as the gateway itself stores them, from a seed?

The same seed and number give the same documents on every machine. All moments are whole seconds, so that every
server's customary way of writing one is the same text.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from bson import ObjectId

from adapters.records import Observation, Record, RecordId, key_hash, stored_decimal
from resolvers.agents import AGENTS, agent_document
from resolvers.attribute_rules import AttributeType
from resolvers.attributes import DEFINITIONS, SYSTEM_DEFINITIONS, definition_document
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS, customer_document
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.interests import INTERESTS, TOPICS
from resolvers.kit.viewer import Role
from resolvers.labels import LABELS, label_document
from resolvers.notes import NOTES
from resolvers.purchases import PURCHASES
from resolvers.search_words import search_words
from resolvers.tickets import TICKETS

EDITION = 1
"""Climbs when the documents change, so that a folder filled before is filled anew."""

BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
_SPAN_S = 3 * 365 * 24 * 3600
_DAY_S = 24 * 3600

AGENT_SUBJECT = "agent-0"
"""The agent who asks."""

_CHANNELS = ("whatsapp", "messenger", "webchat", "email", "shop", "desk")
_LABELS = (
    *(("VIP", "#ffcc00", 9), ("Partner", "#3366ff", 8), ("Press", "#cc0066", 7), ("Risk", "#cc0000", 6)),
    *(("Student", "#00aa55", 4), ("Staff", "#888888", 3), ("Tester", "#00aaaa", 2), ("New", "#aaff00", 1)),
)
_FIRST = (
    "Ann",
    "Ben",
    "Chloé",
    "Dmitri",
    "Eva",
    "Farid",
    "Greta",
    "Hiro",
    "Inés",
    "Jan",
    "Kofi",
    "Lena",
    "Mai",
    "Nils",
)
_LAST = (
    "Lee",
    "Huang",
    "García",
    "Okafor",
    "Novak",
    "Silva",
    "Weber",
    "Sato",
    "Rossi",
    "Khan",
    "Berg",
    "Costa",
    "Diaz",
)
_HEADINGS = (
    "Sports",
    "Travel",
    "Music",
    "Food",
    "Home",
    "Garden",
    "Cars",
    "Books",
    "Games",
    "Fashion",
    "Health",
    "Pets",
)
_THINGS = ("Road bike", "Helmet", "Lamp", "Water bottle", "Gloves", "Rain jacket", "Tyre", "Lock", "Bell", "Saddle bag")
_SENTENCES = (
    "Hello, where is my order?",
    "It was sent yesterday and should be with you tomorrow before noon.",
    "Thank you! Could you also change the address to my office, please?",
    "Of course. Which address shall we write?",
    "The zip came apart on the second day, I attach a picture of it.",
    "We are sorry about that. A new one leaves our house today, keep the old one.",
    "Does it come in blue, and in a size between these two?",
    "Perfect, that was quick.",
)
_SUBJECTS = ("Parcel is late", "Wrong size", "Invoice needed", "Broken on arrival", "Change of address", "Refund")
_STATUSES = ("NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "CLOSED")
_TAGS = ("newsletter", "fair-2025", "cyclist", "gift", "loyal", "careful", "prefers-mail")

Documents = Mapping[Record, list[dict[str, Any]]]


def identity_of(n: int) -> tuple[str, str, str]:
    """The first identity of the n-th customer: channel, account, value."""
    channel = _CHANNELS[n % 4]
    value = {
        "whatsapp": f"+1{4_150_000_000 + n}",
        "messenger": str(5_000_000_000_000_000 + n * 7919),
        "webchat": f"visitor-{n:08x}",
        "email": f"customer{n}@example.com",
    }[channel]
    return channel, "main", value


@cache
def company() -> dict[Record, list[dict[str, Any]]]:
    """What belongs to no customer: fifty agents, eight labels, the schema, a taxonomy, our accounts on channels."""
    agents = [
        agent_document(subject=f"agent-{n}", name=f"{_FIRST[n % 14]} {_LAST[n % 13]}", role=Role.AGENT, at=BEGIN)
        for n in range(50)
    ]
    found: dict[Record, list[Any]] = {
        AGENTS: agents,
        LABELS: [label_document(name=name, color=color, priority=priority) for name, color, priority in _LABELS],
        DEFINITIONS: _definitions(),
        TOPICS: _topics(),
        CHANNEL_ACCOUNTS: [channel_account_document(name, "main") for name in _CHANNELS],
    }
    return {record: [dict(one) for one in documents] for record, documents in found.items()}


def _definitions() -> list[Any]:
    return [
        definition_document(name="language", label="Language", order=10, is_personal=False),
        definition_document(
            name="tier",
            label="Tier",
            order=11,
            category="Loyalty",
            type=AttributeType.CHOICE,
            choices=["gold", "silver", "none"],
            is_personal=False,
        ),
        definition_document(name="newsletter", label="Newsletter", order=12, type=AttributeType.BOOLEAN),
    ]


def _topics() -> list[Any]:
    topics = []
    for heading in _HEADINGS:
        top = {"taxonomy": "peers", "external_id": heading, "name": heading, "path": [heading], "parent_id": None}
        top["_id"] = TOPICS.id_of(top)
        topics.append(top)
        for n in range(25):
            name = f"{heading} {n}"
            below = {"taxonomy": "peers", "external_id": name, "name": name, "path": [heading, name]}
            topics.append({**below, "parent_id": top["_id"], "_id": TOPICS.id_of(below)})
    return topics


def customers(seed: int, begin: int, end: int) -> Documents:
    """The customers from `begin` on, before `end`, and everything that belongs to them."""
    found: dict[Record, list[dict[str, Any]]] = defaultdict(list)
    for n in range(begin, end):
        for record, document in _Person(seed, n).documents():
            found[record].append(document)
    return found


class _Person:
    """One customer in the making."""

    def __init__(self, seed: int, n: int) -> None:
        self.n = n
        self.dice = Random(seed * 1_000_000_007 + n)
        # Ids climb with time, as the driver's own do.
        self.born_s = int(BEGIN.timestamp()) + self.dice.randrange(_SPAN_S // 2)
        self.key = ObjectId(f"{self.born_s:08x}{n:016x}")
        self.counted = 0
        self.heard_at = BEGIN

    def documents(self) -> Iterator[tuple[Record, dict[str, Any]]]:
        """Every document, the customer's own last, when all is known that stands in it."""
        yield from self.identities()
        for _ in range(2):
            yield from self.conversation()
        for _ in range(self.dice.randint(2, 6)):
            yield PURCHASES, self.purchase()
        for _ in range(self.dice.randint(1, 5)):
            yield TICKETS, self.ticket()
        topics = [one for one in company()[TOPICS] if one["parent_id"]]
        for topic in self.dice.sample(topics, 12):
            yield INTERESTS, self.interest(topic)
        for _ in range(self.dice.randint(1, 2)):
            yield NOTES, self.note()
        yield CUSTOMERS, self.customer()

    def moment(self) -> datetime:
        """A moment since the customer was first heard of."""
        return datetime.fromtimestamp(self.born_s + self.dice.randrange(_SPAN_S // 2), UTC)

    def new_id(self) -> RecordId:
        """The id of a record that has no key."""
        self.counted += 1
        return ObjectId(f"{self.born_s:08x}{self.n:012x}{self.counted:04x}")

    def agent(self) -> RecordId:
        """One of the agents."""
        key: RecordId = self.dice.choice(company()[AGENTS])["_id"]
        return key

    def number(self) -> str:
        """An id on a channel, used once."""
        self.counted += 1
        return f"{self.n}-{self.counted}"

    def identities(self) -> Iterator[tuple[Record, dict[str, Any]]]:
        """Two accounts on channels, and the keys under which they are found."""
        for channel, account, value in (identity_of(self.n), ("shop", "main", f"C{self.n}")):
            yield IDENTITY_KEYS, {"_id": key_hash(channel, account, value), "customer_id": self.key}
            yield (
                IDENTITIES,
                {
                    "_id": self.new_id(),
                    "customer_id": self.key,
                    "channel": channel,
                    "account": account,
                    "value": value,
                    "claim": "VERIFIED" if channel != "shop" else "ASSERTED",
                    "profile": {"name": f"{self.dice.choice(_FIRST)} {self.n}", "locale": "en_US"},
                    "first_seen_at": self.moment(),
                    "last_seen_at": self.moment(),
                },
            )

    def conversation(self) -> Iterator[tuple[Record, dict[str, Any]]]:
        """A conversation and its ten messages."""
        channel, begun, key = identity_of(self.n)[0], self.moment(), self.new_id()
        at = begun
        for n in range(10):
            at = begun + timedelta(seconds=n * 90 + self.dice.randrange(60))
            message = {
                "conversation_id": key,
                "customer_id": self.key,
                "channel": channel,
                "account": "main",
                "external_id": self.number(),
                "direction": ("IN", "OUT")[n % 2],
                "text": self.dice.choice(_SENTENCES),
                "sent_at": at,
                "status": ("RECEIVED", "READ")[n % 2],
                "author_name": None,
            }
            yield MESSAGES, {"_id": MESSAGES.id_of(message)} | message
        self.heard_at = max(self.heard_at, at)
        yield (
            CONVERSATIONS,
            {
                "_id": key,
                "customer_id": self.key,
                "channel": channel,
                "account": "main",
                "external_id": self.number(),
                "subject": None,
                "status": "RESOLVED",
                "entry_point": None,
                "started_at": begun,
                "last_message_at": at,
                "resolved_at": at,
                "assigned_agent_id": self.agent(),
            },
        )

    def purchase(self) -> dict[str, Any]:
        """An order with one to five lines."""
        lines, total = [], Decimal(0)
        for _ in range(self.dice.randint(1, 5)):
            quantity, price = self.dice.randint(1, 3), Decimal(self.dice.randrange(500, 30_000)) / 100
            total += quantity * price
            lines.append(
                {
                    "title": self.dice.choice(_THINGS),
                    "sku": f"SKU-{self.dice.randrange(1000)}",
                    "quantity": quantity,
                    "unit_price": _money(price),
                    "total": _money(quantity * price),
                    "product_id": None,
                }
            )
        document = {
            "customer_id": self.key,
            "channel": "shop",
            "account": "main",
            "external_id": self.number(),
            "number": f"SO{self.n}-{self.counted}",
            "status": self.dice.choice(("PLACED", "PAID", "FULFILLED", "CANCELLED", "REFUNDED")),
            "placed_at": self.moment(),
            "lines": lines,
            "tracking": [{"company": "Post", "number": f"P{self.n}", "url": None, "status": "DELIVERED"}],
            "total": _money(total),
        }
        return {"_id": PURCHASES.id_of(document)} | document

    def ticket(self) -> dict[str, Any]:
        """A ticket, with an agent most of the time."""
        at = self.moment()
        document = {
            "customer_id": self.key,
            "channel": "desk",
            "account": "main",
            "external_id": self.number(),
            "number": f"T{self.n}-{self.counted}",
            "subject": self.dice.choice(_SUBJECTS),
            "status": self.dice.choice(_STATUSES),
            "created_at": at,
            "updated_at": at + timedelta(hours=5),
            "assigned_agent_id": self.agent() if self.dice.random() < 0.8 else None,
            "campaign_id": None,
        }
        return {"_id": TICKETS.id_of(document)} | document

    def interest(self, topic: Mapping[str, Any]) -> dict[str, Any]:
        """Something that the customer is drawn to."""
        at = self.moment()
        document = {
            "customer_id": self.key,
            "topic_id": topic["_id"],
            "name": topic["name"],
            "category": topic["path"][0],
            "score": self.dice.randint(1, 99) / 100,
            "observed_from": "shop/main",
            "triggered_at": at,
            "observed_at": at + timedelta(seconds=self.dice.randrange(_DAY_S)),
        }
        return {"_id": INTERESTS.id_of(document)} | document

    def note(self) -> dict[str, Any]:
        """What an agent wrote down."""
        return {
            "_id": self.new_id(),
            "customer_id": self.key,
            "text": self.dice.choice(_SENTENCES),
            "author_id": self.agent(),
            "created_at": self.moment(),
            "edited_at": None,
        }

    def customer(self) -> dict[str, Any]:
        """The customer's own document."""
        born_at = datetime.fromtimestamp(self.born_s, UTC)
        phone, mail = f"+1{4_150_000_000 + self.n}", f"customer{self.n}@example.com"
        values = {
            "firstName": self.dice.choice(_FIRST),
            "lastName": self.dice.choice(_LAST),
            "phoneNumber": phone,
            "language": self.dice.choice(("en", "de", "es")),
            "tier": self.dice.choice(("gold", "silver", "none")),
            "newsletter": self.dice.random() < 0.5,
        }
        seen = Observation(observed_from="shop/main", observed_at=born_at)
        document = customer_document(key=self.key, values=values, observed=seen, at=born_at, by="import")
        points = [
            {"type": kind, "value": value, "postal": None, "is_primary": True, **seen.document()}
            for kind, value in (("PHONE", phone), ("EMAIL", mail))
        ]
        more = {
            "last_interaction_at": self.heard_at,
            "contact_points": points,
            "tags": [{"word": one, **_added(born_at)} for one in self.dice.sample(_TAGS, 2)],
            "labels": self.labels(born_at),
            "custom_data": [
                {"name": name, "value": str(self.dice.randrange(1000)), **_added(born_at)}
                for name in ("points", "visits")
            ],
            "search": search_words(values, points, SYSTEM_DEFINITIONS),
        }
        assigned = {"assigned_agent_id": self.agent()} if self.dice.random() < 0.7 else {}
        return document | more | assigned

    def labels(self, at: datetime) -> list[dict[str, Any]]:
        """One or two classes."""
        chosen = self.dice.sample(company()[LABELS], self.dice.randint(1, 2))
        return [{"label_id": one["_id"], **_added(at)} for one in chosen]


def _added(at: datetime) -> dict[str, Any]:
    return {"added_at": at, "added_by": "import"}


def _money(amount: Decimal) -> dict[str, Any]:
    return {"amount": stored_decimal(amount.quantize(Decimal("0.01"))), "currency": "USD"}
