"""What was said with a person before deliveries told of it, as far as Meta still shows it?

Meta lists every message of a conversation and shows what was said in about the twenty latest; of older ones it gives
id and moment alone, or says that they were deleted. There the past is cut, and from when on it is whole is told.
"""

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.channels.meta_messaging.sending import DELETED
from adapters.channels.meta_messaging.shapes import THREAD, Kept, Listed, Spoken, Thread, Threaded
from adapters.channels.meta_messaging.words import Attached, bracketed, filed
from adapters.contract.errors import BadPayload, ChannelRefused
from adapters.contract.found import Found, Portion, Unread
from adapters.contract.records import File, HandedOver, Talk, Utterance, Who
from adapters.contract.reply import Reply
from adapters.payload import shaped

SHOWN: Final = 20
"""Of how many messages of a conversation Meta shows what was said."""
_FIELDS: Final = "id,created_time,from,message"
_PARAMETER: Final = "100"
_MOMENT: Final = timedelta(seconds=1)
"""Meta's moments are whole seconds."""
_LONGEST_CURSOR: Final = 4_000
_CURSOR: Final = re.compile(r"[A-Za-z0-9_=+/.:-]{1,1000}")

Ask = Callable[[tuple[str, ...], Mapping[str, str]], Awaitable[Reply]]
"""Asks an edge or node of the Graph API."""


@dataclass(frozen=True, slots=True, repr=False)
class _Place:
    """Where to go on: in a thread behind a cursor, then in the threads behind it."""

    threads: tuple[str, ...]
    after: str | None

    def word(self) -> str | None:
        """The place as an opaque cursor; None at the end."""
        if not self.threads:
            return None
        told = json.dumps([self.threads, self.after], separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode()


def _place(word: str) -> _Place:
    """The place that `_Place.word` gave; raises BadPayload for any other word."""
    wrong = "The cursor is none of this channel. Begin without one."
    try:
        threads, after = json.loads(base64.urlsafe_b64decode(word[:_LONGEST_CURSOR].encode()))
        is_whole = all(isinstance(one, str) and THREAD.fullmatch(one) for one in threads)
        is_cursor = after is None or _CURSOR.fullmatch(after)
    except (binascii.Error, RecursionError, TypeError, ValueError) as error:
        raise BadPayload(wrong) from error
    if not threads or not is_whole or not is_cursor:
        raise BadPayload(wrong)
    return _Place(tuple(threads), after)


class Pasts:
    """The conversations of an account's customers."""

    def __init__(self, ask: Ask, node: str, platform: str, said_fields: str) -> None:
        self._ask, self._node, self._platform, self._said_fields = ask, node, platform, said_fields

    async def past(self, who: Who, portion: Portion) -> Found:
        """A page of one conversation's messages, the newest first. Raises ChannelError."""
        unread: list[Unread] = []
        place = _place(portion.after) if portion.after else _Place(await self._threads(who, unread), None)
        if not place.threads:
            return Found(unread=tuple(unread))
        try:
            reply = await self._page(place, max(1, min(portion.at_most, SHOWN)))
        except ChannelRefused as error:
            if error.code != DELETED:
                raise
            # So Meta says it at times of what lies behind the latest.
            return Found(unread=tuple(unread), after=_Place(place.threads[1:], None).word())
        return _found(who, place, shaped(Threaded, reply.json()).messages, reply, unread)

    async def _page(self, place: _Place, size: int) -> Reply:
        """Messages with all that is told of them, or without what Meta does not know beside their words."""
        behind = f".after({place.after})" if place.after else ""
        asked = f"messages.limit({size}){behind}"
        try:
            return await self._ask((place.threads[0],), {"fields": f"{asked}{{{_FIELDS},{self._said_fields}}}"})
        except ChannelRefused as error:
            if error.code != _PARAMETER:
                raise
        return await self._ask((place.threads[0],), {"fields": f"{asked}{{{_FIELDS}}}"})

    async def _threads(self, who: Who, unread: list[Unread]) -> tuple[str, ...]:
        """The ids of the conversations with the person, of which there is mostly one."""
        asked = {"platform": self._platform, "user_id": who.value, "fields": "id,updated_time"}
        reply = await self._ask((self._node, "conversations"), asked)
        found = []
        for n, one in enumerate(shaped(Listed, reply.json()).data):
            try:
                found.append(shaped(Thread, one, f"data[{n}]").id)
            except BadPayload as error:
                unread.append(Unread(what="conversation", why=error.reason))
        return tuple(found)


def _found(who: Who, place: _Place, page: Listed | None, reply: Reply, unread: list[Unread]) -> Found:
    said: list[HandedOver] = []
    shown: list[datetime] = []
    cut: datetime | None = None
    for n, raw in enumerate(page.data if page else ()):
        try:
            one = shaped(Spoken, raw, f"messages.data[{n}]")
        except BadPayload as error:
            unread.append(Unread(what="message", why=error.reason))
            continue
        if one.sender is None or one.sender.id is None:
            # No word of who wrote it: Meta shows no more of this one, nor of those before it.
            cut = max(cut or one.created_time, one.created_time)
            continue
        shown.append(one.created_time)
        said += _records(who, one, unread)
    after = _after(page, place) if cut is None else None
    here = (place.threads[0],) if after else ()
    return Found(
        records=(*_talk(who, shown), *said),
        unread=tuple(unread),
        after=_Place((*here, *place.threads[1:]), after).word(),
        as_of=reply.as_of,
        is_stale=reply.is_stale,
        complete_since=min(shown, default=cut + _MOMENT) if cut else None,
    )


def _after(page: Listed | None, place: _Place) -> str | None:
    paging = page.paging if page else None
    after = paging.cursors.after if paging and paging.next and paging.cursors else None
    # A cursor that leads to itself would be followed for ever.
    return after if after and after != place.after and _CURSOR.fullmatch(after) else None


def _talk(who: Who, shown: list[datetime]) -> tuple[Talk, ...]:
    """The one conversation with the person, as deliveries tell of it."""
    if not shown:
        return ()
    begun, last = min(shown), max(shown)
    talk = Talk(
        channel=who.channel,
        account=who.account,
        external_id=who.value,
        who=who,
        started_at=begun,
        last_message_at=last,
    )
    return (talk,)


def _records(who: Who, one: Spoken, unread: list[Unread]) -> list[HandedOver]:
    is_theirs = one.sender is not None and one.sender.id == who.value
    files = _files(one, unread)
    place: dict[str, Any] = {"channel": who.channel, "account": who.account}
    said = Utterance(
        **place,
        external_id=one.id,
        talk=who.value,
        who=who,
        direction="IN" if is_theirs else "OUT",
        sent_at=one.created_time,
        text=one.message or (bracketed("sticker") if one.sticker else None if files else bracketed("not shown")),
        status="RECEIVED" if is_theirs else "SENT",
    )
    kept = (
        File(
            **place,
            external_id=f"{one.id}/{n}",
            who=who,
            of=one.id,
            of_kind="message",
            name=file.name,
            media_type=file.media_type,
            size_bytes=None,
            created_at=one.created_time,
        )
        for n, file in enumerate(files)
    )
    return [said, *kept]


def _files(one: Spoken, unread: list[Unread]) -> tuple[Attached, ...]:
    told = []
    for raw in one.attachments.data if one.attachments else ():
        try:
            file = shaped(Kept, raw)
        except BadPayload as error:
            unread.append(Unread(what="file", why=error.reason))
            continue
        told.append((file.name, file.mime_type))
    return filed(told)
