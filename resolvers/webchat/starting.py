"""How does a visitor begin a chat, and find it again after a reload, in a second tab, or with a token that ended?"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit, urlunsplit

from adapters.contract.records import HandedOver, Person, Talk, Who
from adapters.failures import Taken
from adapters.records import Document, RecordId, key_hash, new_id
from resolvers.identities import IDENTITY_KEYS
from resolvers.ingest.batch import take
from resolvers.ingest.report import TakenIn
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    accepted,
    conflict,
    invalid,
    not_found,
    not_permitted,
)
from resolvers.kit.ids import global_id
from resolvers.kit.texts import plain_line, quoted
from resolvers.kit.viewer import Role, Viewer
from resolvers.webchat.chats import (
    CHATS,
    SLICE,
    Chatting,
    Site,
    chat_document,
    hash_of_resume,
    is_still,
    new_resume_word,
    new_visitor,
    site_of,
    standing_chat,
    until_of,
)
from resolvers.webchat.limits import TooOften, require_resume, require_start
from resolvers.webchat.showing import Chat, shown_chat

LONGEST_PAGE, LONGEST_LOCALE, LONGEST_RESUME = 2_000, 35, 200
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{32,200}")
_LONGEST_TEXT = "How many characters of a visitor's message the site takes."
_CHECK_RESUME = "It ends some time after the last visit, or by `endChat`. Begin anew, without `resume`."


@graph_input
class StartChatInput:
    """Where a visitor is, and which chat to go on with."""

    account: str = told("The site: the channel account on which visitors chat.")
    channel: str = told("Its channel.", default="webchat")
    page: str | None = told(
        f"The page on which the visitor is: a web address of at most {LONGEST_PAGE:,} characters. With the first visit "
        "it is kept as where the visitor came in.",
        default=None,
    )
    referrer: str | None = told("The page that led there, as the browser says.", default=None)
    locale: str | None = told("The visitor's language and country, as `en-US`.", default=None)
    resume: str | None = told(
        "The word that an earlier `startChat` gave on this site: the same chat goes on.", default=None
    )
    word: str | None = told(
        "The word by which the chat is to be found again, of the browser's own making: 32 to 200 letters, digits, `-` "
        "and `_`, that nobody guesses. Asked again with it, because the answer was lost, it is the same chat that has "
        "begun. Left out, the gateway makes one.",
        default=None,
    )


@graph_type
class StartChatPayload:
    """The visitor's way in."""

    token: str = told("What the widget sends as `Authorization: Bearer ...` from now on: it opens this one chat.")
    expires_at: datetime = told("When it ends to be good. Ask for another by `resume` before that.")
    resume: str = told("By this word the same browser finds the chat again. Whoever has it reads the chat.")
    is_resumed: bool = told("Whether an earlier chat goes on.")
    greeting: str | None = told("What the company says before anybody wrote; no message.")
    longest_text: int = told(_LONGEST_TEXT)
    chat: Chat = told("The chat as it is now.")


@graph_type
class ChatSite:
    """A site on which visitors chat, as a widget shows it before anybody wrote."""

    greeting: str | None = told("What the company says before anybody wrote; no message.")
    longest_text: int = told(_LONGEST_TEXT)
    most_files: int = told("How many files one message may name.")


@SLICE.query(may=frozenset({Role.VISITOR}), is_open=True)
def chat_site(
    info: Info,
    account: Annotated[str, about("The channel account on which visitors chat.")],
    channel: Annotated[str, about("Its channel.")] = "webchat",
) -> ChatSite | None:
    """What a widget shows as soon as it is opened; null where nobody chats, or not from this page.

    It needs no sign-in, and nobody is kept for having asked.
    """
    site = site_of(info.context, channel, account)
    if site is None or not _is_of_page(info.context, site):
        return None
    terms = site.terms
    return ChatSite(greeting=terms.greeting, longest_text=terms.longest_text, most_files=terms.most_files)


@SLICE.mutation(may=frozenset({Role.VISITOR}), is_open=True)
async def start_chat(
    info: Info, input: Annotated[StartChatInput, about("The site, the page, and which chat to go on with.")]
) -> StartChatPayload | NotFound | InvalidInput | NotPermitted | TooOften:
    """Begins a chat, or goes on with one. It needs no sign-in, and whoever asks is an anonymous customer from then on.

    So a widget asks with the visitor's first word, and not as soon as it is opened (`chatSite` has the greeting). The
    rest of the same request is already that visitor's.
    """
    context = info.context
    site = site_of(context, accepted(plain_line, input.channel, "input", "channel", longest=100), input.account)
    if site is None:
        raise not_found("site", ("input", "account"), check="Check the name; an operator adds it to the channels file.")
    _require_origin(context, site)
    if context.sign_chat is None:
        raise not_permitted("This gateway has no secret to sign tokens with. Have GATEWAY_JWT_SECRET set.")
    own = _own_word(input)
    await (require_start if input.resume is None else require_resume)(context, site)
    known = await _resumed(context, site, input.resume) if input.resume is not None else None
    if known is None and own is not None:
        known = await _found(context, site, own)
    chatting, word = known or await _begun(context, site, input, own or new_resume_word())
    return await _way_in(context, chatting, word, is_resumed=known is not None)


def _own_word(given: StartChatInput) -> str | None:
    if given.word is not None and _WORD.fullmatch(given.word) is None:
        what = "`word` must have 32 to 200 letters, digits, `-` and `_`, drawn at random"
        raise invalid(f"{what}. Draw another, or leave it out.", "input", "word")
    return given.word


def _require_origin(context: Context, site: Site) -> None:
    if not _is_of_page(context, site):
        raise not_permitted(
            "Visitors of that page do not chat on this site. An operator names its origin in `allowed_origins`."
        )


def _is_of_page(context: Context, site: Site) -> bool:
    """Whether the site's visitors chat on the page that asks, where a browser names one."""
    origin = context.caller.origin
    return origin is None or origin.lower() in site.line.origins


async def _way_in(context: Context, chatting: Chatting, word: str, *, is_resumed: bool) -> StartChatPayload:
    token, expires_at = token_of(context, chatting, chatting.document["customer_id"], is_proven=False)
    shown = await shown_chat(context, chatting)
    return StartChatPayload(
        token=token,
        expires_at=expires_at,
        resume=word,
        is_resumed=is_resumed,
        greeting=chatting.site.terms.greeting,
        longest_text=chatting.site.terms.longest_text,
        chat=shown,
    )


def token_of(context: Context, chatting: Chatting, customer: RecordId, *, is_proven: bool) -> tuple[str, datetime]:
    """A token for this chat, and until when it is good; from now on the request is that visitor's. Refused without key.

    `is_proven`: whether the visitor is proven to be that customer, and so sees whatever is the customer's own.
    """
    if context.sign_chat is None:
        raise not_permitted("This gateway has no secret to sign tokens with. Have GATEWAY_JWT_SECRET set.")
    minutes = chatting.site.terms.token_minutes
    token = context.sign_chat(customer, chatting.key, minutes * 60, is_proven)
    context.delivered.opened(customer)
    context.viewer = Viewer(
        subject=f"visitor:{global_id('Customer', customer)}",
        role=Role.VISITOR,
        customer_id=customer,
        chat_id=chatting.key,
        fields=context.viewer.fields,
    )
    # Tokens count whole seconds.
    return token, context.clock().replace(microsecond=0) + timedelta(minutes=minutes)


# Going on


async def _resumed(context: Context, site: Site, word: str) -> tuple[Chatting, str]:
    """The chat of that word, which is good for as long again; refused where there is none any more."""
    found = await _found(context, site, word)
    if found is None:
        raise not_found("chat", ("input", "resume"), check=_CHECK_RESUME)
    return found


async def _found(context: Context, site: Site, word: str) -> tuple[Chatting, str] | None:
    now = context.clock()
    found = None
    if len(word) <= LONGEST_RESUME:
        good = {"resume": hash_of_resume(site, word), "expires_at": {"$gt": now}}
        seen = {"$set": {"seen_at": now, "expires_at": until_of(site, now)}}
        found = await context.store.update(CHATS, good, seen)
    chatting = await standing_chat(context, found)
    if chatting is None or not await is_still(context.store, chatting.document):
        return None
    return chatting, word


# Beginning


async def _begun(context: Context, site: Site, given: StartChatInput, word: str) -> tuple[Chatting, str]:
    """A new visitor with a chat: the customer, the conversation and the chat in one transaction."""
    who, now = new_visitor(site), context.clock()
    made: list[Document] = []

    async def along(taken: TakenIn) -> None:
        if taken.reasons:
            raise conflict(" ".join(taken.reasons))
        key = await context.store.first(IDENTITY_KEYS, {"_id": key_hash(*who)})
        customer = (key or {})["customer_id"]
        chat = chat_document(new_id(), who, customer, hash_of_resume(site, word), at=now, until=until_of(site, now))
        await context.store.insert(CHATS, chat)
        made[:] = [chat]

    try:
        await take(
            context.store,
            _records(who, given, now),
            at=now,
            by=site.place,
            default_region=context.limits.default_region,
            along=along,
            came_at=[now, now],
        )
    except Taken as error:
        # Asked twice at once; or the chat of that word is over.
        if error.record != CHATS.name:
            raise
        if (known := await _found(context, site, word)) is None:
            raise invalid("The chat of this `word` is over. Draw another word.", "input", "word") from error
        return known
    return Chatting(made[0], site), word


def _records(who: Who, given: StartChatInput, now: datetime) -> list[HandedOver]:
    came_in = _came_in(who.channel, given)
    shown: Mapping[str, str | None] = {}
    if given.locale:
        shown = {"locale": accepted(plain_line, given.locale, "input", "locale", longest=LONGEST_LOCALE)}
    return [
        # Who opens a panel has not written: nobody waits for an answer.
        Person(who=who, profile=shown, entry_point=came_in),
        Talk(
            channel=who.channel,
            account=who.account,
            external_id=who.value,
            who=who,
            started_at=now,
            last_message_at=now,
            entry_point=came_in,
            is_silent=True,
        ),
    ]


def _came_in(channel: str, given: StartChatInput) -> Mapping[str, str | None]:
    return {
        "channel": channel,
        "page": _page(given.page, "page") if given.page else None,
        "referrer": _page(given.referrer, "referrer") if given.referrer else None,
    }


def _page(text: str, name: str) -> str:
    """The address of a page, without what stands behind a # and without a name and password."""
    line = accepted(plain_line, text, "input", name, longest=LONGEST_PAGE)
    try:
        parts = urlsplit(line)
        is_page = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_page = False
    if not is_page:
        raise invalid(f"`{name}` is {quoted(line)}, which is no page. Send its address, as https://...", "input", name)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
