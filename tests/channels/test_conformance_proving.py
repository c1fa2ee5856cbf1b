"""Is a mistake found by which the wrong person is written to, or an old delivery or an exchanged secret misjudged?"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr

from adapters.conformance.findings import Outcome
from adapters.conformance.suite import CHECKS, try_out
from adapters.contract.channel import ChannelSettings, NewOrder, PaymentAsked, PaymentRequest
from adapters.contract.deliveries import Delivery, Event, NotProven
from adapters.contract.errors import BadPayload, ChannelRefused
from adapters.contract.examples import Examples
from adapters.contract.found import Found, Portion
from adapters.contract.records import Order, Who
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_club import EXAMPLES, MEMBER, NEWER, Club
from tests.channels.test_conformance_planted import _tried

# Whom it is for


class _Noting(Club):
    """Hands its messages over at whatever address."""

    path = "/members/{id}/messages"

    async def send(self, outgoing: Outgoing) -> Sent:
        url = self.settings.base_url + self.path.replace("{id}", outgoing.who.value)
        reply = await self.way.post(url, **self.said(outgoing))
        return Sent(state=SendState.TAKEN, external_id=str(reply.status))

    def said(self, outgoing: Outgoing) -> dict[str, Any]:
        """The body."""
        return {"json": {"text": outgoing.text}}


class _Fixed(_Noting):
    path = "/members/m-501/messages"


class _Parameter(_Noting):
    path = "/messages?to={id}"


class _Formatted(_Noting):
    path = "/messages"

    def said(self, outgoing: Outgoing) -> dict[str, Any]:
        return {"data": f'{{"to": "{outgoing.who.value}", "text": "{outgoing.text}"}}'.encode()}


class _Form(_Noting):
    path = "/messages"

    def said(self, outgoing: Outgoing) -> dict[str, Any]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return {"data": f"to={outgoing.who.value}&text={outgoing.text}".encode(), "headers": kind}


class _Cleaning(_Noting):
    path = "/messages"

    def said(self, outgoing: Outgoing) -> dict[str, Any]:
        return {"json": {"to": "".join(filter(str.isalnum, outgoing.who.value)), "text": outgoing.text}}


class _OneForAll(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        return await super().purchases(who._replace(channel=self.name, value="m-501"), portion)


class _ByHand(Club):
    async def person(self, who: Who) -> Found:
        if who.channel != "email":
            return await super().person(who)
        reply = await self.way.get(f"{self.settings.base_url}/members?email={who.value}")
        return Found(records=(self._person(reply.json()["members"][0]),))


class _Selling(Club):
    """Takes orders, and asks for payments that name nobody."""

    is_order_repeatable: ClassVar[bool] = False
    is_payment_repeatable: ClassVar[bool] = False

    async def place_order(self, order: NewOrder) -> Found:
        said = {"member": self.member(order.who), "lines": [one.title for one in order.items]}
        reply = await self.way.post(f"{self.settings.base_url}/orders", json=said)
        return Found(records=(Order(external_id="o-1", who=order.who, placed_at=reply.as_of, items=order.items),))

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        said = {"text": request.words, **self.payer(request.who)}
        await self.way.post(f"{self.settings.base_url}/payments", json=said)
        return PaymentAsked(external_id="p-1", url="https://pay.example/1")

    def member(self, who: Who) -> str:
        """Who is named for an order."""
        return who.value

    def payer(self, who: Who) -> dict[str, str]:
        """Who is named for a payment."""
        del who
        return {}


class _Ordering(_Selling):
    def member(self, who: Who) -> str:
        del who
        return "m-501"


class _Paying(_Selling):
    def payer(self, who: Who) -> dict[str, str]:
        del who
        return {"member": "m-501"}


class _Refusing(_Noting):
    """Knows ids of one form alone, and hands nothing over for others."""

    path = "/members/m-501/messages"

    def require_allowed(self, outgoing: Outgoing) -> None:
        if not outgoing.who.value.startswith("m-"):
            raise ChannelRefused("It is no id of a member.")
        super().require_allowed(outgoing)


class _Numbered(_Noting):
    """Names people by a digest of their ids, as some vendors want it."""

    path = "/messages"

    def said(self, outgoing: Outgoing) -> dict[str, Any]:
        return {"json": {"to": hashlib.sha256(outgoing.who.value.encode()).hexdigest(), "text": outgoing.text}}


class _Searching(_Noting):
    """Finds people by words of a search, in which a backslash stands before signs."""

    path = "/messages"

    def said(self, outgoing: Outgoing) -> dict[str, Any]:
        return {"json": {"to": "id:" + re.sub(r"(\W)", r"\\\1", outgoing.who.value), "text": outgoing.text}}


# Who says so


def _stamped(stamp: str, body: bytes, secret: SecretStr) -> str:
    return hmac.digest(secret.get_secret_value().encode(), f"{stamp}.".encode() + body, "sha256").hex()


class _OneHeader(Club):
    """Names the moment inside the header of its signature."""

    def prove(self, delivery: Delivery) -> None:
        parts = dict(one.partition("=")[::2] for one in delivery.headers.get("x-club-signature", "").split(","))
        stamp, given = parts.get("t", ""), parts.get("v1", "")
        expected = _stamped(self.covered(stamp), delivery.body, self.settings.secret)
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise NotProven("The header X-Club-Signature is not that of moment and body.")
        if not stamp.isdecimal() or abs(delivery.received_at.timestamp() - int(stamp)) > 300:
            raise NotProven("It was signed more than 300 s from now.")

    @classmethod
    def covered(cls, stamp: str) -> str:
        """What of the moment is signed."""
        return stamp


class _TooSoon(Club):
    """Says that no body is needed to prove what is signed over one."""

    is_proven_by_headers = True


class _Uncovered(_OneHeader):
    @classmethod
    def covered(cls, stamp: str) -> str:
        del stamp
        return ""


class _InPart(_OneHeader):
    @classmethod
    def covered(cls, stamp: str) -> str:
        # The beginning alone: what comes behind it may be another one.
        return stamp[:1]


def _signing(cls: type[_OneHeader]) -> Examples:
    def sign(delivery: Delivery, settings: Any) -> Mapping[str, str]:
        stamp = str(int(delivery.received_at.timestamp()))
        return {"x-club-signature": f"t={stamp},v1={_stamped(cls.covered(stamp), delivery.body, settings.secret)}"}

    return replace(EXAMPLES, sign=sign)


class _Beside(_OneHeader):
    """Believes the moment of another header than the one that is signed."""

    def prove(self, delivery: Delivery) -> None:
        believed = delivery.headers.get("x-club-timestamp", "")
        stamp = delivery.headers.get("x-club-signature", "").partition(",")[0].removeprefix("t=")
        if not believed.isdecimal() or abs(delivery.received_at.timestamp() - int(believed)) > 300:
            raise NotProven("It was signed more than 300 s from now.")
        at = delivery.received_at.fromtimestamp(int(stamp) if stamp.isdecimal() else 0, tz=UTC)
        super().prove(replace(delivery, received_at=at))


def _sign_beside(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    signed = _signing(_OneHeader).sign
    assert signed is not None
    return {"x-club-timestamp": str(int(delivery.received_at.timestamp())), **signed(delivery, settings)}


class _Former(_OneHeader):
    """Takes the vendor's former signature, which covers no moment, as well."""

    def prove(self, delivery: Delivery) -> None:
        stamp, given = (delivery.headers.get(f"x-club-{name}", "") for name in ("timestamp", "former"))
        is_now = stamp.isdecimal() and abs(delivery.received_at.timestamp() - int(stamp)) <= 300
        if not is_now or not delivery.headers.get("x-club-signature", "").startswith(f"t={stamp},"):
            raise NotProven("It names two moments, or was signed more than 300 s from now.")
        if given != _stamped("", delivery.body, self.settings.secret):
            super().prove(delivery)


def _sign_twice(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    return {**_sign_beside(delivery, settings), "x-club-former": _stamped("", delivery.body, settings.secret)}


class _Secrets(ChannelSettings):
    base_url: str = Field(description="Where the club answers.")
    token: SecretStr = Field(description="The token of its API.")
    secrets: tuple[SecretStr, ...] = Field(description="Sign its deliveries: the new one, and the old.")


class _Rotating(Club):
    """Takes what is signed with any of its secrets."""

    Settings: ClassVar[type[ChannelSettings]] = _Secrets

    def prove(self, delivery: Delivery) -> None:
        given = delivery.headers.get("x-club-signature", "").encode()
        signed = [_stamped("", delivery.body, one).encode() for one in self.tried()]
        if not any(hmac.compare_digest(given, one) for one in signed):
            raise NotProven("The header X-Club-Signature is not that of the body.")

    def tried(self) -> Sequence[SecretStr]:
        """The secrets that count."""
        return self.settings.secrets


class _OneAlone(_Secrets):
    secrets: tuple[SecretStr, ...] = Field(max_length=1, description="Signs its deliveries.")


class _Single(_Rotating):
    Settings: ClassVar[type[ChannelSettings]] = _OneAlone


class _First(_Rotating):
    def tried(self) -> Sequence[SecretStr]:
        return self.settings.secrets[:1]


def _sign_first(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    return {"x-club-signature": _stamped("", delivery.body, settings.secrets[0])}


LISTED = replace(
    EXAMPLES,
    settings={"base_url": "https://club.example/v1", "token": "sample-token-1", "secrets": ["sample-secret-1"]},
    sign=_sign_first,
    tolerance_s=None,
)
TWO = replace(LISTED, settings={**LISTED.settings, "secrets": ["sample-secret-1", "sample-secret-2"]})

# What it is


class _ByMember(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, key=one.order_by) for one in super().events(delivery)]


class _ByType(Club):
    def delivery_key(self, delivery: Delivery) -> str | None:
        said = delivery.json()
        return said["type"] if isinstance(said, dict) and isinstance(said.get("type"), str) else None


class _OneKey(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, key="e" if one.key in {"e-3", "e-4"} else one.key) for one in super().events(delivery)]


LATER = MEMBER.replace(b"1240", b"1250")
CHANGED = replace(
    EXAMPLES,
    deliveries=(
        *EXAMPLES.deliveries,
        b'{"id": "e-3", "type": "member.updated", "at": "2026-03-03T09:10:00Z", "data": ' + LATER + b"}",
        b'{"id": "e-4", "type": "purchase.created", "at": "2026-03-02T09:00:01Z", "data": '
        + NEWER.replace(b"p-9", b"p-10").replace(b"m-501", b"m-502")
        + b"}",
    ),
)

PLANTED = [
    *((cls, "escaped", EXAMPLES) for cls in (_Noting, _Fixed, _Parameter, _Formatted, _Form, _Cleaning)),
    *((cls, "escaped", EXAMPLES) for cls in (_OneForAll, _ByHand, _Ordering, _Paying)),
    *((cls, "replayed", _signing(cls)) for cls in (_Uncovered, _InPart)),
    (_Beside, "replayed", replace(EXAMPLES, sign=_sign_beside)),
    (_Former, "replayed", replace(EXAMPLES, sign=_sign_twice)),
    (_TooSoon, "genuine", EXAMPLES),
    (_First, "genuine", LISTED),
    (_First, "genuine", TWO),
    *((cls, "repeated", CHANGED) for cls in (_ByMember, _ByType)),
]
SOUND = [
    *((cls, "escaped", EXAMPLES) for cls in (_Selling, _Refusing, _Numbered, _Searching)),
    (_OneHeader, "replayed", _signing(_OneHeader)),
    *((cls, "genuine", LISTED) for cls in (_Rotating, _Single)),
    (_Rotating, "genuine", TWO),
    (Club, "repeated", CHANGED),
]


@pytest.mark.parametrize(("cls", "check", "examples"), PLANTED)
def test_planted_mistakes(cls: type[Club], check: str, examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message to somebody else, a moment that nobody signed, a lost secret and too coarse a key are found."""
    report = _tried(cls, monkeypatch, check, examples=examples)
    assert report.failed == [check]
    assert "came out of it" not in report.findings[-1][1].words


@pytest.mark.parametrize(("cls", "check", "examples"), SOUND)
def test_sound_ones_pass(cls: type[Club], check: str, examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is right in another way than the club's is found right."""
    report = _tried(cls, monkeypatch, check, examples=examples)
    assert [one.outcome for _, one in report.findings] == [Outcome.PASS, Outcome.PASS]


def test_keys_of_folder(tmp_path: Path) -> None:
    """Of the folder those are two that the vendor gives two ids: samples that vendors publish have one for all."""
    for n, body in enumerate(CHANGED.deliveries[2:]):
        (tmp_path / f"{n}.json").write_bytes(body)
    checks = [one for one in CHECKS if one.name in {"made", "repeated"}]
    examples = replace(CHANGED, deliveries=())

    def told(cls: type[Club]) -> list[str]:
        trying = try_out(Adapter(cls, "tests"), one_way, payloads=tmp_path, checks=checks, examples=examples)
        return asyncio.run(trying).failed

    assert told(_OneKey) == ["repeated"]
    (tmp_path / "1.json").write_bytes(CHANGED.deliveries[3].replace(b"e-4", b"e-3"))
    (tmp_path / "2.json").write_bytes(EXAMPLES.deliveries[0])
    assert told(Club) == []


class _Undated(_OneHeader):
    def prove(self, delivery: Delivery) -> None:
        stamp = delivery.headers.get("x-club-signature", "").partition(",")[0].removeprefix("t=")
        now = int(stamp) if stamp.isdecimal() else 0
        super().prove(replace(delivery, received_at=delivery.received_at.fromtimestamp(now, tz=UTC)))


class _Unfinished(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        del delivery
        raise BadPayload("another type")


@pytest.mark.parametrize(
    ("cls", "check", "examples", "words"),
    [
        (_Undated, "replayed", _signing(_OneHeader), "Compare the moment that is signed with `received_at`"),
        (_Unfinished, "read", EXAMPLES, "another type. Where it is no delivery"),
        (Club, "read", replace(EXAMPLES, deliveries=EXAMPLES.deliveries[:1]), "1 delivery, 1 event, 0 of them"),
    ],
)
def test_words_say_what(
    cls: type[Club], check: str, examples: Examples, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found says what to mend, in whole sentences."""
    assert words in _tried(cls, monkeypatch, check, examples=examples).findings[-1][1].words
