"""What is older than it may be goes with all its pieces, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import new_id
from gateway.app import records_of
from gateway.settings import BadSettings, Settings, load_settings
from resolvers.accesses import ACCESSES
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.graph import Graph
from resolvers.notes import NOTES
from resolvers.privacy import retention
from resolvers.privacy.retention import BadRetention, end_what_is_old, with_retention
from resolvers.tickets import TICKETS
from tests import toy
from tests.adapters.test_explain import Scans
from tests.conftest import NOW, Asking, Commands
from tests.crowd import attachment, given_toy
from tests.makers import Makers
from tests.privacy.conftest import shift_of

YEAR = timedelta(days=365)
MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def indexed(ask: Asking) -> AsyncIterator[None]:
    """The indexes that the setting brings."""
    store, kept = ask.store, dict.fromkeys(("messages", "tickets", "conversations", "toys"), YEAR)
    records = with_retention(ask.graph.declared, list(store.records.values()), kept)
    other = await Store.open(store.url, store.database, records)
    await other.prepare()
    yield
    await other.close()
    for record in records:
        if record.name in kept:
            await store._database[record.name].drop_index([(str(record.moment), 1), ("_id", 1)])


async def end(ask: Asking, **kept: timedelta) -> int:
    """Does the job until it has nothing to do; how many steps that took."""
    steps = 1
    while await end_what_is_old(shift_of(ask, NOW, kept)):
        steps += 1
    return steps


@pytest.mark.usefixtures("indexed")
async def test_age_to_the_millisecond(ask: Asking, make: Makers) -> None:
    """A record goes at the very moment at which it is as old as that, and not a millisecond before."""
    one = await make.customer()
    talk = await make.conversation(one)
    for age in (YEAR + MOMENT, YEAR, YEAR - MOMENT):
        await make.message(one, talk, sent_at=NOW - age)
    await end(ask, messages=YEAR)
    assert [row["sent_at"] for row in await make.store.find(MESSAGES, {})] == [NOW - YEAR + MOMENT]
    assert await make.store.count(CONVERSATIONS, {}) == 1


async def test_nothing_by_default(ask: Asking, make: Makers) -> None:
    """Of what the setting does not name nothing ends."""
    one = await make.customer()
    await make.note(one, created_at=NOW - 50 * YEAR)
    await make.ticket(one, created_at=NOW - 50 * YEAR)
    await end(ask)
    await end(ask, messages=YEAR)
    assert (await make.store.count(NOTES, {}), await make.store.count(TICKETS, {})) == (1, 1)


@pytest.mark.usefixtures("indexed")
async def test_pieces_go_along(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a conversation go its messages and with these their files, bytes and all, also in small batches."""
    monkeypatch.setattr(retention, "BATCH", 3)
    one = await make.customer()
    for at in (NOW - YEAR, NOW):
        talk = await make.conversation(one, last_message_at=at)
        for _ in range(4):
            key = new_id()
            await attachment(make, one, await make.message(one, talk, sent_at=at), file_id=key)
            await make.store.files.put(key, _piece())
    await end(ask, conversations=YEAR)
    counts = [await make.store.count(record, {}) for record in (CONVERSATIONS, MESSAGES, ATTACHMENTS)]
    assert counts == [1, 4, 4]
    left = await make.store._database["files.files"].distinct("_id")
    assert sorted(left) == sorted(row["file_id"] for row in await make.store.find(ATTACHMENTS, {}))
    assert await make.store._database["files.chunks"].count_documents({}) == 4


async def _piece() -> Any:
    yield b"a file"


@pytest.mark.usefixtures("indexed")
async def test_toy_ends(ask: Asking, make: Makers) -> None:
    """A slice that lives in the tests alone is kept for a limited time without another edit."""
    one = await make.customer()
    await given_toy(make, one, given_at=NOW - YEAR)
    await given_toy(make, one, given_at=NOW)
    await end(ask, toys=YEAR)
    assert await make.store.count(toy.TOYS, {}) == 1


@pytest.mark.usefixtures("indexed")
async def test_no_scan(ask: Asking, make: Makers, commands: Commands) -> None:
    """It goes along an index that begins with the moment, and scans no collection."""
    one = await make.customer()
    for n in range(20):
        talk = await make.conversation(one, "Hello", last_message_at=NOW - n * YEAR)
        await attachment(make, one, await make.message(one, talk, sent_at=NOW - n * YEAR))
    kept = {"messages": 9 * YEAR, "conversations": 5 * YEAR}
    scans = Scans(make.store, commands)
    with commands.counted() as sent:
        await end_what_is_old(shift_of(ask, NOW, kept))
    await scans.judge("retention", sent)
    assert scans.explained >= 8
    assert scans.found == []


async def test_ledger_ends(ask: Asking, make: Makers, commands: Commands) -> None:
    """The access ledger ends by the moment of each access, along an index, and nothing else does."""
    one = await make.customer()
    await make.note(one, created_at=NOW - 2 * YEAR)
    for age in (YEAR + MOMENT, YEAR, YEAR - MOMENT):
        entry = {"_id": new_id(), "at": NOW - age, "viewer": "anna", "ways": ["read"], "customers": [one.key]}
        await make.store.insert(ACCESSES, entry)
    scans = Scans(make.store, commands)
    with commands.counted() as sent:
        await end(ask, accesses=YEAR)
    await scans.judge("retention", sent)
    assert [row["at"] for row in await make.store.find(ACCESSES, {})] == [NOW - YEAR + MOMENT]
    assert (scans.found, await make.store.count(NOTES, {})) == ([], 1)


def test_ledger_needs_no_index(house: Graph) -> None:
    """`accesses=1y` is a setting, and brings no second index of what has one."""
    (found,) = with_retention(house.declared, [ACCESSES], {"accesses": YEAR})
    assert found.indexes == ACCESSES.indexes
    assert ACCESSES in records_of(house, Settings(retention={"accesses": YEAR}))


@pytest.mark.usefixtures("indexed")
async def test_several_at_once(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several who do it at once, as when a lease is taken over, remove nothing twice and leave nothing."""
    monkeypatch.setattr(retention, "BATCH", 5)
    one = await make.customer()
    talk = await make.conversation(one)
    for n in range(60):
        await make.message(one, talk, sent_at=NOW - YEAR - n * MOMENT)
    await make.message(one, talk, sent_at=NOW)
    await asyncio.gather(*(end(ask, messages=YEAR) for _ in range(3)))
    assert await make.store.count(MESSAGES, {}) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("messages", "'messages' names no kind with 1 day to 200 years"),
        ("messages=0d", "names no kind with 1 day"),
        ("messages=5m", "names no kind with 1 day"),
        ("messages=201y", "names no kind with 1 day"),
        ("messages=-1d", "names no kind with 1 day"),
    ],
)
def test_setting_refused(monkeypatch: pytest.MonkeyPatch, given: str, words: str) -> None:
    """A setting that says no time is refused, and the refusal says how one is written."""
    monkeypatch.setenv("GATEWAY_RETENTION", given)
    with pytest.raises(BadSettings, match=words) as raised:
        load_settings()
    assert "GATEWAY_RETENTION" in str(raised.value)
    assert "messages=730d" in str(raised.value)


@pytest.mark.parametrize("kind", ["customers", "agents", "mesages", "identity_keys", "api_keys", "imports"])
def test_kind_refused(house: Graph, kind: str) -> None:
    """A kind that is not there, is no customer's or has no moment is refused, and the refusal names those that can."""
    with pytest.raises(BadRetention, match=r"What can: .*messages, .*tickets"):
        with_retention(house.declared, [], {kind: YEAR})
    with pytest.raises(BadSettings, match="GATEWAY_RETENTION"):
        records_of(house, Settings(retention={kind: YEAR}))


def test_setting_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days, weeks and years of 365 days, with blanks where people put them."""
    monkeypatch.setenv("GATEWAY_RETENTION", "messages=730d, tickets = 5y,notes=2w,")
    read: Mapping[str, timedelta] = load_settings().retention
    assert read == {"messages": 2 * YEAR, "tickets": 5 * YEAR, "notes": timedelta(days=14)}
