"""Which browsers chat with the company, and which of them sends this request?

A chat is one visitor of one site: an identity on the channel account, made up by the gateway, with one conversation.
A browser finds it again by a word that only it has (`startChat`), of which a hash is kept here.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.contract.records import Who
from adapters.contract.visitors import USER, VISITOR, ChatTerms, TakesVisitors
from adapters.records import Document, Index, Record, RecordId, derived_id, key_hash
from resolvers.ingest.talks import conversation_id
from resolvers.kit.context import Context
from resolvers.kit.erased import being_erased
from resolvers.kit.errors import NotFound, Refused, Unauthenticated
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice

CHATS: Final = Record(
    name="chats",
    indexes=(
        Index(("customer_id",)),
        Index(("conversation_id",)),
        Index(("resume",), unique=True),
        Index(("expires_at",)),
    ),
    personal=frozenset({"value", "user"}),
    aged_by="seen_at",
    news=frozenset({"agent_types_until", "visitor_types_until"}),
)
"""One visitor of one site each; whoever ends a chat removes it, and what was said stays."""

STATEMENTS: Final = Record(name="chat_statements", customer=None, indexes=(Index(("expires_at",)),))
"""The signed statements that were shown, by a hash of what they are called, each with the chat that showed it first."""

SLICE: Final = Slice("web chat", unshown=[CHATS, STATEMENTS])

_OVER: Final = "This chat is over. Begin one with `startChat`, without `resume`."


@dataclass(frozen=True, slots=True)
class Site:
    """A channel account on which visitors chat."""

    channel: str
    account: str
    line: TakesVisitors
    terms: ChatTerms

    @property
    def place(self) -> str:
        """As it stands where it is said who did something."""
        return f"{self.channel}/{self.account}"


@dataclass(frozen=True, slots=True, repr=False)
class Chatting:
    """A chat with its site."""

    document: Document
    site: Site

    @property
    def key(self) -> RecordId:
        """The chat's id."""
        key: RecordId = self.document["_id"]
        return key

    @property
    def who(self) -> Who:
        """The visitor, as the channel account knows them."""
        return Who(self.site.channel, self.site.account, self.document["value"])

    @property
    def talk(self) -> RecordId:
        """The conversation's id, stored or not."""
        return conversation_id(*self.who)


def site_of(context: Context, channel: str, account: str) -> Site | None:
    """The channel account of that name, where visitors chat on it."""
    line = context.lines.at(channel, account)
    if line is None or not isinstance(line.channel, TakesVisitors):
        return None
    return Site(channel, account, line.channel, line.channel.terms)


def new_visitor(site: Site) -> Who:
    """A visitor whom nobody knows."""
    return Who(site.channel, site.account, f"{VISITOR}{secrets.token_urlsafe(16)}")


def user_of(site: Site, user: str) -> Who:
    """Somebody whom the company has signed in on the site: no visitor is ever called so."""
    return Who(site.channel, site.account, f"{USER}{user}")


def is_user(value: str, *, but: Who) -> bool:
    """Whether somebody else than this one is called so by the company."""
    return value.startswith(USER) and value != but.value


def new_resume_word() -> str:
    """A word that nobody guesses."""
    return secrets.token_urlsafe(32)


def hash_of_resume(site: Site, word: str) -> str:
    """How the word is kept: good on this site alone."""
    # What is no word of ours is like none, whatever stands in it.
    return key_hash("resume", site.channel, site.account, word.encode("ascii", "replace").decode())


def statement_id(site: Site, statement: str) -> RecordId:
    """Under which id it is kept that a statement was shown."""
    return derived_id(STATEMENTS.name, site.channel, site.account, statement)


def chat_document(
    key: RecordId, who: Who, customer: RecordId, word: str, *, at: datetime, until: datetime
) -> dict[str, Any]:
    """A chat as it is stored."""
    return {
        "_id": key,
        "customer_id": customer,
        "channel": who.channel,
        "account": who.account,
        "value": who.value,
        "conversation_id": conversation_id(*who),
        "resume": word,
        "started_at": at,
        "seen_at": at,
        "expires_at": until,
    }


async def chat_of(context: Context) -> Chatting | None:
    """The chat in which the viewer is; None where that is over, or there is none."""
    key = context.viewer.chat_id
    found = await context.store.first(CHATS, {"_id": key}) if key else None
    return await standing_chat(context, found)


async def standing_chat(context: Context, found: Document | None) -> Chatting | None:
    """The chat with its site; None where its customer is gone, or the site is switched off."""
    if found is None or found["customer_id"] in await being_erased(context.store):
        return None
    site = site_of(context, found["channel"], found["account"])
    return Chatting(found, site) if site else None


async def require_chat(context: Context) -> Chatting:
    """The chat in which the viewer is; refused where that is over, or there is none."""
    found = await chat_of(context)
    if found is None:
        raise over()
    return found


async def following_chat(context: Context) -> Chatting:
    """The same for whoever follows it; raises Unauthenticated."""
    found = await chat_of(context)
    if found is None:
        raise Unauthenticated(_OVER)
    return found


def over() -> Refused:
    """The refusal for a chat that is over, or never was."""
    return Refused(NotFound(code="NOT_FOUND", message=_OVER))


def until_of(site: Site, at: datetime) -> datetime:
    """Until when a browser that was here at that moment finds its chat again."""
    return at + timedelta(days=site.terms.resume_days)


async def touch_chat(context: Context, chat: Chatting, change: Mapping[str, Any]) -> Document:
    """Changes the chat, also inside a transaction, and answers it; refused where it has ended meanwhile."""
    found = await context.store.update(CHATS, {"_id": chat.key}, {"$set": change})
    if found is None:
        raise over()
    return found


@SLICE.job("chats", every_s=3_600)
async def drop_ended(shift: Shift) -> bool:
    """Drops chats that no browser finds again any more, and statements that are good no longer; what was said stays."""
    for record in (CHATS, STATEMENTS):
        await shift.store.delete(record, {"expires_at": {"$lt": shift.clock()}})
    return False
