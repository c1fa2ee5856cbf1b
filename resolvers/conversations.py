"""Which conversations does the company have with a customer, and what was said in them?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Final

import strawberry

from adapters.contract.channel import Capability
from adapters.contract.visitors import TakesVisitors
from adapters.records import Belonging, Index, Mention, Record, RecordId, Timeline
from adapters.windows import Strand
from resolvers.agents import Agent, agents_of, sign_ins
from resolvers.channels import require_channels
from resolvers.customers import Customer, EntryPoint
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum
from resolvers.kit.lists import customer_lists, hidden_from, listing_of, lists_by
from resolvers.kit.paging import Connection, Page
from resolvers.kit.proofs import only_shown
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, inner, kept, reader_of
from resolvers.kit.viewer import EVERYONE, Role

SLICE = Slice("conversations")

CONVERSATIONS = Record(
    name="conversations",
    key=("channel", "account", "external_id"),
    element="CONVERSATIONS",
    arrives=True,
    indexes=(
        Index(("customer_id", "last_message_at", "_id")),
        Index(("assigned_agent_id", "status", "last_message_at", "_id")),
        # Of the few that were given to another customer.
        Index(("relinked.former_id",), where={"relinked.former_id": {"$exists": True}}),
    ),
    personal=frozenset({"subject", "entry_point.page", "entry_point.referrer"}),
    mentions=Mention(fields=("relinked.former_id",), emptied={"relinked": None}),
    aged_by="last_message_at",
    news=frozenset({"status", "assigned_agent_id", "last_message_at"}),
)
SAID: Final = "status_said"
"""The field of a conversation with its channel's last word on where it stands: which, and of when that is."""
HEARD_AT: Final = "heard_at"
"""The field of a conversation that says when the customer last wrote in it; none where they never did."""
UNPROVEN: Final = "is_unproven"
"""The field of a message that came in, and that anybody may have written."""
BY_OTHER: Final = "is_by_other"
"""The field of a message that came in and is no word of the customer's own."""

MESSAGES = Record(
    name="messages",
    key=("channel", "account", "external_id"),
    element="CONVERSATIONS",
    arrives=True,
    indexes=(Index(("conversation_id", "sent_at", "_id")),),
    # Why it failed is said in a vendor's words, which may quote whatever was written, and to whom.
    personal=frozenset({"text", "failure_reason", "other_author"}),
    of_staff=frozenset({"failure_reason"}),
    timeline=Timeline(kind="MESSAGE", at="sent_at", channel="channel"),
    belongs=Belonging(field="conversation_id", to=(CONVERSATIONS.name,)),
    news=frozenset({"status", "text", "withdrawn_at", "conversation_id"}),
)


@graph_enum(
    {
        "OPEN": "Someone is waiting for the next word.",
        "FOLLOW_UP": "An agent wants to come back to it.",
        "RESOLVED": "Done; the customer's next message opens it again.",
    }
)
class ConversationStatus(Enum):
    """Where a conversation stands."""

    OPEN = "OPEN"
    FOLLOW_UP = "FOLLOW_UP"
    RESOLVED = "RESOLVED"


@graph_enum({"IN": "From the customer, or from somebody else on that side (`isByOther`).", "OUT": "From the company."})
class MessageDirection(Enum):
    """Which way a message went."""

    IN = "IN"
    OUT = "OUT"


@graph_enum(
    {
        "RECEIVED": "Came in from the customer.",
        "QUEUED": "Waits to be handed to the channel.",
        "SENT": "The channel took it.",
        "DELIVERED": "It reached the customer's device.",
        "READ": "The customer opened it.",
        "FAILED": "The channel refused or lost it: it has not reached the customer.",
        "UNKNOWN": "The channel did not say whether it took it.",
    }
)
class MessageStatus(Enum):
    """How far a message came. A status only climbs."""

    RECEIVED = "RECEIVED"
    QUEUED = "QUEUED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@SLICE.keeps(CONVERSATIONS, keys=["id"], may=EVERYONE, live=Capability.HISTORY)
class Conversation(Node, Redacted):
    """Messages back and forth on one channel, from the first word until it is resolved."""

    channel: str = kept("The channel's name.")
    account: str = kept("Which of our accounts on the channel.")
    subject: str | None = kept("What it is about, where the channel has subjects.")
    status: ConversationStatus = kept("Where it stands.")
    entry_point: EntryPoint | None = kept("Where it came in.")
    started_at: datetime = kept("When it began.")
    last_message_at: datetime = kept(
        "When the newest message was written; of a conversation in which nobody wrote yet, when it began."
    )
    resolved_at: datetime | None = kept("When it was resolved; null while it is not.")
    assigned_agent_id: strawberry.Private[RecordId | None] = inner()
    customer_id: strawberry.Private[RecordId] = inner()


@SLICE.keeps(MESSAGES, keys=["id"], may=EVERYONE, live=Capability.HISTORY)
class Message(Node, Redacted):
    """One message of a conversation."""

    channel: str = kept("The channel's name.")
    account: str = kept("Which of our accounts on the channel.")
    direction: MessageDirection = kept("Which way it went.")
    text: str | None = kept(
        "What was written; null where it is hidden from you, where there was no text, or where its author took it back."
    )
    sent_at: datetime = kept(
        "When it was written, by the channel's clock. Where that knows whole seconds alone, thousandths tell messages "
        "of one second apart by their arrival."
    )
    status: MessageStatus = kept("How far it came.")
    failure_reason: str | None = kept(
        "Why it failed, in the channel's words to the company; null where it did not or the channel does not say, "
        "where it is hidden from you, and for visitors."
    )
    is_withdrawn: bool = kept(
        "Whether its author took it back: its text and files are gone for good.",
        at="withdrawn_at",
        read=lambda moment: moment is not None,
    )
    is_by_other: bool = kept(
        "Whether it came in and is no word of the customer's own: somebody else who takes part wrote it, such as a "
        "colleague in copy.",
        read=bool,
    )
    is_unproven: bool = kept(
        "Whether nobody proves that the customer wrote it: a mail for whose sender no mail server of yours vouches, or "
        "what a form on a page took down. Anybody can write such a one in anybody's name: ask before you act on it.",
        read=bool,
    )
    other_author: str | None = kept(
        "The name of whoever else wrote it, where that is known; null where the customer or the company did, and where "
        "it is hidden from you."
    )
    author: strawberry.Private[str | None] = inner(at="author_name")
    conversation_id: strawberry.Private[RecordId] = inner()
    customer_id: strawberry.Private[RecordId] = inner()


@SLICE.column(Customer, may=EVERYONE, reads=())
async def conversations(
    customers: list[Customer],
    info: Info,
    page: Page,
    statuses: Annotated[
        list[ConversationStatus] | None, about("Only conversations that stand so; an empty list: all.")
    ] = None,
    channels: Annotated[list[str] | None, about("Only conversations on these channels; an empty list: all.")] = None,
) -> list[Connection[Conversation]]:
    """The customer's conversations, that with the newest message first."""
    await require_channels(info.context, channels or (), "channels")
    where: dict[str, object] = {}
    if statuses:
        where["status"] = {"$in": [one.value for one in statuses]}
    if channels:
        where["channel"] = {"$in": channels}
    strand = Strand(record=CONVERSATIONS, order="last_message_at", where=where)
    return await customer_lists(info, customers, listing_of(Conversation, strand, info), page)


@SLICE.column(Conversation, reads=["assigned_agent_id"])
def assigned_agent(conversations: list[Conversation], info: Info) -> list[Agent | None]:
    """The agent who handles the conversation; null while none does."""
    return agents_of(info.context, [one.assigned_agent_id for one in conversations])


@SLICE.column(Conversation, may=EVERYONE, reads=())
async def messages(conversations: list[Conversation], info: Info, page: Page) -> list[Connection[Message]]:
    """What was written, oldest first."""
    strand = Strand(record=MESSAGES, order="sent_at", by="conversation_id")
    listing = listing_of(Message, strand, info, newest_first=False)
    return await lists_by(info, [one.key for one in conversations], listing, page)


@SLICE.column(Message, may=EVERYONE, reads=["author_name", "channel", "account"])
async def author_name(messages: list[Message], info: Info) -> list[str | None]:
    """The agent's name on an outgoing message, where it is known.

    Null for visitors of a site that names no agents, and of an agent whose token has no name.
    """
    context = info.context
    if context.viewer.role is not Role.VISITOR:
        return [one.author for one in messages]
    names = {place: _names_agents(context, *place) for place in {(one.channel, one.account) for one in messages}}
    hidden = await sign_ins(context.store)
    return [one.author if names[one.channel, one.account] and one.author not in hidden else None for one in messages]


def _names_agents(context: Context, channel: str, account: str) -> bool:
    """Whether visitors are told by name who wrote there."""
    line = context.lines.at(channel, account)
    site = line.channel if line else None
    return not isinstance(site, TakesVisitors) or site.terms.shows_agents


@SLICE.column(Message, may=EVERYONE, reads=["conversation_id", "customer_id"])
async def conversation(messages: list[Message], info: Info) -> list[Conversation | None]:
    """The conversation to which the message belongs."""
    known = await conversations_by_id(info.context, [one.conversation_id for one in messages])
    found = [known.get(one.conversation_id) for one in messages]
    if info.context.viewer.role is not Role.VISITOR:
        return found
    # One that was given to another customer is that one's, also while messages of it are left behind.
    both = zip(messages, found, strict=True)
    return [talk if talk and talk.customer_id == message.customer_id else None for message, talk in both]


async def conversations_by_id(context: Context, ids: Sequence[RecordId]) -> Mapping[RecordId, Conversation]:
    """Conversations by storage id; those that are not there, or not shown to the viewer, are absent."""
    hidden = hidden_from(context.viewer, CONVERSATIONS)
    read = reader_of(Conversation).read
    found = await only_shown(context, CONVERSATIONS, await context.store.by_ids(CONVERSATIONS, ids))
    return {key: read(one, hidden) for key, one in found.items()}
