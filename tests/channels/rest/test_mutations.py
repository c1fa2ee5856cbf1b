"""Does a REST channel stand whatever an answer or a delivery holds?"""

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.channels.rest.asking import Asking
from adapters.channels.rest.loading import load
from adapters.contract.errors import ChannelError
from adapters.contract.found import Found, Portion
from adapters.contract.records import Who
from adapters.contract.reply import Reply
from adapters.quiet import written_out
from tests.channels.rest.conftest import ADA, MAPPINGS
from tests.channels.rest.double import CONTACT, CRM_TICKETS, DEALS, DESK, ENRICHED, ORDERS
from tests.channels.rest.test_hooks import EVENT, delivery

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 10**400, 1.5, 1e308, -0.0, float("nan"), float("inf"), "", " ", "x" * 5000, "\x00",
    "\ud800", "0", "9" * 40, "2024-13-45", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "é", [], {}, [[]],
    [None], {"": None}, [1, "a", None], {"id": {"id": 1}},
)  # fmt: skip
ANSWERS: tuple[tuple[str, str, Who, Any], ...] = (
    ("people_data_labs", "interests", ADA, ENRICHED),
    ("people_data_labs", "profile", ADA, ENRICHED),
    ("hubspot", "profile", Who("c", "a", "51"), CONTACT),
    ("hubspot", "tickets", Who("c", "a", "51"), {"results": CRM_TICKETS, "paging": {"next": {"after": "3"}}}),
    ("hubspot", "purchases", Who("c", "a", "51"), {"results": DEALS}),
    ("shop", "purchases", Who("c", "a", "51"), {"orders": ORDERS}),
    ("shop", "tickets", Who("c", "a", "51"), {"tickets": DESK, "links": {"next": "/api/v2/x?page=2"}}),
)
COUNTS = [300, pytest.param(10_000, marks=pytest.mark.deep)]


class _Canned:
    """What the vendor answers, already there: ten thousand times over a socket says nothing more."""

    body = b""

    async def get(self, _url: str, **_parts: Any) -> Reply:
        """The answer."""
        return Reply(status=200, headers={}, body=self.body, as_of=datetime.now(UTC))

    async def post(self, url: str, **parts: Any) -> Reply:
        """The same."""
        return await self.get(url, **parts)


class _Open:
    """No credentials."""

    async def shown(self) -> Any:
        """Nothing to show."""
        return type("Shown", (), {"headers": {}, "params": {}})


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a piece of JSON, as its holder and key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def mutated(value: Any, chance: random.Random) -> bytes:
    """The JSON with up to three places changed, removed or swapped, and now and then a broken text."""
    value = copy.deepcopy([value])
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(places(value)))
        way = chance.random()
        if way < 0.2 and isinstance(holder, dict):
            del holder[key]
        elif way < 0.3:
            other, place = chance.choice(list(places(value)))
            holder[key] = copy.deepcopy(other[place])
        else:
            holder[key] = copy.deepcopy(chance.choice(ODD))
        if not value:
            value = [None]
    raw = json.dumps(value[0]).encode()
    if chance.random() < 0.1:
        cut = chance.randrange(len(raw) + 1)
        raw = raw[:cut] + bytes([chance.randrange(256)]) + raw[cut + chance.randrange(3) :]
    return raw


@pytest.mark.parametrize("count", COUNTS)
async def test_answers_are_read_or_told(count: int) -> None:
    """Whatever an answer holds, there are records and what is unread, or a ChannelError, and nothing is quoted."""
    chance = random.Random(5)
    way = _Canned()
    askings = {name: _asking(name, way) for name in ("people_data_labs", "hubspot", "shop")}
    told = {"records": 0, "unread": 0, "errors": 0}
    for _ in range(count):
        name, capability, who, answer = chance.choice(ANSWERS)
        way.body = mutated(answer, chance)
        try:
            found = await askings[name].ask(capability, who, Portion())
        except ChannelError:
            told["errors"] += 1
            continue
        _check(found)
        told["records"] += len(found.records)
        told["unread"] += len(found.unread)
    assert min(told.values()) > count / 10


def _asking(name: str, way: Any) -> Asking:
    plan = load(str(MAPPINGS / f"{name}.toml"))
    return Asking(plan, way, _Open(), "c", "a")  # type: ignore[arg-type]


def _check(found: Found) -> None:
    """What is handed over can be written down, and what is told quotes no text of the answer."""
    repr(written_out(found.records)).encode()
    for one in found.unread:
        assert len(one.what) < 90
        assert not any(word in one.why for word in ("Saddle", "Lovett", "tax adviser", "ada@"))


@pytest.mark.parametrize("count", COUNTS)
def test_deliveries_lose_nothing(make, count: int) -> None:
    """Whatever a delivery holds, each event is records, unread or left alone, or all of it is unreadable."""
    chance = random.Random(6)
    crm = make("crm", "hubspot")
    for _ in range(count):
        told = delivery(mutated([EVENT, EVENT | {"eventId": 2, "subscriptionType": "ticket.deletion"}], chance))
        try:
            events = crm.events(told)
        except ChannelError:
            continue
        listed = json.loads(told.body)
        assert len(events) == (len(listed) if isinstance(listed, list) else 1)
        for one in events:
            assert [bool(one.records), bool(one.unread), bool(one.left_alone)].count(True) == 1
            assert 0 < len(one.key) <= 256
