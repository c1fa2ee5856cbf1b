"""Is a merge that dies in the middle, with its process or with the database, done or not done, and never half?"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.mongo import Store
from adapters.records import Document, RecordId
from gateway.app import records_of
from gateway.mongod import Mongod
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.merging.ledger import MERGES
from resolvers.schema import graph
from tests.crowd import contact_point
from tests.makers import Made, Makers
from tests.merging.conftest import MERGE, UNMERGE
from tests.merging.crashing import Mortal, State, mortals, put_back, state_of, told_apart

# Every command in turn is for `make deep`; each costs a quarter of a second.
IS_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
KILLED = -9
DATABASE = "crashes"


class Scene:
    """Customers, and something that is done to them whole or not at all."""

    def __init__(self, store: Store, url: str, process: asyncio.subprocess.Process) -> None:
        self.store, self.url, self._process = store, url, process
        self.make = Makers(store)
        self.before: State = {}
        self.after_state: State = {}
        self.after: Any = None

    def mortal(self, **order: Any) -> Mortal:
        """Who does it."""
        return Mortal(self._process, {"url": self.url, "database": DATABASE, **order})

    async def people(self) -> list[Made]:
        """Three customers of whom much is known; the third went into the second before."""
        made = []
        for n, name in enumerate(("Ann", "Anna", "Anne")):
            tags = [{"word": word, "added_at": self.make.moment(), "added_by": "maker"} for word in ("all", name)]
            one = await self.make.customer(name, tags=tags)
            await contact_point(self.make, one, f"{name}@example.com".lower(), is_primary=True)
            await self.make.identity(one, "whatsapp", f"+4915112345{n:03}")
            await self.make.note(one)
            await self.make.conversation(one, "Hello")
            made.append(one)
        merged = await self.mortal(**merging(*made[1:])).run()
        assert merged.told["errors"] == []
        return made

    async def rehearsed(self, mortal: Mortal) -> list[str]:
        """Does it once and puts everything back; the commands that it takes."""
        self.before = await state_of(self.store)
        ending = await mortal.run()
        self.after_state = await state_of(self.store)
        self.after = told_apart(self.after_state, self.before)
        await put_back(self.store, self.before)
        return list(ending.seen)

    async def quiet(self) -> None:
        """Ends the transactions of the dead, which the database itself gives up after a minute."""
        async with AsyncMongoClient(self.url) as client:
            await client.admin.command({"killAllSessions": []})

    async def is_done(self) -> bool:
        """Whether everything is as after it; everything is as before otherwise."""
        await self.quiet()
        now = await state_of(self.store)
        if now == self.before:
            return False
        assert told_apart(now, self.before) == self.after
        return True


def merging(survivor: Made, *others: Made) -> Mapping[str, Any]:
    """An order to merge."""
    chosen = [{"name": "firstName", "choice": "TAKE"}]
    given = {"survivorId": survivor.id, "otherIds": [one.id for one in others], "attributes": chosen}
    return {"query": MERGE, "input": given}


@asynccontextmanager
async def _scene(server: Mongod) -> AsyncIterator[Scene]:
    # Without indexes, which take the longest to make, and without which no document is another one.
    store = await Store.open(server.url, DATABASE, records_of(graph()))
    async with mortals() as process:
        yield Scene(store, server.url, process)
    await store.drop()
    await store.close()


@pytest.fixture(scope="module")
async def stage(mongod: Mongod) -> AsyncIterator[Scene]:
    """A database, and somebody who may die."""
    async with _scene(mongod) as scene:
        yield scene


@pytest.fixture
async def scene(stage: Scene) -> AsyncIterator[Scene]:
    """The same, empty."""
    yield stage
    await put_back(stage.store, {})


async def _mutation(scene: Scene, name: str) -> Mortal:
    """Who merges, or who undoes a merge that there is by now."""
    ann, anna, _ = await scene.people()
    merges = scene.mortal(**merging(ann, anna))
    if name == "merge":
        return merges
    await merges.run()
    (entry,) = await scene.store.find(MERGES, {"survivor_id": ann.key})
    survivor = await scene.store.first(CUSTOMERS, {"_id": ann.key}) or {}
    given = {"mergeId": global_id("Merge", entry["_id"]), "version": survivor["version"]}
    return scene.mortal(query=UNMERGE, input=given)


BOTH = ("merge", "unmerge")


async def _repeated(scene: Scene, mortal: Mortal, *, is_done: bool) -> None:
    """What is sent again is done then, or is refused where it was."""
    told = (await mortal.run()).told
    (answer,) = told["data"].values()
    assert (told["errors"], answer.get("code")) == ([], "CONFLICT" if is_done else None)
    assert await scene.is_done()


@pytest.mark.parametrize("name", BOTH)
async def test_killed_process(scene: Scene, name: str) -> None:
    """Killed between any two commands, or with one under way, it is done whole or not at all, and can be repeated."""
    mortal = await _mutation(scene, name)
    commands = await scene.rehearsed(mortal)
    last = len(commands)
    assert commands[-1] == "commitTransaction"
    everywhere = [(at, is_sent) for at in range(1, last + 1) for is_sent in (False, True)]
    for at, is_sent in everywhere if IS_DEEP else ((last - 1, True), (last, False), (last, True)):
        assert (await mortal.run(at, is_sent=is_sent)).exit == KILLED
        is_done = await scene.is_done()
        # Before the last command has left nothing is done; whether it then is, the database alone knows.
        assert not is_done or (at, is_sent) == (last, True)
        await _repeated(scene, mortal, is_done=is_done)
        await put_back(scene.store, scene.before)


# How many commands before the last one: one database dies each time, and starting it anew costs seconds.
@pytest.mark.deep
@pytest.mark.parametrize(("name", "before"), list(product(BOTH, range(8))))
async def test_killed_database(tmp_path: Path, name: str, before: int) -> None:
    """Where the database dies at a command, it is done whole or not at all, and what was answered is true."""
    async with Mongod(tmp_path / "data") as server, _scene(server) as scene:
        mortal = await _mutation(scene, name)
        at = len(await scene.rehearsed(mortal)) - before
        told = (await mortal.run(at, is_sent=True, victim=server.pid)).told
        is_done = await scene.is_done()
        assert is_done or told["errors"]
        await _repeated(scene, mortal, is_done=is_done)


@pytest.mark.deep
async def test_killed_search(scene: Scene) -> None:
    """A search that merges and is killed leaves every person whole or several, and ends when it is run again."""
    pairs = [await _double(scene.make, n) for n in range(2)]
    # What a search keeps of each customer by the way stands there from one before.
    assert (await scene.mortal(words=["duplicates"]).run()).told == 0
    mortal = scene.mortal(words=["duplicates", "--merge"])
    commands = await scene.rehearsed(mortal)
    assert commands.count("commitTransaction") == len(pairs)
    wholes = [told_apart(_of(scene.after_state, pair), scene.before) for pair in pairs]
    seen = set()
    first = commands.index("commitTransaction") + 1
    for at in range(1, len(commands) + 1) if IS_DEEP else (first, first + 1):
        assert (await mortal.run(at)).exit == KILLED
        await scene.quiet()
        now = await state_of(scene.store)
        merged = [_of(now, pair) != _of(scene.before, pair) for pair in pairs]
        for pair, whole, is_merged in zip(pairs, wholes, merged, strict=True):
            assert not is_merged or told_apart(_of(now, pair), scene.before) == whole
        seen.add(sum(merged))
        assert (await mortal.run()).told == 0
        assert [told_apart(_of(await state_of(scene.store), pair), scene.before) for pair in pairs] == wholes
        await put_back(scene.store, scene.before)
    assert seen >= {0, 1}


async def _double(make: Makers, n: int) -> set[RecordId]:
    """Two records of one person."""
    found = set()
    for last in ("Zimmermann", "Zimmerman"):
        one = await make.customer(("Annabel", "Wilhelmina")[n], f"{last}{'xy'[n]}")
        await contact_point(make, one, f"{n}@example.com", is_primary=True)
        await contact_point(make, one, f"+4915112345{n:03}", type="PHONE", is_primary=True)
        await make.note(one)
        found.add(one.key)
    return found


def _unheard(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "sounds"}


def _of(state: State, people: set[RecordId]) -> State:
    """What is stored of these customers, and of their merge, but for the names' sounds that any search writes down."""
    whose = ("_id", "customer_id", "survivor_id")
    found = {
        name: [_unheard(one) for one in documents if not people.isdisjoint(one.get(field) for field in whose)]
        for name, documents in state.items()
    }
    return {name: documents for name, documents in found.items() if documents}
