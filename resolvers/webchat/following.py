"""What happens in a visitor's chat while the widget is open, and what has happened since it was open last?

Each change is told once. What wakes the follower is only a sign that something may have changed; what is told follows
from what there is and from what the tab has seen (places.py).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Annotated, Final

from adapters.ears import Ear, Sound
from adapters.records import Document
from resolvers.conversations import CONVERSATIONS, MESSAGES, Message
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_interface, graph_type, told
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import CHATS, SLICE, Chatting, following_chat
from resolvers.webchat.places import Place, cursor_of, mark_of_agent, place_at, place_of
from resolvers.webchat.showing import (
    AGENT_TYPES,
    agent_name,
    is_typing,
    messages_of,
    messages_read,
    talk_of,
    there_is,
)
from resolvers.webchat.writing import key_of_message

# Looked at even where nothing was heard: whoever ended the chat without a sound is noticed.
_LOOKS_EVERY_S: Final = 30.0
# Behind a long absence there may be many; each of them is told, so many read at once.
_AT_ONCE: Final = 200


@graph_interface
class ChatChange:
    """Something that happened in a visitor's chat."""

    cursor: str = told("Where to go on behind it: `chatChanged(after:)`.")


@SLICE.shows
@graph_type
class ChatMessageWritten(ChatChange):
    """A message that the tab has not seen, whoever wrote it."""

    message: Message = told("The message.")
    key: str | None = told("The key with which this visitor sent it; null for what others wrote.")


@SLICE.shows
@graph_type
class ChatMessageChanged(ChatChange):
    """A message that the tab has seen is another now: it was edited or taken back, or has come further."""

    message: Message = told("The message as it is now.")


@SLICE.shows
@graph_type
class ChatTyping(ChatChange):
    """An agent has begun to write, or ended. It is not kept: whoever begins to follow takes it that nobody does."""

    is_typing: bool = told("Whether an agent is writing.")


@SLICE.shows
@graph_type
class ChatAgentChanged(ChatChange):
    """Somebody else serves the visitor, or nobody any more."""

    agent_name: str | None = told("Who; null while nobody does.")


@SLICE.subscription(may=frozenset({Role.VISITOR}))
async def chat_changed(
    info: Info,
    after: Annotated[
        str | None, about("A `cursor` of this chat: begin with what has changed since. Left out: with what comes.")
    ] = None,
) -> AsyncGenerator[ChatChange, None]:
    """What happens in the visitor's chat, from now on or since a place in it, each change once."""
    context = info.context
    chatting = await following_chat(context)
    place = place_of(context.seal, chatting.talk, after) if after is not None else None
    sounds = (
        Sound(MESSAGES, "conversation_id", chatting.talk, chatting.site.channel),
        Sound(CONVERSATIONS, "_id", chatting.talk, chatting.site.channel),
        Sound(CHATS, "_id", chatting.key),
    )
    with context.store.ears.listen(*sounds) as ear:
        follower = _Follower(context, chatting, place or await _now(context, chatting))
        async for change in follower.changes(ear):
            yield change


async def _now(context: Context, chatting: Chatting) -> Place:
    there = await there_is(context, chatting)
    return place_at(there.messages, there.agent_name, is_whole=there.is_whole)


class _Follower:
    """One tab that follows its chat."""

    def __init__(self, context: Context, chatting: Chatting, place: Place) -> None:
        self._context, self._chatting, self._place = context, chatting, place
        self._is_typing = False

    async def changes(self, ear: Ear) -> AsyncIterator[ChatChange]:
        """What has changed, again and again."""
        while True:
            # Ends where the chat has.
            self._chatting = await following_chat(self._context)
            async for change in self._messages():
                yield change
            async for beside in self._beside():
                yield beside
            await ear.heard(self._patience_s())

    async def _messages(self) -> AsyncIterator[ChatChange]:
        while True:
            messages = await self._behind_floor()
            news = [one for one in messages if self._place.is_changed(one)]
            for one in news:
                was_seen = self._place.has(one)
                self._place = self._place.behind(messages, one)
                yield self._told(one, was_seen=was_seen)
            # A full page may not be all there is; without news on it there is nothing behind it to be told, either.
            if len(messages) < _AT_ONCE or not news:
                return

    async def _behind_floor(self) -> Sequence[Document]:
        where = {**messages_of(self._chatting), **self._place.where}
        oldest = [("sent_at", 1), ("_id", 1)]
        return await self._context.store.find(MESSAGES, where, order=oldest, limit=_AT_ONCE)

    def _told(self, message: Document, *, was_seen: bool) -> ChatChange:
        (read,) = messages_read(self._context, [message])
        if was_seen:
            return ChatMessageChanged(cursor=self._cursor, message=read)
        key = key_of_message(self._chatting, message)
        return ChatMessageWritten(cursor=self._cursor, message=read, key=key)

    async def _beside(self) -> AsyncIterator[ChatChange]:
        context, chatting = self._context, self._chatting
        name = await agent_name(context, chatting, await talk_of(context, chatting))
        if mark_of_agent(name) != self._place.agent:
            self._place = self._place.knowing(name)
            yield ChatAgentChanged(cursor=self._cursor, agent_name=name)
        types = is_typing(chatting.document, AGENT_TYPES, context.clock())
        if types != self._is_typing:
            self._is_typing = types
            yield ChatTyping(cursor=self._cursor, is_typing=types)

    def _patience_s(self) -> float:
        """Until when nothing changes unless somebody changes it."""
        if not self._is_typing:
            return _LOOKS_EVERY_S
        left = (self._chatting.document[AGENT_TYPES] - self._context.clock()).total_seconds()
        return min(max(float(left), 0.0) + 0.01, _LOOKS_EVERY_S)

    @property
    def _cursor(self) -> str:
        return cursor_of(self._context.seal, self._chatting.talk, self._place)
