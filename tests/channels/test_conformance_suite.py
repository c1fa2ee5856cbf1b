"""Can each check of the conformance suite fail, and does it alone where one thing is wrong?"""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, Field

from adapters.conformance.findings import Outcome
from adapters.conformance.suite import Report, try_out
from adapters.contract.channel import (
    Capability,
    Channel,
    ChannelSettings,
    NewOrder,
    PaymentAsked,
    PaymentRequest,
)
from adapters.contract.deliveries import Delivery, Event, NotProven
from adapters.contract.errors import BadPayload, ChannelDown, ChannelError, ChannelRefused, OutcomeUnknown
from adapters.contract.examples import Examples
from adapters.contract.found import Found, Portion
from adapters.contract.records import Order, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_acme import EXAMPLES, Acme, AcmeSettings

_OF_ANSWERS = ("answered", "paged", "followed", "asked by", "escaped", "failing", "odd")
PERSON = "+12025550143"
_MORE = {"/orders": b'{"id": "o-1"}', "/payments": b'{"id": "p-1"}'}
GOOD = replace(EXAMPLES, person=PERSON, answers={**EXAMPLES.answers, **_MORE})


class Soundly(Acme):
    """The sample channel, which also sends."""

    is_repeatable = False

    def talk_with(self, who: Who) -> str | None:
        """Everybody has one."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Texts are."""
        if outgoing.text is None:
            raise ChannelRefused("It takes texts alone.")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Once."""
        try:
            reply = await self.way.post(f"{self.settings.base_url}/messages", json=self.words_of(outgoing))
        except OutcomeUnknown:
            return Sent(state=SendState.UNKNOWN, why="It did not answer in time.")
        return Sent(state=SendState.TAKEN, external_id=str(reply.status))

    def words_of(self, outgoing: Outgoing) -> dict[str, Any]:
        """What the vendor is told."""
        return {"to": outgoing.who.value, "text": outgoing.text}

    is_order_repeatable = True
    is_payment_repeatable = False

    async def place_order(self, order: NewOrder) -> Found:
        """Once."""
        reply = await self.way.post(f"{self.settings.base_url}/orders", json=self.said_of(order))
        placed = Order(external_id=_id_in(reply), who=order.who, placed_at=reply.as_of, items=order.items)
        return Found(records=(placed,))

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        """Once."""
        reply = await self.way.post(f"{self.settings.base_url}/payments", json={"text": request.words})
        return PaymentAsked(external_id=_id_in(reply), url="https://pay.example/1")

    def said_of(self, order: NewOrder) -> dict[str, Any]:
        """What the vendor is told."""
        return {"key": order.key, "customer": order.who.value, "titles": [one.title for one in order.items]}


def _id_in(reply: Reply) -> str:
    said = reply.json()
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        raise BadPayload("The answer has no `id`.")
    return str(said["id"])


class _Silent(AcmeSettings):
    page: int = 3


class _Open(AcmeSettings):
    api_key: str = Field(default="none", description="A key that anyone may read.")


class _Lax(BaseModel):
    rows: int = Field(default=1, description="How many.")


class _Loose(AcmeSettings):
    paging: _Lax = Field(default=_Lax(), description="How to page.")


class _Unmakeable(Soundly):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        raise OSError("no such file")


class _Boasting(Acme):
    def capabilities(self) -> tuple[Capability, ...]:
        return (*super().capabilities(), Capability.ORDER)


class _Strange(Soundly):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, records=()) for one in super().events(delivery)]


class _Zoneless(Soundly):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, at=one.at and one.at.replace(tzinfo=None)) for one in super().events(delivery)]


class _Forgetful(Soundly):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        later = delivery.received_at.isoformat()
        return [replace(one, key=f"{one.key}{later}") for one in super().events(delivery)]


class _Unsteady(Soundly):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, order_by=str(id(self))) for one in super().events(delivery)]


class _Distrustful(Soundly):
    def prove(self, delivery: Delivery) -> None:
        del delivery
        raise NotProven("Nobody is trusted.")


class _Gullible(Soundly):
    def prove(self, delivery: Delivery) -> None:
        del delivery


class _Lazy(Soundly):
    def prove(self, delivery: Delivery) -> None:
        # Whether it is one, and not whether it is right.
        if not delivery.headers.get("x-acme-signature", "").isalnum():
            raise NotProven("There is no signature.")


class _Fragile(Soundly):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        whole = json.loads(delivery.body)
        assert isinstance(whole, dict)
        return super().events(delivery)


class _Short(Soundly):
    async def tickets(self, who: Who, portion: Portion) -> Found:
        found = await super().tickets(who, portion)
        return replace(found, records=())


class _Hiding(Soundly):
    async def tickets(self, who: Who, portion: Portion) -> Found:
        try:
            return await super().tickets(who, portion)
        except BadPayload:
            raise
        except ChannelError:
            return Found()


class _Careless(Soundly):
    async def tickets(self, who: Who, portion: Portion) -> Found:
        reply = await self.way.get(f"{self.settings.base_url}/tickets")
        cases = reply.json()
        if cases in (None, [], "sample"):
            raise KeyError("tickets")
        return await super().tickets(who, portion)


class _Pushing(Soundly):
    async def send(self, outgoing: Outgoing) -> Sent:
        url = f"{self.settings.base_url}/messages"
        try:
            await self.way.post(url, json=self.words_of(outgoing))
        except ChannelDown:
            await self.way.post(url, json=self.words_of(outgoing))
        return Sent(state=SendState.TAKEN)


class _Proud(Soundly):
    async def send(self, outgoing: Outgoing) -> Sent:
        await super().send(outgoing)
        return Sent(state=SendState.TAKEN, external_id="m-1")


class _Keyless(Soundly):
    def said_of(self, order: NewOrder) -> dict[str, Any]:
        return {"customer": order.who.value, "titles": [one.title for one in order.items]}


class _Confusing(Soundly):
    async def place_order(self, order: NewOrder) -> Found:
        placed = (await super().place_order(order)).records[0]
        assert isinstance(placed, Order)
        return Found(records=(replace(placed, who=Who(self.name, self.account, "somebody else")),))


class _Restless(Soundly):
    async def place_order(self, order: NewOrder) -> Found:
        try:
            return await super().place_order(order)
        except ChannelDown:
            return await super().place_order(order)


class _Hopeful(Soundly):
    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        try:
            return await super().ask_payment(request)
        except OutcomeUnknown:
            return PaymentAsked(external_id="1", url="https://pay.example/1")


class _Hasty(Soundly):
    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        try:
            return await super().ask_payment(request)
        except OutcomeUnknown as error:
            raise ChannelDown("It did not answer.") from error


class _Chatty(Soundly):
    async def tickets(self, who: Who, portion: Portion) -> Found:
        logging.getLogger("acme").debug("asking with %s", self.settings.token.get_secret_value())
        return await super().tickets(who, portion)


class _Telling(Soundly):
    async def tickets(self, who: Who, portion: Portion) -> Found:
        try:
            return await super().tickets(who, portion)
        except ChannelDown as error:
            raise ChannelDown(f"No answer about {who.value}.") from error


class _Showing(Soundly):
    def __repr__(self) -> str:
        return f"<Acme {self.settings.secret.get_secret_value()}>"


def _tried(cls: type[Channel], monkeypatch: pytest.MonkeyPatch, examples: Examples | None = None) -> Report:
    good = GOOD if examples is None else examples
    monkeypatch.setattr(sys.modules[cls.__module__], "EXAMPLES", good, raising=False)
    return asyncio.run(try_out(Adapter(cls, "tests"), one_way, mutations=40, deadline_s=0.05))


def _with(settings: type[ChannelSettings]) -> type[Channel]:
    return type("Acme", (Soundly,), {"Settings": settings, "__module__": __name__})


BROKEN = [
    (_with(_Silent), "described"),
    (_with(_Loose), "described"),
    (_with(_Open), "secret"),
    (_Unmakeable, "made"),
    (_Boasting, "capable"),
    (_Zoneless, "read, junk"),
    (_Forgetful, "repeated"),
    (_Unsteady, "repeated"),
    (_Distrustful, "genuine"),
    (_Gullible, "forged"),
    (_Lazy, "forged"),
    (_Fragile, "junk"),
    (_Short, "answered"),
    (_Hiding, "failing"),
    (_Careless, "odd"),
    (_Pushing, "sent once"),
    (_Proud, "sent once"),
    (_Keyless, "ordered"),
    (_Confusing, "ordered"),
    (_Restless, "asked once"),
    (_Hopeful, "asked once"),
    (_Hasty, "asked once"),
    (_Chatty, "silent"),
    (_Telling, "silent"),
    (_Showing, "silent"),
]


@pytest.mark.says_planted
@pytest.mark.parametrize(("cls", "check"), BROKEN)
def test_each_check_can_fail(cls: type[Channel], check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that is broken in one way fails that check, and no other."""
    assert ", ".join(_tried(cls, monkeypatch).failed) == check


def test_sound_channels_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound channel passes every check of what it offers."""
    report = _tried(Soundly, monkeypatch)
    assert report.is_good
    assert [check.name for check, finding in report.findings if finding.outcome is not Outcome.PASS] == ["opened"]


@pytest.mark.parametrize(
    ("without", "checks"),
    [
        ({"sign": None}, ["genuine", "forged", "replayed"]),
        ({"address": None}, ["waiting", *_OF_ANSWERS, "sent", "sent once", "ordered", "asked once"]),
        ({"answers": {}}, ["answered", "followed", "ordered"]),
        ({"deliveries": ()}, ["read", "repeated"]),
    ],
)
def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, without: dict[str, Any], checks: list[str]) -> None:
    """What cannot be checked is told as not checked, with what to write."""
    report = _tried(Soundly, monkeypatch, replace(GOOD, **without))
    missing = [(check.name, one.words) for check, one in report.findings if one.outcome is Outcome.NOT_CHECKED]
    assert [name for name, _ in missing] == checks
    assert all("EXAMPLES" in words for _, words in missing)
    assert report.is_good


def test_without_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without examples its settings alone are checked."""
    monkeypatch.setattr(sys.modules[Soundly.__module__], "EXAMPLES", None, raising=False)
    report = asyncio.run(try_out(Adapter(Soundly, "tests"), one_way))
    assert [one.outcome for _, one in report.findings[:3]] == [Outcome.PASS, Outcome.PASS, Outcome.NOT_CHECKED]
    assert {one.outcome for _, one in report.findings[3:]} == {Outcome.NOT_CHECKED}


@pytest.mark.says_planted
def test_nothing_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report itself quotes neither the secret nor the person that it found."""
    for cls in (_Chatty, _Telling, _Showing):
        words = " ".join(one.words for _, one in _tried(cls, monkeypatch).findings)
        assert "sample-" not in words
        assert PERSON not in words
