"""What else passes between a visitor and an agent: that one is typing, that the other has read, that it is over?"""

from datetime import datetime, timedelta
from typing import Annotated, Final

import strawberry

from adapters.records import Document, RecordId
from resolvers.conversations import CONVERSATIONS, MESSAGES, Conversation
from resolvers.ingest.talks import REACHED
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, NotFound, conflict, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.viewer import STAFF, Role
from resolvers.webchat.chats import CHATS, SLICE, Chatting, hash_of_resume, require_chat, standing_chat, touch_chat
from resolvers.webchat.limits import TooOften, require_sign
from resolvers.webchat.showing import AGENT_TYPES, VISITOR_TYPES, is_typing, messages_of

TYPING_S: Final = 6
"""For so long a sign of typing counts. Whoever goes on typing sends another every four seconds."""


@graph_input
class TypeInChatInput:
    """A visitor's sign."""

    is_typing: bool = told(f"Whether the visitor is typing; ends by itself after {TYPING_S} seconds.")


@graph_input
class TypeToVisitorInput:
    """An agent's sign."""

    conversation_id: strawberry.ID = told("The conversation with the visitor.")
    is_typing: bool = told(f"Whether you are typing; ends by itself after {TYPING_S} seconds.")


@graph_input
class ReadChatInput:
    """How far a visitor has come."""

    up_to: strawberry.ID = told("The newest message that is there.")
    is_read: bool = told("Whether the visitor has it before the eyes; false: it has only arrived.", default=True)


@graph_input
class EndChatInput:
    """A browser that shall not find its chat again, as when somebody signs out."""

    resume: str = told("The word by which it would.")


@graph_type
class TypeInChatPayload:
    """The sign as it counts."""

    is_typing: bool = told("Whether it counts as typing now.")


@graph_type
class TypeToVisitorPayload:
    """The sign as it counts."""

    is_typing: bool = told("Whether it counts as typing now.")


@graph_type
class ReadChatPayload:
    """What became of the company's messages."""

    marked: int = told("How many have come further by it.")


@graph_type
class EndChatPayload:
    """The end of the chat."""

    ended_at: datetime = told("When it ended. What was said stays with the company.")


@SLICE.mutation(may=frozenset({Role.VISITOR}))
async def type_in_chat(
    info: Info, input: Annotated[TypeInChatInput, about("Whether the visitor is typing.")]
) -> TypeInChatPayload | NotFound | TooOften:
    """Shows the agents that the visitor is typing."""
    context = info.context
    chatting = await require_chat(context)
    await require_sign(context, str(chatting.key))
    await touch_chat(context, chatting, {VISITOR_TYPES: _until(context, is_typing=input.is_typing)})
    return TypeInChatPayload(is_typing=input.is_typing)


@SLICE.mutation(may=STAFF)
async def type_to_visitor(
    info: Info, input: Annotated[TypeToVisitorInput, about("The conversation, and whether you are typing.")]
) -> TypeToVisitorPayload | NotFound | Conflict | TooOften:
    """Shows a visitor that an agent is typing, in a web chat."""
    context = info.context
    key = key_of(input.conversation_id, "Conversation")
    talk = await context.store.first(CONVERSATIONS, {"_id": key}) if key else None
    if talk is None or talk["customer_id"] is None:
        raise not_found("conversation", ("input", "conversationId"))
    chatting = await standing_chat(context, await _chat_in(context, talk))
    if chatting is None:
        raise conflict(
            "There is no visitor in this conversation who could be shown it: it is no web chat, or that has ended.",
            *("input", "conversationId"),
        )
    await require_sign(context, context.viewer.subject)
    await touch_chat(context, chatting, {AGENT_TYPES: _until(context, is_typing=input.is_typing)})
    return TypeToVisitorPayload(is_typing=input.is_typing)


@SLICE.mutation(may=frozenset({Role.VISITOR}))
async def read_chat(
    info: Info, input: Annotated[ReadChatInput, about("How far the visitor has come.")]
) -> ReadChatPayload | NotFound | TooOften:
    """Says that the company's messages up to one have arrived, or were read. A status only climbs."""
    context = info.context
    chatting = await require_chat(context)
    await require_sign(context, str(chatting.key))
    key = key_of(input.up_to, "Message")
    message = await context.store.first(MESSAGES, {"_id": key, **messages_of(chatting)}) if key else None
    if message is None:
        raise not_found("message", ("input", "upTo"))
    status = "READ" if input.is_read else "DELIVERED"
    return ReadChatPayload(marked=await _marked(context, chatting, message["sent_at"], status))


@SLICE.mutation(may=frozenset({Role.VISITOR}))
async def end_chat(
    info: Info, input: Annotated[EndChatInput, about("By which word the chat would be found.")]
) -> EndChatPayload | NotFound:
    """Ends the visitor's chat: no token and no word opens it any more. What was said stays with the company."""
    context = info.context
    chatting = await require_chat(context)
    mine = {"_id": chatting.key, "resume": hash_of_resume(chatting.site, input.resume)}
    if not await context.store.delete(CHATS, mine):
        raise not_found("chat", ("input", "resume"), check="Send the word that `startChat` gave for this chat.")
    return EndChatPayload(ended_at=context.clock())


@SLICE.column(Conversation, may=STAFF, reads=())
async def is_visitor_typing(conversations: list[Conversation], info: Info) -> list[bool | None]:
    """Whether the visitor is typing at this moment; null where the conversation is no web chat, or that has ended."""
    context = info.context
    found = await context.store.find(CHATS, {"conversation_id": {"$in": [one.key for one in conversations]}})
    chats = {one["conversation_id"]: one for one in found}
    now = context.clock()
    return [is_typing(chats[one.key], VISITOR_TYPES, now) if one.key in chats else None for one in conversations]


async def _chat_in(context: Context, talk: Document) -> Document | None:
    key: RecordId = talk["_id"]
    return await context.store.first(CHATS, {"conversation_id": key})


def _until(context: Context, *, is_typing: bool) -> datetime | None:
    return context.clock() + timedelta(seconds=TYPING_S) if is_typing else None


async def _marked(context: Context, chatting: Chatting, until: datetime, status: str) -> int:
    """Raises the status of whatever the company wrote by then."""
    lesser = [one for one in REACHED[: REACHED.index(status)] if one != "FAILED"]
    ours = {"direction": "OUT", "sent_at": {"$lte": until}, "status": {"$in": lesser}}
    return await context.store.update_all(MESSAGES, {**messages_of(chatting), **ours}, {"$set": {"status": status}})
