"""Is a mistake found that only shows when the vendor is slow, has more pages, or says what is not kept?"""

import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from subprocess import run
from urllib.request import urlopen

import pytest
from pydantic import Field

from adapters.conformance.findings import Finding, Outcome
from adapters.conformance.suite import CHECKS, Report, try_out
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.errors import BadPayload, ChannelDown
from adapters.contract.examples import Examples
from adapters.contract.found import Found, Portion
from adapters.contract.manners import Manners
from adapters.contract.records import HandedOver, Order, Who
from adapters.contract.sending import Outgoing, Sent
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_club import EXAMPLES, Club


class _Sleeping(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        time.sleep(30)  # noqa: ASYNC251  the mistake
        return await super().purchases(who, portion)


class _Opening(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        with urlopen(f"{self.settings.base_url}/orders", timeout=30):  # noqa: ASYNC210  the mistake
            return await super().purchases(who, portion)


class _Resolving(Club):
    async def send(self, outgoing: Outgoing) -> Sent:
        socket.getaddrinfo("127.0.0.1", 80)
        return await super().send(outgoing)


class _Calling(Club):
    def prove(self, delivery: Delivery) -> None:
        run([sys.executable, "-V"], check=True)
        super().prove(delivery)


class _Gathering(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        found, _ = await asyncio.gather(super().purchases(who, portion), self._late())
        return found

    async def _late(self) -> None:
        time.sleep(30)  # noqa: ASYNC251  the mistake


class _Swallowing(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        try:
            time.sleep(30)  # noqa: ASYNC251  the mistake
        except Exception:  # noqa: BLE001  it hides what it does
            return await super().purchases(who, portion)
        return Found()


class _Threaded(Club):
    """No mistake: it blocks elsewhere."""

    async def purchases(self, who: Who, portion: Portion) -> Found:
        await asyncio.to_thread(time.sleep, 0)
        begun = await asyncio.create_subprocess_exec(sys.executable, "-V", stdout=asyncio.subprocess.DEVNULL)
        await begun.wait()
        return await super().purchases(who, portion)


class _Stopping(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        return replace(await super().purchases(who, portion), after=None)


class _Nothing(Club):
    """Its orders have a line of which nothing was sold."""

    async def purchases(self, who: Who, portion: Portion) -> Found:
        found = await super().purchases(who, portion)
        orders = [one for one in found.records if isinstance(one, Order)]
        return replace(found, records=tuple(replace(one, items=(one.items[0]._replace(quantity=0),)) for one in orders))


class _Confounding(Club):
    """Its orders have two lines of one number, as deliveries tell of them."""

    def events(self, delivery: Delivery) -> Sequence[Event]:
        return [replace(one, records=tuple(map(_doubled, one.records))) for one in super().events(delivery)]


def _doubled(record: HandedOver) -> HandedOver:
    return replace(record, items=record.items * 2) if isinstance(record, Order) else record


WORDS = {
    "waiting": f"at {__name__.rpartition('.')[2]}.py:",
    "followed": "which nobody asked for. Follow",
    "taken": "would not be kept",
}
PLANTED = [
    *((cls, "taken") for cls in (_Nothing, _Confounding)),
    (_Stopping, "followed"),
    *((cls, "waiting") for cls in (_Sleeping, _Opening, _Resolving, _Calling, _Gathering, _Swallowing)),
]


def _tried(cls: type[Club], *names: str, examples: Examples = EXAMPLES) -> Report:
    checks = [one for one in CHECKS if one.name in {"made", *names}]
    adapter = Adapter(cls, "tests")
    return asyncio.run(try_out(adapter, one_way, mutations=0, deadline_s=0.05, checks=checks, examples=examples))


def _last(report: Report) -> Finding:
    return report.findings[-1][1]


@pytest.mark.parametrize(("cls", "check"), PLANTED)
def test_planted_mistakes(cls: type[Club], check: str) -> None:
    """Each fails the check that is there for it, which names the line, and nothing waits for it."""
    report = _tried(cls, check)
    assert report.failed == [check]
    assert WORDS[check] in _last(report).words


@pytest.mark.parametrize("cls", [Club, _Threaded])
def test_waiting_elsewhere_is_right(cls: type[Club]) -> None:
    """What waits in another thread or process, or by the way out, holds nothing up."""
    assert _last(_tried(cls, "waiting")).outcome is Outcome.PASS


class _Judging(Club):
    """Takes an answer for junk that it judges itself."""

    manners = Manners(judge=lambda reply: BadPayload("It is odd.") if reply.status != HTTPStatus.OK else None)


class _Absent(Club):
    async def purchases(self, who: Who, portion: Portion) -> Found:
        try:
            return await super().purchases(who, portion)
        except ChannelDown as error:
            raise KeyError("orders") from error


@pytest.mark.parametrize(("cls", "home"), [(_Judging, "example_club"), (_Absent, "test_conformance_waiting")])
def test_own_line_is_named(cls: type[Club], home: str) -> None:
    """Where an error came from is told by the adapter's own line, also where the house raised it on the way."""
    words = _last(_tried(cls, "failing")).words
    assert f" at {home}.py:" in words
    assert all(one not in words for one in ("tries.py", "ways.py", "wire.py"))


class _Tripping(Club):
    def _order(self, raw: object) -> Order:
        if not isinstance(raw, dict):
            raise IndexError
        return super()._order(raw)


class _Stumbling(Club):
    def events(self, delivery: Delivery) -> Sequence[Event]:
        told = delivery.json()
        lines = told["data"].get("lines") or ({"id": "1"},)
        return super().events(delivery) if [one["id"] for one in lines] else ()


@pytest.mark.parametrize(("cls", "error"), [(_Tripping, "IndexError"), (_Stumbling, "TypeError")])
def test_odd_entry_breaks_nothing(cls: type[Club], error: str) -> None:
    """Where an odd entry of a list raises another error than those of the contract, that is told, and as what it is."""
    report = _tried(cls, "kept")
    assert report.failed == ["kept"]
    assert f"{error} at test_conformance_waiting.py" in _last(report).words


def test_secret_stays_one() -> None:
    """What is called like a secret is to be one, and not to be called otherwise."""

    class Open(Club):
        class Settings(Club.Settings):  # type: ignore[name-defined, misc]
            api_key: str = Field(default="none", description="A key.")

    (words,) = [one.words for check, one in _tried(Open, "secret").findings if check.name == "secret"]
    assert words == "The setting `api_key` is called like a secret and is none. Make it a SecretStr."


def test_held_up_ends_the_rest() -> None:
    """Behind a channel that holds up the process no check waits for it."""
    report = _tried(_Sleeping, "waiting", "answered", "failing")
    assert [one.outcome for _, one in report.findings[2:]] == [Outcome.NOT_CHECKED] * 2


def test_waiting_needs_an_address() -> None:
    """Without the vendor's address it is told what to write."""
    report = _tried(Club, "waiting", examples=replace(EXAMPLES, address=None))
    assert (report.unchecked, "EXAMPLES.address" in _last(report).words) == (["waiting"], True)
