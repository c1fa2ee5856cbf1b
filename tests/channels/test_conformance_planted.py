"""Is a mistake found that a partner makes, and that looks well at first?"""

import asyncio
import base64
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.conformance.findings import Finding, Outcome
from adapters.conformance.suite import CHECKS, Check, Report, try_out
from adapters.contract.deliveries import Answer, Delivery, Event, NotProven
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelError, ChannelRefused
from adapters.contract.examples import Examples
from adapters.contract.found import Found, Portion
from adapters.contract.manners import Manners, by_status
from adapters.contract.records import Amount, Order, Person, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_club import EXAMPLES, Club, _sign, _signature
from tests.channels.test_conformance_opening import PLANTED as OF_FILES
from tests.channels.test_conformance_suite import BROKEN
from tests.channels.test_conformance_waiting import PLANTED as SLOW


class _Ordering(Club):
    """Orders that are changed after they were read well."""

    async def purchases(self, who: Who, portion: Portion) -> Found:
        found = await super().purchases(who, portion)
        return replace(found, records=tuple(self.changed([one for one in found.records if isinstance(one, Order)])))

    def changed(self, orders: list[Order]) -> list[Order]:
        """They."""
        return orders


class _Floating(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return [replace(one, total=Amount(12.5, "EUR")) for one in orders]  # type: ignore[arg-type]


class _NotANumber(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return [replace(one, total=Amount(Decimal("NaN"), "EUR")) for one in orders]


class _Numbered(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return [replace(one, external_id=9) for one in orders]  # type: ignore[arg-type]


class _Halved(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return [replace(one, items=(one.items[0]._replace(quantity=1.5),)) for one in orders]  # type: ignore[arg-type]


class _Worded(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return [replace(one, status="paid") for one in orders]


class _Elsewhere(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return [replace(one, who=one.who._replace(account="other")) for one in orders]


class _Backwards(_Ordering):
    def changed(self, orders: list[Order]) -> list[Order]:
        return orders[::-1]


class _OneEvent(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, key="event") for one in super().events(delivery)]


class _OneDelivery(Club):
    def delivery_key(self, delivery: Delivery) -> str | None:
        del delivery
        return "delivery"


class _Mute(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [one for one in super().events(delivery) if one.who is None]


class _Forgiving(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        try:
            return super().events(delivery)
        except BadPayload:
            return []


class _Foreign(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        found = super().events(delivery)
        return [replace(one, who=one.who and one.who._replace(channel="whatsapp")) for one in found]


class _Telling(Club):
    def prove(self, delivery: Delivery) -> None:
        try:
            super().prove(delivery)
        except NotProven as error:
            stamp = delivery.headers.get("x-club-timestamp", "")
            raise NotProven(f"Expected {_signature(stamp, delivery.body, self.settings)}.") from error


class _Comparing(Club):
    def prove(self, delivery: Delivery) -> None:
        stamp = delivery.headers.get("x-club-timestamp", "")
        if delivery.headers.get("x-club-signature") != _signature(stamp, delivery.body, self.settings):
            raise NotProven("It is another signature.")
        super().prove(delivery)


class _Timeless(Club):
    def prove(self, delivery: Delivery) -> None:
        stamp = delivery.headers.get("x-club-timestamp", "0")
        now = delivery.received_at.fromtimestamp(int(stamp) if stamp.isdecimal() else 0, tz=delivery.received_at.tzinfo)
        super().prove(replace(delivery, received_at=now))


class _Early(Club):
    def prove(self, delivery: Delivery) -> None:
        stamp = delivery.headers.get("x-club-timestamp", "0")
        if stamp.isdecimal() and int(stamp) > delivery.received_at.timestamp():
            return
        super().prove(delivery)


class _Shortened(Club):
    def prove(self, delivery: Delivery) -> None:
        given, stamp = (delivery.headers.get(f"x-club-{name}", "") for name in ("signature", "timestamp"))
        if not given or given[:8] != _signature(stamp, delivery.body, self.settings)[:8]:
            raise NotProven("It is another signature.")


class _Unsigned(Club):
    def prove(self, delivery: Delivery) -> None:
        stamp = delivery.headers.get("x-club-timestamp", "")
        if not stamp.isdecimal() or abs(delivery.received_at.timestamp() - int(stamp)) > 300:
            raise NotProven("It was signed long ago.")
        signed = {"x-club-timestamp": "0", "x-club-signature": _signature("0", delivery.body, self.settings)}
        if delivery.headers.get("x-club-signature") != signed["x-club-signature"]:
            raise NotProven("It is another signature.")


def _signed_bare(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    signed = _sign(delivery, settings)
    return {**signed, "x-club-signature": _signature("0", delivery.body, settings)}


class _Greeting(Club):
    def handshake(self, delivery: Delivery) -> Answer | None:
        del delivery
        return Answer(body=b"ok")


class _Echoing(Club):
    def handshake(self, delivery: Delivery) -> Answer | None:
        challenge = delivery.query.get("hub.challenge")
        return Answer(body=challenge.encode()) if challenge else None


class _Circling(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        return replace(await super().purchases(who, portion), after="c-2")


class _Standing(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        return await super().purchases(who, replace(portion, after=None))


class _Unbounded(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        return await super().purchases(who, replace(portion, at_most=100))


class _NoPost(Club):
    async def person(self, who: Who) -> Found:
        return await super().person(who._replace(channel="club"))


class _Bare(Club):
    async def person(self, who: Who) -> Found:
        reply = await self.way.get(f"{self.settings.base_url}/members/{who.value}")
        return Found(records=(self._person(reply.json()),))


class _Absent(Club):
    async def person(self, who: Who) -> Found:
        try:
            return await super().person(who)
        except ChannelError as error:
            raise BadPayload("It has no member.") from error


def _hasty(reply: Reply) -> ChannelError | None:
    error = by_status(reply)
    return ChannelBusy("It takes no more.") if isinstance(error, ChannelBusy) else error


class _Hasty(Club):
    manners = Manners(judge=_hasty)


class _Doubling(Club):
    async def send(self, outgoing: Outgoing) -> Sent:
        await super().send(outgoing)
        return await super().send(outgoing)


class _Keyless(Club):
    async def send(self, outgoing: Outgoing) -> Sent:
        return await super().send(replace(outgoing, key="another"))


class _Disagreeing(Club):
    is_repeatable = False

    async def send(self, outgoing: Outgoing) -> Sent:
        url = f"{self.settings.base_url}/members/m-501/messages"
        reply = await self.way.post(url, json={"text": outgoing.text}, is_repeatable=True)
        return Sent(state=SendState.TAKEN, external_id=reply.json()["id"])


class _Certain(Club):
    async def send(self, outgoing: Outgoing) -> Sent:
        sent = await super().send(outgoing)
        if sent.state is SendState.UNKNOWN:
            raise ChannelRefused("It did not answer.")
        return sent


class _Whole(Club):
    async def send(self, outgoing: Outgoing) -> Sent:
        return replace(await super().send(outgoing), external_id=5)  # type: ignore[arg-type]


class _Lenient(Club):
    def require_allowed(self, outgoing: Outgoing) -> None:
        del outgoing


class _Printing(Club):
    def _person(self, raw: Any) -> Person:
        found = super()._person(raw)
        print(found.profile["name"])  # noqa: T201  the mistake
        return found


class _Coded(Club):
    def _person(self, raw: Any) -> Person:
        print(base64.b64encode(b"club:" + self.settings.token.get_secret_value().encode()))  # noqa: T201  the mistake
        return super()._person(raw)


class _InAddress(Club):
    async def person(self, who: Who) -> Found:
        token = self.settings.token.get_secret_value()
        del who
        reply = await self.way.get(f"{self.settings.base_url}/members/m-501", params={"token": token})
        return Found(records=(self._person(reply.json()),))


class _Quoting(Club):
    def _person(self, raw: Any) -> Person:
        try:
            return super()._person(raw)
        except BadPayload as error:
            raise BadPayload(f"A member cannot be read: {raw}") from error


class _Endless(Club):
    async def person(self, who: Who) -> Found:
        del who
        while True:
            await self.way.get(f"{self.settings.base_url}/members/m-501")


class _Spinning(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        del delivery
        while True:
            pass


class _Dropping(Club):
    """Answers what it can read, and nothing of what it cannot."""

    async def purchases(self, who: Who, portion: Portion) -> Found:
        return replace(await super().purchases(who, portion), unread=())


class _Skipping(Club):
    """Takes several events at once, and passes over those that it cannot read."""

    def events(self, delivery: Delivery) -> Sequence[Event]:
        found: list[Event] = []
        for one in delivery.json()["events"]:
            with suppress(BadPayload):
                found += super().events(replace(delivery, body=json.dumps(one).encode()))
        return found


TOGETHER = replace(EXAMPLES, answers={}, deliveries=(b'{"events": [' + b",".join(EXAMPLES.deliveries) + b"]}",))

PLANTED = [
    (_Dropping, "kept", EXAMPLES),
    (_Skipping, "kept", TOGETHER),
    *((cls, "answered", EXAMPLES) for cls in (_Floating, _NotANumber, _Numbered, _Halved, _Worded, _Elsewhere)),
    *((cls, "repeated", EXAMPLES) for cls in (_OneEvent, _OneDelivery)),
    *((cls, "replayed", EXAMPLES) for cls in (_Timeless, _Early)),
    *((cls, "handshake", EXAMPLES) for cls in (_Greeting, _Echoing)),
    *((cls, "paged", EXAMPLES) for cls in (_Circling, _Standing, _Unbounded)),
    *((cls, "failing", EXAMPLES) for cls in (_Absent, _Hasty)),
    *((cls, "sent", EXAMPLES) for cls in (_Doubling, _Keyless, _Whole, _Lenient)),
    *((cls, "sent once", EXAMPLES) for cls in (_Disagreeing, _Certain)),
    (_Backwards, "answered", EXAMPLES),
    (_Mute, "read", EXAMPLES),
    (_Foreign, "read", EXAMPLES),
    (_Forgiving, "junk", EXAMPLES),
    (_Comparing, "genuine", EXAMPLES),
    (_Shortened, "forged", EXAMPLES),
    (_Unsigned, "replayed", replace(EXAMPLES, sign=_signed_bare)),
    (Club, "replayed", replace(EXAMPLES, tolerance_s=None)),
    (_NoPost, "asked by", EXAMPLES),
    (_Bare, "escaped", EXAMPLES),
]


def _tried(
    cls: type[Club],
    monkeypatch: pytest.MonkeyPatch,
    *names: str,
    examples: Examples = EXAMPLES,
    step_s: float = 15.0,
) -> Report:
    monkeypatch.setattr(sys.modules[cls.__module__], "EXAMPLES", examples, raising=False)
    checks = [one for one in CHECKS if one.name in {"made", *names}]
    adapter = Adapter(cls, "tests")
    return asyncio.run(try_out(adapter, one_way, mutations=40, deadline_s=0.05, checks=checks, step_s=step_s))


@pytest.mark.parametrize(("cls", "check", "examples"), PLANTED)
def test_planted_mistakes(cls: type[Club], check: str, examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake that a partner may make fails the check that is there for it, by what it finds and not by a crash."""
    report = _tried(cls, monkeypatch, check, examples=examples)
    assert report.failed == [check]
    assert "came out of it" not in report.findings[-1][1].words


@pytest.mark.parametrize(
    ("cls", "heard_by"),
    [(_Printing, "answered"), (_Coded, "answered"), (_InAddress, "answered"), (_Quoting, "junk"), (_Telling, "forged")],
)
def test_what_is_told(cls: type[Club], heard_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither names, ids and values of a payload nor a secret in whatever form are told, printed, or put into URLs."""
    assert _tried(cls, monkeypatch, heard_by, "silent").failed == ["silent"]


@pytest.mark.parametrize(("cls", "check"), [(_Endless, "answered"), (_Spinning, "read")])
def test_never_back(cls: type[Club], check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever never comes back is told of, also where nothing else can run meanwhile."""
    report = _tried(cls, monkeypatch, check, step_s=1.0)
    assert report.failed == [check]
    assert "did not come back" in report.findings[-1][1].words


def test_every_check_is_tested() -> None:
    """There is a broken channel for every check."""
    found = {one for _, checks in BROKEN for one in checks.split(", ")} | {check for _, check, _ in PLANTED}
    found |= {check for _, check in (*SLOW, *OF_FILES)}
    assert found == {one.name for one in CHECKS}


def test_sound_club_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel in which mistakes are planted has none of its own, and each check is told of as it ends."""
    told: list[tuple[Check, Finding]] = []
    monkeypatch.setattr(sys.modules[Club.__module__], "EXAMPLES", EXAMPLES)
    report = asyncio.run(
        try_out(Adapter(Club, "tests"), one_way, mutations=40, deadline_s=0.05, tell=lambda *one: told.append(one))
    )
    assert report.failed == []
    assert tuple(told) == report.findings
    missing = {check.name for check, one in told if one.outcome is Outcome.NOT_OFFERED}
    assert missing == {"ordered", "asked once", "opened"}
