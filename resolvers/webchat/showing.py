"""What does a visitor see of the own chat, and nothing else?

A chat is shown to whoever has its token, by the conversation itself: what stands in it was written in that browser or
to it. So it goes on where people here have found out since whose it is, and gave it to another customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.records import Document
from resolvers.agents import AGENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES, Conversation, Message
from resolvers.kit.context import Context, Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.lists import hidden_from
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import SLICE, Chatting, chat_of
from resolvers.webchat.places import REMEMBERED, cursor_of, place_at

SHOWN: Final = 20
"""Messages that come along with a chat."""

AGENT_TYPES, VISITOR_TYPES = "agent_types_until", "visitor_types_until"
"""Where a chat says until when somebody is typing."""


@graph_type
class Chat:
    """A visitor's chat with the company on one site."""

    conversation: Conversation | None = told("The conversation; null where it was removed.")
    messages: list[Message] = told(f"The newest {SHOWN} messages, the oldest first.")
    has_earlier: bool = told("Whether there are earlier ones, which `conversation { messages }` pages through.")
    cursor: str = told("Where `chatChanged(after:)` goes on: behind these messages as they are here.")
    agent_name: str | None = told("Who serves the visitor; null while nobody does, and where the site does not tell.")
    is_agent_typing: bool = told("Whether an agent is writing at this moment.")
    is_verified: bool = told("Whether the company has signed who the visitor is, in this chat.")


@SLICE.query(may=frozenset({Role.VISITOR}))
async def chat(info: Info) -> Chat | None:
    """The chat in which the visitor is; null where that is over, or there is none."""
    found = await chat_of(info.context)
    return await shown_chat(info.context, found) if found else None


async def shown_chat(context: Context, chatting: Chatting) -> Chat:
    """The chat as it is now, for the viewer."""
    there = await there_is(context, chatting)
    newest = there.messages[-SHOWN:]
    read = messages_read(context, newest)
    place = place_at(there.messages, there.agent_name, is_whole=there.is_whole)
    talk = there.talk
    return Chat(
        conversation=reader_of(Conversation).read(talk, hidden_from(context.viewer, CONVERSATIONS)) if talk else None,
        messages=read,
        has_earlier=not there.is_whole or len(there.messages) > SHOWN,
        cursor=cursor_of(context.seal, chatting.talk, place),
        agent_name=there.agent_name,
        is_agent_typing=is_typing(chatting.document, AGENT_TYPES, context.clock()),
        is_verified="user" in chatting.document,
    )


@dataclass(frozen=True, slots=True, repr=False)
class There:
    """What there is of a chat."""

    talk: Document | None
    messages: Sequence[Document]
    """The newest, the oldest first."""
    is_whole: bool
    """Whether these are all."""
    agent_name: str | None


async def there_is(context: Context, chatting: Chatting) -> There:
    """What there is of the chat by now."""
    talk = await talk_of(context, chatting)
    newest = [("sent_at", -1), ("_id", -1)]
    found = await context.store.find(MESSAGES, messages_of(chatting), order=newest, limit=REMEMBERED + 1)
    messages = found[:REMEMBERED][::-1]
    return There(talk, messages, len(found) <= REMEMBERED, await agent_name(context, chatting, talk))


def messages_of(chatting: Chatting) -> dict[str, Any]:
    """What the chat's messages match; nothing of what was told of messages that are not here."""
    return {"conversation_id": chatting.talk, "customer_id": {"$ne": None}}


def messages_read(context: Context, documents: Sequence[Document]) -> list[Message]:
    """The messages as the viewer sees them."""
    read = reader_of(Message).reading(hidden_from(context.viewer, MESSAGES))
    return [read(one) for one in documents]


async def talk_of(context: Context, chatting: Chatting) -> Document | None:
    """The chat's conversation as it is stored; None where it was removed."""
    return await context.store.first(CONVERSATIONS, {"_id": chatting.talk, "customer_id": {"$ne": None}})


async def agent_name(context: Context, chatting: Chatting, talk: Document | None) -> str | None:
    """Who serves the visitor, where the site tells."""
    key = talk.get("assigned_agent_id") if talk else None
    if key is None or not chatting.site.terms.shows_agents:
        return None
    agent: Mapping[str, Any] | None = (await context.store.held.all(AGENTS)).get(key)
    return agent["name"] if agent and agent["name"] != agent["subject"] else None


def is_typing(chat: Document, side: str, now: datetime) -> bool:
    """Whether somebody on that side is typing."""
    until: datetime | None = chat.get(side)
    return until is not None and until > now
