"""Which conversations does the company have with a customer?"""

from datetime import timedelta

import pytest

from adapters.records import new_id
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.makers import BEGIN, Makers
from tests.walking import PARTNER, costs, forbidden, nodes, read, refusal, visitor, walk


async def test_newest_word_first(ask: Asking, make: Makers) -> None:
    """The customer's conversations, that with the newest message first; at one moment the later id first."""
    one = await make.customer()
    keys = [await make.conversation(one, last_message_at=BEGIN) for _ in range(3)]
    last = await make.conversation(one, last_message_at=BEGIN + timedelta(days=1))
    ids = [row["id"] for row in await nodes(ask, one, "conversations")]
    assert ids == [global_id("Conversation", key) for key in (last, *sorted(keys, reverse=True))]


async def test_conversation_fields(ask: Asking, make: Makers) -> None:
    """A conversation shows its channel, where it stands and where it came in."""
    one = await make.customer()
    entry = {"channel": "instagram", "page": "story", "referrer": None}
    await make.conversation(one, status="RESOLVED", subject="Lamp", entry_point=entry, assigned_agent_id=ask.agent_id)
    row = "channel account subject status resolvedAt entryPoint { channel page } assignedAgent { name }"
    assert await nodes(ask, one, "conversations", row) == [
        {
            "channel": "whatsapp",
            "account": "main",
            "subject": "Lamp",
            "status": "RESOLVED",
            "resolvedAt": None,
            "entryPoint": {"channel": "instagram", "page": "story"},
            "assignedAgent": {"name": "Anna Agent"},
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ("(statuses: [OPEN])", 2),
        ("(statuses: [RESOLVED, FOLLOW_UP])", 1),
        ("(statuses: [])", 3),
        ('(channels: ["email"])', 1),
        ('(channels: ["email", "whatsapp"])', 3),
        ('(channels: ["email"], statuses: [RESOLVED])', 0),
    ],
)
async def test_conversation_filters(ask: Asking, make: Makers, arguments: str, count: int) -> None:
    """Only conversations that stand so, on these channels; the count goes with the filter."""
    one = await make.customer()
    await make.conversation(one)
    await make.conversation(one, status="RESOLVED")
    await make.conversation(one, channel="email")
    found = await read(ask, one, f"conversations{arguments} {{ nodes {{ id }} totalCount }}")
    assert len(found["conversations"]["nodes"]) == found["conversations"]["totalCount"] == count


async def test_unknown_channel(ask: Asking, make: Makers) -> None:
    """An unknown channel is refused with the known ones."""
    one = await make.customer()
    await make.conversation(one)
    words = await refusal(ask, one, 'conversations(channels: ["fax"]) { totalCount }')
    assert "`channels` is 'fax', which is no channel here. Known channels: whatsapp." in words


async def test_messages_oldest_first(ask: Asking, make: Makers) -> None:
    """What was written, oldest first; at one moment the earlier id first."""
    one = await make.customer()
    conversation = await make.conversation(one)
    last = await make.message(one, conversation, sent_at=BEGIN + timedelta(days=1))
    keys = [await make.message(one, conversation, sent_at=BEGIN) for _ in range(3)]
    await make.conversation(one, "of another")
    first = await nodes(ask, one, "conversations(last: 1)", "messages { nodes { id } totalCount }")
    second = await nodes(ask, one, "conversations(first: 1)", "messages { nodes { id } totalCount }")
    found = max(first + second, key=lambda row: row["messages"]["totalCount"])["messages"]
    assert found["totalCount"] == 4
    assert [row["id"] for row in found["nodes"]] == [global_id("Message", key) for key in (*sorted(keys), last)]


async def test_message_pages(ask: Asking, make: Makers) -> None:
    """`last: 2` of the messages is the newest two, still oldest first; cursors belong to one conversation."""
    one = await make.customer()
    await make.conversation(one, "a", "b", "c", last_message_at=BEGIN)
    await make.conversation(one, "d", last_message_at=BEGIN + timedelta(days=1))
    newest = "conversations(last: 1) { nodes { messages(PAGE) { nodes { text } pageInfo { startCursor } } } }"
    found = (await read(ask, one, newest.replace("PAGE", "last: 2")))["conversations"]["nodes"][0]["messages"]
    assert [row["text"] for row in found["nodes"]] == ["b", "c"]
    before = f'last: 2, before: "{found["pageInfo"]["startCursor"]}"'
    rest = (await read(ask, one, newest.replace("PAGE", before)))["conversations"]["nodes"][0]["messages"]
    assert [row["text"] for row in rest["nodes"]] == ["a"]
    assert "not a cursor" in await refusal(ask, one, newest.replace("(last: 1)", "(first: 1)").replace("PAGE", before))


async def test_message_fields(ask: Asking, make: Makers) -> None:
    """A message shows which way it went, how far it came, and its conversation."""
    one = await make.customer()
    conversation = await make.conversation(one, subject="Lamp")
    await make.message(one, conversation, "Hi", direction="OUT", status="READ", author_name="Anna", sent_at=BEGIN)
    row = "messages { nodes { direction text status authorName sentAt conversation { subject } } }"
    found = await nodes(ask, one, "conversations", row)
    assert found[0]["messages"]["nodes"] == [
        {
            "direction": "OUT",
            "text": "Hi",
            "status": "READ",
            "authorName": "Anna",
            "sentAt": "2026-01-01T00:00:00Z",
            "conversation": {"subject": "Lamp"},
        }
    ]


async def test_conversation_gone(ask: Asking, make: Makers) -> None:
    """A message whose conversation is not there shows none."""
    one = await make.customer()
    await make.message(one, new_id())
    found = await nodes(ask, one, "history", "item { ... on Message { conversation { id } } }")
    assert found == [{"item": {"conversation": None}}]


async def test_words_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope reads neither subject nor text; `hiddenFields` names them."""
    one = await make.customer()
    await make.conversation(one, "Hello", subject="Lamp")
    row = "subject hiddenFields messages { nodes { text direction hiddenFields conversation { subject } } }"
    message = {"text": None, "direction": "IN", "hiddenFields": ["text"], "conversation": {"subject": None}}
    assert await nodes(ask, one, "conversations", row, **PARTNER) == [
        {"subject": None, "hiddenFields": ["subject"], "messages": {"nodes": [message]}}
    ]


async def test_visitor_conversations(ask: Asking, make: Makers) -> None:
    """A visitor reads the visitor's own conversations, and not who of the staff handles them."""
    one = await make.customer()
    await make.conversation(one, "Hello")
    row = "messages { nodes { text } }"
    assert await nodes(ask, one, "conversations", row, **visitor(one)) == [{"messages": {"nodes": [{"text": "Hello"}]}}]
    assert await forbidden(ask, one, "conversations { nodes { assignedAgent { name } } }", **visitor(one))


async def test_message_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The messages of all conversations of thirty customers cost one command, their conversations one more."""
    for n in range(30):
        one = await make.customer(f"Ann{n}")
        await make.conversation(one, "a", "b")
        await make.conversation(one, "c")
    messages = "conversations { nodes { messages(first: 2) { nodes { text MORE } } } }"
    assert await costs(ask, commands, messages.replace("MORE", ""), 2, 30) == [3, 3]
    assert await costs(ask, commands, messages.replace("MORE", "conversation { id }"), 2, 30) == [4, 4]


async def test_same_message_once(make: Makers) -> None:
    """The same message by webhook, live read and import is one record."""
    seen = {"channel": "whatsapp", "account": "main", "external_id": "m1"}
    assert MESSAGES.id_of(seen) == MESSAGES.id_of({**seen, "text": "other"})
    assert MESSAGES.id_of(seen) != CONVERSATIONS.id_of(seen)
    assert MESSAGES.id_of(seen) != MESSAGES.id_of(seen | {"account": "other"})
    assert make.store.records[MESSAGES.name].key == ("channel", "account", "external_id")


async def test_conversation_walk(ask: Asking, make: Makers) -> None:
    """Conversations whose newest words came at one moment are walked one by one, each once."""
    one = await make.customer()
    for _ in range(4):
        await make.conversation(one, last_message_at=BEGIN)
    assert len(set(await walk(ask, one, "conversations", 1))) == 4


async def test_given_away_is_anothers(ask: Asking, make: Makers) -> None:
    """A visitor does not come by a conversation that is another customer's now through a message left behind."""
    ann, bob = await make.customer(), await make.customer("Bob", "Ray")
    key = await make.conversation(ann, "Hello", subject="A lamp")
    item = "item { ... on Message { conversation { subject } } }"
    text = f'{{ customer(id: "{ann.id}") {{ history {{ nodes {{ {item} }} }} }} }}'
    own = await ask(text, as_=Role.VISITOR, viewer={"customer_id": ann.key})
    await make.store.update(CONVERSATIONS, {"_id": key}, {"$set": {"customer_id": bob.key}})
    given = await ask(text, as_=Role.VISITOR, viewer={"customer_id": ann.key})
    shown = [one.data["customer"]["history"]["nodes"][0]["item"]["conversation"] for one in (own, given)]
    assert shown == [{"subject": "A lamp"}, None]
