"""What was said on a person's tickets, the newest first, a few tickets at a time?"""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.channels.zendesk.asking import Desk, Page, is_cursor
from adapters.channels.zendesk.reading import DELETED, Reader, is_id, named, no_readings
from adapters.channels.zendesk.words import Ticket, User
from adapters.contract.errors import BadPayload, NoSuchIdentity
from adapters.contract.found import Found, Portion, Unread
from adapters.contract.records import File, HandedOver, Remark, Talk, Utterance, Who
from adapters.contract.reply import Reply
from adapters.readings import Readings, read

# Each ticket costs a request for its comments: so many are a portion, of the 200 to 2,500 requests that a desk takes
# in a minute.
_TICKETS_AT_ONCE = 10
_LARGEST_PAGE = 100
_LONGEST_CURSOR = 20_000
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, repr=False)
class _Place:
    """How far the past was read: the next page of tickets, and tickets with comments that are still to be read."""

    page: str | None
    is_last_page: bool
    rest: tuple[tuple[str, str], ...]
    """Ticket and cursor of its comments."""

    def word(self) -> str | None:
        """The place as an opaque cursor; None at the end."""
        if self.is_last_page and not self.rest:
            return None
        told = json.dumps([self.page, self.is_last_page, self.rest], separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode()


def _place(word: str | None) -> _Place:
    """The place that `_Place.word` gave; raises BadPayload for any other word."""
    if word is None:
        return _Place(None, is_last_page=False, rest=())
    try:
        page, is_last, rest = json.loads(base64.urlsafe_b64decode(word[:_LONGEST_CURSOR].encode()))
        pairs = tuple((str(ticket), str(cursor)) for ticket, cursor in rest)
    except (binascii.Error, RecursionError, TypeError, ValueError) as error:
        raise BadPayload("The cursor is none of this channel. Begin without one.") from error
    if not all(is_id(ticket) and is_cursor(cursor) for ticket, cursor in pairs):
        raise BadPayload("The cursor is none of this channel. Begin without one.")
    if page is not None and not is_cursor(page):
        raise BadPayload("The cursor is none of this channel. Begin without one.")
    return _Place(page, bool(is_last), pairs)


@dataclass(frozen=True, slots=True, repr=False)
class _Comments:
    """What a page of one ticket's comments held."""

    ticket: str
    readings: Readings
    after: str | None
    reply: Reply | None = None


class Pasts:
    """The conversations of a desk's customers."""

    def __init__(self, desk: Desk, reader: Reader) -> None:
        self._desk = desk
        self._reader = reader

    async def past(self, who: Who, portion: Portion) -> Found:
        """A few tickets as conversations with their newest comments, and what earlier portions left of others."""
        place = _place(portion.after)
        size = max(1, min(portion.at_most, _LARGEST_PAGE))
        page = None if place.is_last_page else await self._page(who, place.page, min(size, _TICKETS_AT_ONCE))
        others, tickets = self._tickets(page) if page else (no_readings(), [])
        asked = [*place.rest, *((one.id, None) for one in tickets)]
        told = await asyncio.gather(*(self._comments(ticket, who, size, after) for ticket, after in asked))
        talks = self._talks(tickets, told[len(place.rest) :])
        after = page.after if page else None
        return _found(talks, told, _Place(after, after is None, ()), others, page)

    async def _page(self, who: Who, after: str | None, size: int) -> Page:
        path = f"/api/v2/users/{who.value}/tickets/requested.json"
        return await self._desk.page(path, "tickets", {"sort": "-id"}, after, size)

    def _tickets(self, page: Page) -> tuple[Readings, list[Ticket]]:
        """The tickets of which comments can be asked for; beside them those that are gone, or cannot be read."""
        others, tickets = no_readings(), []
        for value in page.members:
            try:
                told = read(Ticket, value)
                if told.status == DELETED:
                    others.records.extend(self._reader.removed(told.id, told.updated_at))
                    continue
                self._reader.talk(told)
            except BadPayload as error:
                others.unread.append(Unread(what=named("ticket", value), why=error.reason))
            else:
                tickets.append(told)
        return others, tickets

    def _talks(self, tickets: Sequence[Ticket], told: Sequence[_Comments]) -> list[Talk]:
        latest = {
            one.ticket: max(
                (said.sent_at for said in one.readings.records if isinstance(said, Utterance)), default=None
            )
            for one in told
        }
        return [self._reader.talk(one, latest.get(one.id)) for one in tickets]

    async def _comments(self, ticket: str, who: Who, size: int, after: str | None) -> _Comments:
        readings = no_readings()
        try:
            page = await self._desk.page(
                f"/api/v2/tickets/{ticket}/comments.json",
                "comments",
                {"sort": "-created_at", "include": "users"},
                after,
                size,
            )
        except (NoSuchIdentity, BadPayload) as error:
            # One ticket that was deleted meanwhile, or cannot be read, spoils none of the others.
            readings.unread.append(Unread(what=f"comments of ticket {ticket}", why=str(error)))
            return _Comments(ticket, readings, None)
        authors = _authors(page)
        readings.take(
            "comment",
            page.members,
            lambda value: self._reader.comment(value, ticket=ticket, who=who, authors=authors),
        )
        return _Comments(ticket, readings, page.after, page.reply)


def _authors(page: Page) -> dict[str, User]:
    """Who wrote the comments, by id, as far as Zendesk said so and it can be read."""
    beside = page.whole.get("users")
    known: dict[str, User] = {}
    for value in beside if isinstance(beside, list) else ():
        try:
            one = read(User, value)
        except BadPayload:
            # Without it the author has no name here; the comment itself is as good as before.
            continue
        known[one.id] = one
    return known


def _found(talks: list[Talk], told: Sequence[_Comments], place: _Place, others: Readings, page: Page | None) -> Found:
    said = sorted((one for part in told for one in part.readings.records), key=_moment, reverse=True)
    rest = tuple((part.ticket, part.after) for part in told if part.after is not None)
    talks.sort(key=lambda one: one.last_message_at, reverse=True)
    records: list[HandedOver] = [*talks, *said, *others.records]
    replies = [one for one in (page.reply if page else None, *(part.reply for part in told)) if one is not None]
    return Found(
        records=tuple(records),
        unread=(*others.unread, *(one for part in told for one in part.readings.unread)),
        after=_Place(place.page, place.is_last_page, rest).word(),
        as_of=min((one.as_of for one in replies), default=None),
        is_stale=any(one.is_stale for one in replies),
    )


def _moment(one: HandedOver) -> datetime:
    """When it was said; the files of a message stand behind it, for sorting keeps the order of equals."""
    if isinstance(one, Utterance):
        return one.sent_at
    return one.created_at if isinstance(one, File | Remark) else _EARLIEST
