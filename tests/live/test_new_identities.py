"""What becomes of a customer's identities counts at the next question, whoever changed them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from adapters.contract.records import Person, Who
from adapters.http.session import Outside
from adapters.mongo import Store
from adapters.records import Document
from gateway.mongod import Mongod
from resolvers.identities import IDENTITIES
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.live import known_people
from resolvers.live.memory import Freshness
from tests.conftest import NOW, Asking, Commands
from tests.live.conftest import Panel
from tests.live.vendor import AcmeSettings, Vendor, lines_to, told_ticket
from tests.makers import Made, Makers
from tests.waiting import until

ASKED = "query T($id: ID!) { customer(id: $id) { tickets { nodes { number } sources { name } } } }"
BY_EMAIL = AcmeSettings(by=("email",))


@pytest.fixture
async def other(ask: Asking, mongod: Mongod, commands: Commands) -> AsyncIterator[Store]:
    """Another process's way to the same database, which listens to nothing unless it is told to."""
    store = await Store.open(mongod.url, ask.store.database, list(ask.store.records.values()), observer=commands)
    store.veil = ask.store.veil
    yield store
    await store.close()


@pytest.fixture
async def elsewhere(
    ask: Asking, other: Store, vendor: Vendor, outside: Outside
) -> AsyncIterator[Callable[[AcmeSettings], Panel]]:
    """Makes a panel in that process."""
    made: list[Panel] = []

    def make(settings: AcmeSettings) -> Panel:
        there = Asking(ask.graph, other, ask.agent_id)
        made.append(Panel(there, lines_to(outside, vendor, main=settings), live_s=5.0, freshness=Freshness()))
        return made[-1]

    yield make
    for one in made:
        await one.asking.close()


async def _sources(panel: Panel, of: Made) -> list[str]:
    shown = (await panel(ASKED, id=of.id)).data["customer"]["tickets"]
    return [one["name"] for one in shown["sources"]]


async def _change(panel: Panel, name: str, **given: Any) -> None:
    kind = f"{name[0].upper()}{name[1:]}"
    text = f"mutation C($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"
    assert (await panel(text, input=given)).data[name]["__typename"] == f"{kind}Payload"


async def _identity(make: Makers) -> Document:
    (found,) = await make.store.find(IDENTITIES, {})
    return found


async def test_linked(elsewhere: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Who was just linked is asked about at the next question."""
    ann = await make.customer()
    await make.channel("acme")
    vendor.has("tickets", "1", told_ticket("7"))
    panel = elsewhere(AcmeSettings())
    assert await _sources(panel, ann) == ["stored"]
    await _change(panel, "linkIdentity", customerId=ann.id, channel="acme", account="main", value="1")
    shown = (await panel(ASKED, id=ann.id)).data["customer"]["tickets"]
    assert shown == {"nodes": [{"number": "7"}], "sources": [{"name": "stored"}, {"name": "acme"}]}


async def test_read_once_anew(panel: Callable[..., Panel], make: Makers, commands: Commands) -> None:
    """Whose identities became others costs one question one command more, and those behind it none."""
    ann = await make.customer()
    asks = panel()
    assert await _sources(asks, ann) == ["stored"]
    await make.identity(ann, "acme", "1")
    await until(lambda: _is_asked(asks, ann))
    counts = []
    for _ in range(2):
        asks.asking.people.forget([ann.key])
        for _ in range(2):
            with commands.counted() as sent:
                await _sources(asks, ann)
            counts.append(len(sent))
    with commands.counted() as plainly:
        await asks.stored(ASKED, id=ann.id)
    assert counts == [len(plainly) + 1, len(plainly)] * 2


async def test_verified(elsewhere: Callable[..., Panel], make: Makers) -> None:
    """An address that somebody has just made sure of is asked by at the next question."""
    ann = await make.customer()
    await make.identity(ann, "email", "ann@example.org")
    await make.store.update_all(IDENTITIES, {}, {"$set": {"claim": "ASSERTED"}})
    panel = elsewhere(BY_EMAIL)
    assert await _sources(panel, ann) == ["stored"]
    await _change(panel, "verifyIdentity", id=global_id("Identity", (await _identity(make))["_id"]))
    assert await _sources(panel, ann) == ["stored", "acme"]


async def test_unlinked(elsewhere: Callable[..., Panel], make: Makers) -> None:
    """By what was just taken off nobody is asked any more."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    panel = elsewhere(AcmeSettings())
    assert await _sources(panel, ann) == ["stored", "acme"]
    await _change(panel, "unlinkIdentity", id=global_id("Identity", (await _identity(make))["_id"]))
    assert await _sources(panel, ann) == ["stored"]


@pytest.mark.parametrize("place", ["here", "elsewhere"])
async def test_delivered(
    panel: Callable[..., Panel], elsewhere: Callable[..., Panel], other: Store, make: Makers, place: str
) -> None:
    """What a delivery says of somebody's identities counts soon after, in the process that took it in and in others."""
    other.held.follow()
    await until(lambda: other.held.is_fresh)
    ann = await make.customer()
    await make.identity(ann, "email", "ann@example.org")
    asks = panel() if place == "here" else elsewhere(AcmeSettings())
    assert await _sources(asks, ann) == ["stored"]
    mail = Who("email", "main", "ann@example.org")
    await take(make.store, [Person(who=mail, also=(Who("acme", "main", "1"),))], at=NOW, by="email")
    await until(lambda: _is_asked(asks, ann))


@pytest.mark.parametrize(
    "change",
    [{"$set": {"claim": "VERIFIED"}}, {"$set": {"claim": "VERIFIED", "last_seen_at": NOW}}],
    ids=["one", "two"],
)
async def test_proven_elsewhere(panel: Callable[..., Panel], make: Makers, other: Store, change: Document) -> None:
    """What another process has proven counts here soon after."""
    ann = await make.customer()
    await make.identity(ann, "email", "ann@example.org")
    await make.store.update_all(IDENTITIES, {}, {"$set": {"claim": "ASSERTED"}})
    asks = panel(main=BY_EMAIL)
    assert await _sources(asks, ann) == ["stored"]
    await other.update_all(IDENTITIES, {}, change)
    await until(lambda: _is_asked(asks, ann))


async def test_nobody_tells(elsewhere: Callable[..., Panel], make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """While no changes are heard of, identities are read anew within seconds."""
    assert known_people._UNHEARD_S <= 5
    monkeypatch.setattr(known_people, "_UNHEARD_S", 60.0)
    ann = await make.customer()
    panel = elsewhere(AcmeSettings())
    assert await _sources(panel, ann) == ["stored"]
    await make.identity(ann, "acme", "1")
    assert await _sources(panel, ann) == ["stored"]
    monkeypatch.setattr(known_people, "_UNHEARD_S", 0.0)
    assert await _sources(panel, ann) == ["stored", "acme"]


async def test_missed_changes(elsewhere: Callable[..., Panel], other: Store, make: Makers) -> None:
    """When changes are heard of again, nothing counts that was read before."""
    ann = await make.customer()
    panel = elsewhere(AcmeSettings())
    assert await _sources(panel, ann) == ["stored"]
    await make.identity(ann, "acme", "1")
    other.held.follow()
    await until(lambda: other.held.is_fresh)
    assert await _sources(panel, ann) == ["stored", "acme"]


async def test_changed_while_asked(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Whoever was asked stands among the sources, also where the identities became others meanwhile."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    vendor.moods = {"main": "hangs"}
    asks = panel()
    asking = asyncio.create_task(_sources(asks, ann))
    await until(lambda: vendor.asked["main", "tickets", "1"])
    asks.asking.people.forget([ann.key])
    vendor.gate.set()
    assert await asking == ["stored", "acme"]


async def _is_asked(panel: Panel, of: Made) -> bool:
    return await _sources(panel, of) == ["stored", "acme"]
