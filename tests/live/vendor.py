"""A vendor that speaks a small protocol of its own, with faults on demand, and the channel that asks it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from aiohttp import web

from adapters.contract.channel import Capability, Channel, ChannelSettings, Equipment
from adapters.contract.company import Place
from adapters.contract.errors import BadPayload
from adapters.contract.found import Found, Portion, Unread
from adapters.contract.manners import Manners
from adapters.contract.records import Amount, Case, Item, Leaning, Order, Person, Talk, Utterance, Who
from adapters.http.session import Outside
from adapters.lines import Lines

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
MANNERS = Manners(try_s=5, tries=1, trips_after=2, rests_s=0.2)


def at(minute: int) -> datetime:
    """A moment by its number."""
    return BEGIN + timedelta(minutes=minute)


def told_ticket(number: str, *, status: str = "OPEN", updated: int = 1) -> dict[str, Any]:
    """A ticket as the vendor tells it."""
    return {"id": number, "status": status, "created": 0, "updated": updated}


@dataclass
class Vendor:
    """What the vendor knows, by account, what and person; and in which mood each account is."""

    url: str = ""
    known: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    moods: dict[str, str] = field(default_factory=dict)
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Lets those go on who hang."""

    def has(self, what: str, person: str, *told: dict[str, Any], account: str = "main") -> None:
        """From now on the vendor says this."""
        self.known[account, what, person] = list(told)

    async def answer(self, request: web.Request) -> web.Response:
        """What the vendor says, or does instead."""
        account, what, person = (request.match_info[name] for name in ("account", "what", "person"))
        self.asked[account, what, person] += 1
        match self.moods.get(account):
            case "hangs":
                await self.gate.wait()
            case "broken":
                return web.json_response({"message": "Internal error of Ann Lee"}, status=500)
            case "throttled" | "throttled for a moment" as mood:
                wait_s = "7" if mood == "throttled" else "2"
                return web.json_response({}, status=429, headers={"Retry-After": wait_s})
            case "refuses":
                return web.json_response({}, status=401)
            case "junk":
                return web.Response(text="<html>Ann Lee", content_type="application/json")
        found = [self.known.get((account, what, one)) for one in person.split(",")]
        if found == [None]:
            return web.json_response({}, status=404)
        return web.json_response(found[0] if len(found) == 1 else found)


@asynccontextmanager
async def standing() -> AsyncIterator[Vendor]:
    """A vendor on this machine."""
    vendor = Vendor()
    app = web.Application()
    app.router.add_get("/{account}/{what}/{person}", vendor.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.url = site.name
    try:
        yield vendor
    finally:
        vendor.gate.set()
        await runner.cleanup()


class AcmeSettings(ChannelSettings):
    """What an account offers, and by whose identities people are found."""

    offers: tuple[Capability, ...] = (Capability.TICKETS,)
    by: tuple[str, ...] = ()
    own_id: str | None = None
    """Under which id of its own it knows whoever is asked for."""


class Acme(Channel):
    """Offers everything that can be asked live."""

    name = "acme"
    Settings = AcmeSettings
    manners = MANNERS
    settings: AcmeSettings

    def capabilities(self) -> tuple[Capability, ...]:
        """Those of the settings."""
        return self.settings.offers

    def asked_by(self) -> tuple[str, ...]:
        """Its own identities, and those of the settings."""
        return (self.name, *self.settings.by)

    async def person(self, who: Who) -> Found:
        """A name."""
        return await self._found("person", who)

    async def past(self, who: Who, portion: Portion) -> Found:
        """A conversation with a message for each word."""
        del portion
        return await self._found("past", who)

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """Tickets."""
        del portion
        return await self._found("tickets", who)

    async def purchases(self, who: Who, portion: Portion) -> Found:
        """Orders of one thing."""
        del portion
        return await self._found("purchases", who)

    async def interests(self, who: Who, portion: Portion) -> Found:
        """Topics."""
        del portion
        return await self._found("interests", who)

    async def _found(self, what: str, who: Who) -> Found:
        told = (await self.way.get(f"/{self.account}/{what}/{who.value}")).json()
        return self._read(what, who, told)

    def _read(self, what: str, who: Who, told: Any) -> Found:
        own = Who(self.name, self.account, self.settings.own_id) if self.settings.own_id else who
        unread = tuple(Unread(what=f"entry {n}", why=one["odd"]) for n, one in enumerate(told) if "odd" in one)
        try:
            good = [one for one in told if "odd" not in one]
            return Found(records=tuple(record for one in good for record in _RECORDS[what](own, one)), unread=unread)
        except (KeyError, TypeError) as error:
            raise BadPayload("The list does not hold what it should.") from error


class AcmeThatRepeats(Acme):
    """Asks again where that does no harm, as channels do unless they say otherwise."""

    manners = replace(MANNERS, tries=3)


class AcmeOfMany(Acme):
    """Answers for three people at once."""

    name = "many"
    many_at_once: ClassVar[int] = 3

    async def of_many(self, capability: Capability, people: Sequence[Who]) -> Mapping[Who, Found]:
        """One call for all of them."""
        what = capability.value.lower()
        told = (await self.way.get(f"/{self.account}/{what}/{','.join(one.value for one in people)}")).json()
        return {who: self._read(what, who, one) for who, one in zip(people, told, strict=True) if one is not None}


def case(who: Who, told: Mapping[str, Any]) -> Case:
    """A ticket, as an adapter reads it."""
    return Case(
        channel=who.channel,
        account=who.account,
        external_id=told["id"],
        who=who,
        number=told["id"],
        subject="Broken",
        status=told["status"],
        created_at=at(told["created"]),
        updated_at=at(told["updated"]),
    )


def _order(who: Who, told: Mapping[str, Any]) -> Order:
    item = Item("1", "Thing", 1, Amount(Decimal(told["amount"]), "USD"))
    status = told.get("status", "PLACED")
    return Order(external_id=told["id"], who=who, placed_at=at(told["placed"]), items=(item,), status=status)


def _leaning(who: Who, told: Mapping[str, Any]) -> list[Any]:
    place = Place(taxonomy="acme", external_id=told["id"], name=told["name"], path=("Sports", told["name"]))
    return [place, Leaning(who=who, taxonomy="acme", topic=told["id"], score=told["score"], observed_at=at(1))]


def _talk(who: Who, told: Mapping[str, Any]) -> list[Any]:
    common = {"channel": who.channel, "account": who.account, "who": who}
    said = Utterance(
        **common, external_id=told["id"], talk="t1", direction="IN", sent_at=at(told["sent"]), text=told["text"]
    )
    return [Talk(**common, external_id="t1", started_at=at(0), last_message_at=at(told["sent"])), said]


_RECORDS: Mapping[str, Any] = {
    "tickets": lambda who, told: [case(who, told)],
    "purchases": lambda who, told: [_order(who, told)],
    "interests": _leaning,
    "past": _talk,
    "person": lambda who, told: [
        Person(who=who, profile={"name": told["name"]}, attributes={"firstName": told["name"]})
    ],
}


_CLASSES = {"many": AcmeOfMany, "repeating": AcmeThatRepeats}


def lines_to(outside: Outside, vendor: Vendor, **accounts: AcmeSettings) -> Lines:
    """A line for each account, which is named for what it is given."""
    made = []
    for account, settings in accounts.items():
        cls = _CLASSES.get(account, Acme)
        way = outside.way(cls.name, account, cls.manners, base_url=vendor.url)
        made.append(cls(account, settings, Equipment(way=way)))
    return Lines(made)
