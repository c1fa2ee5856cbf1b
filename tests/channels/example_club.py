"""A second channel as a partner writes it: people, pages of orders, messages that go out, and dated deliveries."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from adapters.contract.addresses import WebAddress
from adapters.contract.channel import Channel, ChannelSettings
from adapters.contract.deliveries import Answer, Delivery, Event, NotProven
from adapters.contract.errors import BadPayload, ChannelError, ChannelRefused, NoSuchIdentity, OutcomeUnknown
from adapters.contract.examples import Examples
from adapters.contract.found import Found, Portion, Unread
from adapters.contract.manners import Manners, by_status
from adapters.contract.records import Amount, Item, Order, Person, Reach, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent

_TOLERANCE_S = 300
# What reading raises where a field is missing, or is of another kind.
_JUNK = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)


class ClubSettings(ChannelSettings):
    """What an account of the club needs."""

    base_url: WebAddress = Field(description="Where the club answers, as https://club.example/v1.")
    token: SecretStr = Field(description="The token of its API: Club, Developers, Tokens.")
    secret: SecretStr = Field(description="Signs its deliveries: Club, Developers, Webhooks.")


def _judge(reply: Reply) -> ChannelError | None:
    """By the status; the club says that a member is blocked with 409, which no other try changes."""
    return ChannelRefused("The member is blocked.", code="blocked") if reply.status == 409 else by_status(reply)


class Club(Channel):
    """A loyalty club."""

    name: ClassVar[str] = "club"
    Settings: ClassVar[type[ChannelSettings]] = ClubSettings
    manners: ClassVar[Manners] = Manners(judge=_judge)
    is_repeatable: ClassVar[bool] = True

    def asked_by(self) -> tuple[str, ...]:
        """By its own ids, and by verified e-mail addresses."""
        return (self.name, "email")

    # Asked

    async def person(self, who: Who) -> Found:
        """The member."""
        member, reply = await self._member(who)
        return Found(records=(member,), as_of=reply.as_of)

    async def purchases(self, who: Who, portion: Portion) -> Found:
        """The member's purchases, the newest first; one that cannot be read hides no other."""
        if who.channel == "email":
            who = (await self._member(who))[0].who
        params = {"limit": str(portion.at_most)} | ({"cursor": portion.after} if portion.after else {})
        reply = await self._get(f"/members/{quote(who.value, safe='')}/purchases", params)
        try:
            rows, after = list(reply.json()["purchases"]), reply.json().get("next_cursor")
        except _JUNK as error:
            raise BadPayload("The answer of /purchases has no list `purchases`.") from error
        orders, unread = [], []
        for n, one in enumerate(rows):
            try:
                orders.append(self._order(one))
            except _JUNK:
                unread.append(Unread(what=f"order {n} of the page", why="A field is missing, or of another kind."))
        # A vendor that gives the same page for ever would be asked for ever.
        after = after if isinstance(after, str) and after != portion.after else None
        return Found(records=tuple(orders), unread=tuple(unread), after=after, as_of=reply.as_of)

    async def _member(self, who: Who) -> tuple[Person, Reply]:
        if who.channel != "email":
            reply = await self._get(f"/members/{quote(who.value, safe='')}")
            return self._person(reply.json()), reply
        reply = await self._get("/members", {"email": who.value})
        try:
            found = list(reply.json()["members"])
        except _JUNK as error:
            raise BadPayload("The answer of /members has no list `members`.") from error
        if not found:
            raise NoSuchIdentity("It has no member with that address.")
        return self._person(found[0]), reply

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        return await self.way.get(f"{self.settings.base_url}{path}", params=params, headers=self._shown)

    @property
    def _shown(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.settings.token.get_secret_value()}"}

    # Sending

    def talk_with(self, who: Who) -> str:
        """One conversation for each member."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Texts alone."""
        if outgoing.text is None:
            raise ChannelRefused("The club takes texts and no templates. Write `text`.", code="no_text")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands a text over, with our key as its idempotency key."""
        url = f"{self.settings.base_url}/members/{quote(outgoing.who.value, safe='')}/messages"
        headers = {**self._shown, "Idempotency-Key": outgoing.key}
        try:
            reply = await self.way.post(url, json={"text": outgoing.text}, headers=headers)
        except OutcomeUnknown as error:
            return Sent(state=SendState.UNKNOWN, why=str(error))
        try:
            return Sent(state=SendState.TAKEN, external_id=_text(reply.json()["id"]))
        except _JUNK as error:
            raise BadPayload("The answer of /messages has no `id`.") from error

    # Delivered

    def handshake(self, delivery: Delivery) -> Answer | None:
        """The club has none."""
        del delivery
        return None

    def prove(self, delivery: Delivery) -> None:
        """By the HMAC of moment and body; one of long ago may be repeated by anybody who saw it."""
        given, stamp = (delivery.headers.get(f"x-club-{name}", "") for name in ("signature", "timestamp"))
        if not hmac.compare_digest(given.encode(), _signature(stamp, delivery.body, self.settings).encode()):
            raise NotProven("The header X-Club-Signature is not that of moment and body.")
        if not stamp.isdecimal() or abs(delivery.received_at.timestamp() - int(stamp)) > _TOLERANCE_S:
            raise NotProven(f"It was signed more than {_TOLERANCE_S} s from now.")

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The event's id."""
        said = delivery.json()
        return said["id"] if isinstance(said, dict) and isinstance(said.get("id"), str) else None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """One each: a member who changed, or a purchase."""
        raw = delivery.json()
        try:
            key, kind, at, data = _text(raw["id"]), raw["type"], _moment(raw["at"]), raw["data"]
            if kind not in {"member.updated", "purchase.created"}:
                return [Event(key=key, order_by=key, at=at, left_alone="another type of event")]
            record: Person | Order = self._person(data) if kind == "member.updated" else self._order(data)
        except _JUNK as error:
            raise BadPayload("The delivery has no `id`, `type`, `at` or `data`, or a field of another kind.") from error
        return [Event(key=key, order_by=record.who.value, at=at, records=(record,), who=record.who)]

    # Read

    def _person(self, raw: Any) -> Person:
        try:
            first, _, last = _text(raw["name"]).partition(" ")
            return Person(
                who=Who(self.name, self.account, _text(raw["id"])),
                # The customer's name comes of attributes; `profile` is shown beside the identity.
                attributes={"firstName": first, "lastName": last or None},
                profile={"name": raw["name"]},
                reaches=(Reach(type="EMAIL", value=_text(raw["email"])),),
                custom_data={"points": str(_whole(raw["points"]))},
                created_at=_moment(raw["joined_at"]),
            )
        except _JUNK as error:
            raise BadPayload("A member has not its fields, or one of another kind.") from error

    def _order(self, raw: Any) -> Order:
        return Order(
            external_id=_text(raw["id"]),
            who=Who(self.name, self.account, _text(raw["member"])),
            placed_at=_moment(raw["at"]),
            items=tuple(
                Item(
                    line=_text(line["id"]),
                    title=_text(line["title"]),
                    quantity=_whole(line["quantity"]),
                    total=Amount(_money(line["total"]), "EUR"),
                )
                for line in raw["lines"]
            ),
        )


def _text(raw: Any) -> str:
    if not (isinstance(raw, str) and raw):
        raise ValueError("no text")
    return raw


def _whole(raw: Any) -> int:
    if type(raw) is not int:
        raise ValueError("no whole number")
    return raw


def _money(raw: Any) -> Decimal:
    if not (found := Decimal(_text(raw))).is_finite():
        raise ValueError("no amount")
    return found


def _moment(raw: Any) -> datetime:
    if (moment := datetime.fromisoformat(_text(raw))).tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment


def _signature(stamp: str, body: bytes, settings: ClubSettings) -> str:
    return hmac.digest(settings.secret.get_secret_value().encode(), stamp.encode() + b"." + body, "sha256").hex()


def _sign(delivery: Delivery, settings: ClubSettings) -> Mapping[str, str]:
    stamp = str(int(delivery.received_at.timestamp()))
    return {"x-club-timestamp": stamp, "x-club-signature": _signature(stamp, delivery.body, settings)}


MEMBER = b"""{"id": "m-501", "name": "Ada Lovett", "email": "ada@club.example", "points": 1240,
"joined_at": "2024-02-03T10:00:00Z"}"""
NEWER = b"""{"id": "p-9", "member": "m-501", "at": "2026-03-02T09:00:00Z",
"lines": [{"id": "1", "title": "Flat white", "quantity": 2, "total": "8.00"}]}"""
OLDER = NEWER.replace(b"p-9", b"p-8").replace(b"2026-03", b"2026-02")
OLDEST = NEWER.replace(b"p-9", b"p-7").replace(b"2026-03", b"2026-01")

CHANNEL = Club
EXAMPLES = Examples(
    settings={"base_url": "https://club.example/v1", "token": "sample-token-1", "secret": "sample-secret-1"},
    address="base_url",
    person="m-501",
    persons={"email": "ada@club.example"},
    answers={
        "/members/m-501": MEMBER,
        "/members": b'{"members": [' + MEMBER + b"]}",
        "/members/m-501/purchases": b'{"purchases": [' + NEWER + b"," + OLDER + b'], "next_cursor": "c-2"}',
        "/members/m-501/purchases?cursor=c-2": b'{"purchases": [' + OLDEST + b"]}",
        "/members/m-501/messages": b'{"id": "msg-1"}',
    },
    deliveries=(
        b'{"id": "e-1", "type": "member.updated", "at": "2026-03-02T09:10:00Z", "data": ' + MEMBER + b"}",
        b'{"id": "e-2", "type": "purchase.created", "at": "2026-03-02T09:00:01Z", "data": ' + NEWER + b"}",
    ),
    sign=_sign,
    tolerance_s=_TOLERANCE_S,
)
