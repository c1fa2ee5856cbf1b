"""How does a visitor write, once and for good, however often the widget sends it?"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from adapters.contract.bounds import LARGEST_EXACT
from adapters.contract.records import File, HandedOver, Utterance
from adapters.failures import Taken
from adapters.records import Document
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import MESSAGES, Message
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.ingest.talks import message_id
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, accepted, conflict, invalid
from resolvers.kit.scalars import BigInt
from resolvers.kit.texts import plain_line, plain_text, quoted
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import SLICE, Chatting, require_chat, touch_chat
from resolvers.webchat.limits import TooOften, require_message
from resolvers.webchat.showing import VISITOR_TYPES, messages_read

LONGEST_KEY, LONGEST_URL, LONGEST_NAME, LONGEST_TYPE = 100, 2_000, 255, 127
_FILES: Final = ("input", "attachments")


@graph_input
class ChatFileInput:
    """A file that lies somewhere on the web. Nobody here fetches it."""

    url: str = told(f"Where it is: an https address of at most {LONGEST_URL:,} characters.")
    name: str = told(f"Its name, of at most {LONGEST_NAME} characters.")
    media_type: str = told("What kind of file it is, as `image/png`.")
    size_bytes: BigInt | None = told("How large it is, in bytes.", default=None)


@graph_input
class SendChatMessageInput:
    """What a visitor writes."""

    key: str = told(
        f"A word of the widget's, at most {LONGEST_KEY} characters, that is another one for each message: sent again "
        "with its key, a message is kept once."
    )
    text: str | None = told(
        "The words, as many as the site takes; may be left out where there are attachments.", default=None
    )
    attachments: list[ChatFileInput] | None = told("Files by their addresses.", default=None)


@graph_type
class SendChatMessagePayload:
    """The message."""

    sent: Message = told("The message as it is kept.")


@SLICE.mutation(may=frozenset({Role.VISITOR}))
async def send_chat_message(
    info: Info, input: Annotated[SendChatMessageInput, about("The words, the files, and the key.")]
) -> SendChatMessagePayload | NotFound | InvalidInput | Conflict | TooOften:
    """Writes in the visitor's chat. Once answered it is kept, and the agents have it."""
    context = info.context
    chatting = await require_chat(context)
    said = _said(chatting, input)
    known = await context.store.first(MESSAGES, {"_id": said.id})
    if known is None:
        await require_message(context, chatting)
        # Another tab, or the same one again, may send it at this very moment.
        with suppress(_KeptMeanwhile):
            await _kept(context, chatting, said)
        known = await context.store.first(MESSAGES, {"_id": said.id})
    if known is None or not await _is_same(context, known, said):
        raise conflict(
            f"`key` is {quoted(input.key)}, under which another message was sent. Send this one with a new key.",
            *("input", "key"),
        )
    (message,) = messages_read(context, [known])
    return SendChatMessagePayload(sent=message)


class _KeptMeanwhile(Exception):
    """Somebody else has kept the message in this moment."""


class _Said:
    """A message that is to be kept."""

    def __init__(self, chatting: Chatting, key: str, text: str | None, files: Sequence[ChatFileInput]) -> None:
        self.text, self.files = text, files
        channel, account, value = chatting.who
        self.external_id = external_id(value, key)
        self.id = message_id(channel, account, self.external_id)

    def records(self, chatting: Chatting, at: datetime) -> list[HandedOver]:
        """The message and its files, as channels hand them over."""
        who = chatting.who
        message = Utterance(
            channel=who.channel,
            account=who.account,
            external_id=self.external_id,
            talk=who.value,
            who=who,
            direction="IN",
            sent_at=at,
            text=self.text,
        )
        files = [
            File(
                channel=who.channel,
                account=who.account,
                external_id=f"{self.external_id}/{n}",
                who=who,
                of=self.external_id,
                of_kind="message",
                name=one.name,
                media_type=one.media_type,
                size_bytes=one.size_bytes,
                created_at=at,
                url=one.url,
            )
            for n, one in enumerate(self.files)
        ]
        return [message, *files]


def external_id(visitor: str, key: str) -> str:
    """How a visitor's message is called on the channel account: no two visitors name one message."""
    return f"{visitor}:{key}"


def key_of_message(chatting: Chatting, message: Document) -> str | None:
    """The widget's own word for a message of the visitor's; None for all others."""
    visitor, _, key = str(message.get("external_id") or "").partition(":")
    return key if visitor == chatting.who.value and message["direction"] == "IN" else None


async def _kept(context: Context, chatting: Chatting, said: _Said) -> None:
    now = context.clock()

    async def along(taken: TakenIn) -> None:
        if taken.reasons:
            raise invalid(" ".join(taken.reasons), "input")
        # Who ends the chat or erases the visitor at this moment comes before it or behind it.
        await touch_chat(context, chatting, {"seen_at": now, VISITOR_TYPES: None})
        if taken.results[0].outcome is not Outcome.INSERTED:
            raise _KeptMeanwhile

    try:
        await take(
            context.store,
            said.records(chatting, now),
            at=now,
            by=chatting.site.place,
            default_region=context.limits.default_region,
            along=along,
            came_at=[now] * (1 + len(said.files)),
        )
    except Taken as error:
        raise _KeptMeanwhile from error


async def _is_same(context: Context, known: Document, said: _Said) -> bool:
    """Whether the message that is kept says the same; one that was taken back says nothing any more."""
    if known.get("withdrawn_at"):
        return True
    if known.get("customer_id") is None or known["text"] != said.text:
        return False
    files = await context.store.find(ATTACHMENTS, {"of_id": known["_id"]}, only=["url"])
    return {one.get("url") for one in files} == {one.url for one in said.files}


# What may be said


def _said(chatting: Chatting, given: SendChatMessageInput) -> _Said:
    terms = chatting.site.terms
    key = accepted(plain_line, given.key, "input", "key", longest=LONGEST_KEY)
    files = [_file(one) for one in given.attachments or ()]
    if len(files) > terms.most_files:
        raise invalid(
            f"`attachments` has {len(files)} entries; at most {terms.most_files} are taken. Send them in several "
            "messages, each with a key of its own.",
            *_FILES,
        )
    if len({one.url for one in files}) < len(files):
        raise invalid("`attachments` names one file twice. Send it once.", *_FILES)
    text = None
    if given.text is not None and (given.text.strip() or not files):
        text = accepted(plain_text, given.text, "input", "text", longest=terms.longest_text)
    if text is None and not files:
        raise invalid("`text` is missing. Write something, or send `attachments`.", "input", "text")
    return _Said(chatting, key, text, files)


def _file(given: ChatFileInput) -> ChatFileInput:
    size = given.size_bytes
    if size is not None and not 0 <= size <= LARGEST_EXACT:
        raise invalid("`sizeBytes` is no size of a file. Send how many bytes it has, or leave it out.", *_FILES)
    kind = accepted(plain_line, given.media_type, *_FILES, "mediaType", longest=LONGEST_TYPE).lower()
    if not _is_media_type(kind):
        raise invalid(f"`mediaType` is {quoted(kind)}. Send one such as image/png.", *_FILES, "mediaType")
    return ChatFileInput(
        url=_url(given.url),
        name=accepted(plain_line, given.name, *_FILES, "name", longest=LONGEST_NAME),
        media_type=kind,
        size_bytes=size,
    )


def _is_media_type(text: str) -> bool:
    """Whether it is written as RFC 6838, section 4.2, does, without parameters."""
    kind, slash, name = text.partition("/")
    return bool(slash) and all(one and one.isascii() and set(one) <= _RESTRICTED for one in (kind, name))


_RESTRICTED: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+")


def _url(text: str) -> str:
    """The address of a file: agents click on it, so that it names a host and hides nothing."""
    path = (*_FILES, "url")
    line = accepted(plain_line, text, *path, longest=LONGEST_URL)
    try:
        parts = urlsplit(line)
        _ = parts.port
        # Between the dots of a name stands something, and behind it may be one.
        is_named = all((parts.hostname or "").removesuffix(".").split("."))
        is_good = parts.scheme == "https" and is_named and "@" not in parts.netloc
    except ValueError:
        is_good = False
    if not is_good or not line.isascii() or any(one in line for one in ' "<>\\^`{|}'):
        raise invalid(
            "`url` is no address of a file. Send one that begins with https://, names a host and no user, and holds no "
            "characters but those of addresses.",
            *path,
        )
    return line
