"""What does a Zendesk Support account offer?"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from adapters.channels.zendesk import files, sending
from adapters.channels.zendesk.asking import MANNERS, Desk, Page, object_of
from adapters.channels.zendesk.exporting import Export
from adapters.channels.zendesk.pasts import Pasts
from adapters.channels.zendesk.proving import delivery_key, prove
from adapters.channels.zendesk.reading import Reader, is_id, no_readings
from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.channels.zendesk.telling import Telling
from adapters.channels.zendesk.words import Identity, Organization, User
from adapters.contract.channel import Capability, Channel, Equipment, WantedFile
from adapters.contract.deliveries import Answer, Delivery, Event
from adapters.contract.errors import BadPayload, NoSuchIdentity
from adapters.contract.found import Found, Portion, Unread
from adapters.contract.records import Case, HandedOver, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, Sent
from adapters.readings import Readings, read

_LARGEST_PAGE = 100
_BESIDE_USERS = {"include": "organizations,identities"}


class _Beside:
    """What stands beside the users of an answer: organizations by id, and identities by user."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self.organizations: dict[str, Organization] = {}
        for value in _listed(whole, "organizations"):
            # One without a name is no help; the person is as good without.
            with contextlib.suppress(BadPayload):
                one = read(Organization, value)
                self.organizations[one.id] = one
        self._identities: dict[str, list[Any]] = {}
        for value in _listed(whole, "identities"):
            owner = str(value.get("user_id")) if isinstance(value, Mapping) else ""
            self._identities.setdefault(owner, []).append(value)

    def identities_of(self, user: str, readings: Readings) -> list[Identity]:
        """The user's; those that cannot be read are added to what is unread."""
        good: list[Identity] = []
        for value in self._identities.get(user, ()):
            try:
                good.append(read(Identity, value))
            except BadPayload as error:
                readings.unread.append(Unread(what="identity", why=error.reason))
        return good


class Zendesk(Channel):
    """A Zendesk Support account: people by their user ids there, tickets and what was said on them."""

    name: ClassVar[str] = "zendesk"
    Settings = ZendeskSettings
    manners = MANNERS
    many_at_once: ClassVar[int] = 100
    """As many ids as `users/show_many` takes."""
    many_for = frozenset({Capability.PROFILE})
    is_repeatable: ClassVar[bool] = False
    """A comment may not be asked for twice."""
    begins_once_for: ClassVar[timedelta | None] = timedelta(hours=1)
    """A new ticket may: Zendesk knows an idempotency key for two hours, of which half is room for slow tries."""

    def __init__(self, account: str, settings: ZendeskSettings, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._desk = Desk(account, settings, equipment.way)
        self._reader = Reader(
            channel=self.name,
            account=account,
            agents=settings.agents,
            region=equipment.default_region,
            takes_notes=settings.internal_notes,
        )
        self._pasts = Pasts(self._desk, self._reader)
        self._export = Export(self._desk, self._reader)
        self._telling = Telling(self._reader)

    def capabilities(self) -> tuple[Capability, ...]:
        """Deliveries are taken only where there is a secret by which they are proven."""
        offered = super().capabilities()
        return tuple(one for one in offered if one is not Capability.WEBHOOK or self.settings.signing_secrets)

    # People

    async def person(self, who: Who) -> Found:
        """The user; raises NoSuchIdentity for one that was deleted there, too."""
        reply = await self._desk.get(f"/api/v2/users/{_id_of(who)}.json", _BESIDE_USERS)
        whole = object_of(reply)
        readings = self._person(whole.get("user"), _Beside(whole))
        if not readings.records and not readings.unread:
            raise NoSuchIdentity("The user was deleted on Zendesk.")
        return _found(readings, reply)

    async def of_many(self, capability: Capability, people: Sequence[Who]) -> Mapping[Who, Found]:
        """Profiles of up to a hundred people in one call.

        Zendesk lists tickets of one requester at a time. Its search takes several, but shows a ticket only minutes
        after it was opened and a thousand at most: that answers another question.
        """
        if capability is not Capability.PROFILE:
            return await self._each(capability, people)
        asked = {who.value: who for who in people if is_id(who.value)}
        if not asked:
            return {}
        reply = await self._desk.get("/api/v2/users/show_many.json", {"ids": ",".join(asked), **_BESIDE_USERS})
        whole = object_of(reply)
        listed = whole.get("users")
        if not isinstance(listed, list):
            raise BadPayload("users is no list")
        known: dict[Who, Found] = {}
        beside = _Beside(whole)
        for value in listed:
            who = asked.get(str(value.get("id"))) if isinstance(value, Mapping) else None
            readings = self._person(value, beside)
            if who is not None and (readings.records or readings.unread):
                known[who] = _found(readings, reply)
        return known

    async def _each(self, capability: Capability, people: Sequence[Who]) -> Mapping[Who, Found]:
        """What is asked for of each person alone, at once as far as the way allows. Raises the first ChannelError."""
        asking = {Capability.TICKETS: self.tickets, Capability.HISTORY: self.past}.get(capability)
        if asking is None:
            return {}

        async def of_one(who: Who) -> Found | None:
            try:
                return await asking(who, Portion())
            except NoSuchIdentity:
                return None

        found = await asyncio.gather(*(of_one(who) for who in people))
        return {who: one for who, one in zip(people, found, strict=True) if one is not None}

    def _person(self, value: Any, beside: _Beside) -> Readings:
        """The user with what stands beside; nothing of one who was deleted."""
        readings = no_readings()

        def person(value: Any) -> Sequence[HandedOver]:
            user = read(User, value)
            theirs = beside.identities_of(user.id, readings)
            home = beside.organizations.get(user.organization_id or "")
            return (self._reader.person(user, organization=home, identities=theirs),) if user.active else ()

        readings.take("user", [value], person)
        return readings

    # Tickets and what was said on them

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """A page of the tickets that the person asked for, with the newest first on the page.

        Zendesk is asked for the newest first, and does not always heed it where it pages by cursor: then a later page
        may hold newer ones.
        """
        page = await self._desk.page(
            f"/api/v2/users/{_id_of(who)}/tickets/requested.json",
            "tickets",
            {"sort": "-id"},
            portion.after,
            max(1, min(portion.at_most, _LARGEST_PAGE)),
        )
        return self._cases(page)

    def _cases(self, page: Page) -> Found:
        readings = no_readings()
        readings.take("ticket", page.members, self._reader.ticket)
        cases = [one for one in readings.records if isinstance(one, Case)]
        cases.sort(key=lambda one: one.created_at, reverse=True)
        others = [one for one in readings.records if not isinstance(one, Case)]
        readings.records[:] = [*cases, *others]
        return _found(readings, page.reply, page.after)

    async def past(self, who: Who, portion: Portion) -> Found:
        """Tickets as conversations with their public comments and files, the newest first."""
        _id_of(who)
        return await self._pasts.past(who, portion)

    async def file(self, wanted: WantedFile) -> Reply:
        """The file of a comment; raises ChannelRefused where Zendesk found malware in it."""
        return await files.file_of(self._desk, wanted.external_id)

    async def portion_of_all(self, cursor: str | None) -> Found:
        """Tickets of everybody, the earliest changed first, a thousand at once; behind `Found.after` are the next."""
        return await self._export.portion(cursor)

    # Sending

    def talk_with(self, who: Who) -> str | None:
        """None: a person may have several tickets, and the number of a new one is Zendesk's to give."""
        del who
        return None

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Returns where Zendesk has room for it; raises ChannelRefused."""
        sending.require_allowed(outgoing)

    async def send(self, outgoing: Outgoing) -> Sent:
        """A public comment on the conversation's ticket, or a new ticket where none is named."""
        return await sending.send(self._desk, outgoing, self.settings.sends_as)

    # Deliveries

    def handshake(self, delivery: Delivery) -> Answer | None:
        """None: Zendesk checks no address beforehand."""
        del delivery
        return None

    def prove(self, delivery: Delivery) -> None:
        """Returns where one of the signing secrets made the signature; raises NotProven else."""
        prove(delivery, self.settings.signing_secrets, self.settings.signature_tolerance_s)

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The event's id."""
        return delivery_key(delivery)

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """The event of a delivery; of two users who became one, an event of each."""
        return self._telling.events(delivery)


def _id_of(who: Who) -> str:
    """The user's id, fit for a path; Zendesk's are decimal, and nobody else is asked for."""
    if not is_id(who.value):
        raise NoSuchIdentity("Zendesk's user ids are decimal numbers; this is none.")
    return who.value


def _listed(whole: Mapping[str, Any], name: str) -> list[Any]:
    listed = whole.get(name)
    return listed if isinstance(listed, list) else []


def _found(readings: Readings, reply: Reply, after: str | None = None) -> Found:
    return Found(
        records=tuple(readings.records),
        unread=tuple(readings.unread),
        after=after,
        as_of=reply.as_of,
        is_stale=reply.is_stale,
    )
