"""Does one suggestion at most stand between two people, whatever was merged, told apart and undone?"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers import scanning
from resolvers.customers import CUSTOMERS
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.matching import Base
from resolvers.matching_base import keep_base
from resolvers.scanning import scan
from tests.changing import change
from tests.conftest import NOW, Asking
from tests.crowd import double
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.test_hidden_evidence import NAMES, _person, _seen

_OF_MANY = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { suggestions { id customers { id } } } } }"
_LIST = "{ duplicateSuggestions { totalCount nodes { id score customers { id } } } }"
_NODE = "query ($id: ID!) { node(id: $id) { id } }"


@pytest.fixture
async def three(make: Makers) -> list[Made]:
    """Three customers who are alike."""
    await keep_base(make.store, Base(size=1_000, people=1_000), NOW)
    return [await _person(make, *NAMES) for _ in range(3)]


async def _listed(ask: Asking) -> list[set[str]]:
    """Who is suggested with whom, as the list of all tells it and counts it."""
    found = (await ask(_LIST)).data["duplicateSuggestions"]
    assert found["totalCount"] == len(found["nodes"])
    for one in found["nodes"]:
        assert (await ask(_NODE, id=one["id"])).data["node"] is not None
    return [{who["id"] for who in one["customers"]} for one in found["nodes"]]


async def _of_many(ask: Asking, make: Makers, *people: Made) -> list[list[set[str]]]:
    """With whom each is suggested where so many are asked for that nobody is looked for."""
    ids = [one.id for one in [*people, *[await make.customer(f"Bob{n}") for n in range(11)]]]
    nodes = (await ask(_OF_MANY, ids=ids)).data["nodes"][: len(people)]
    return [[{who["id"] for who in one["customers"]} for one in node["suggestions"]] for node in nodes]


async def _dismiss(ask: Asking, of: Made, *both: Made) -> dict[str, Any]:
    ids = {one.id for one in both}
    (found,) = [one for one in await _seen(ask, of) if {who["id"] for who in one["customers"]} == ids]
    return await change(ask, "dismissDuplicate", "suggestion { id }", id=found["id"])


async def test_listed_once(ask: Asking, make: Makers, merge: Do, three: list[Made]) -> None:
    """Whoever was like two who are one now is suggested once, in every list and count."""
    one, other, third = three
    await _seen(ask, third)
    await merge(other, one)
    assert await _listed(ask) == [{other.id, third.id}]
    assert await _of_many(ask, make, other, third) == [[{other.id, third.id}]] * 2


async def test_stronger_stays(ask: Asking, make: Makers, merge: Do, three: list[Made]) -> None:
    """Of two suggestions that become one the stronger stays, whosever it was."""
    for strong in range(2):
        other = await make.customer("Bob")
        for n, one in enumerate(three[:2]):
            await double(make, one_id=one.key, other_id=other.key, bits=9.0, probability=(0.7, 0.9)[n == strong])
            await make.store.update_all(PAIRS, {"probability": 0.9}, {"$set": {"bits": 10.0}})
    await merge(three[0], three[1])
    found = (await ask(_LIST)).data["duplicateSuggestions"]["nodes"]
    assert [one["score"] for one in found] == [0.9, 0.9]


async def test_moved_to_survivor(ask: Asking, make: Makers, merge: Do) -> None:
    """What was suggested of the one who went is suggested of the survivor, after further merges at either end, too."""
    people = [await make.customer(f"Ann{n}") for n in range(5)]
    await double(make, one_id=people[0].key, other_id=people[4].key)
    await merge(people[1], people[0])
    await merge(people[2], people[1])
    await merge(people[3], people[4])
    assert await _listed(ask) == [{people[2].id, people[3].id}]
    await merge(people[2], people[3])
    assert await _listed(ask) == []


async def test_dismissed_for_survivor(ask: Asking, make: Makers, merge: Do, three: list[Made]) -> None:
    """Whom people told apart is not suggested by what was like another who went into that one."""
    one, other, third = three
    await _seen(ask, one)
    await _dismiss(ask, third, other, third)
    await merge(other, one)
    assert await _listed(ask) == []
    assert await _of_many(ask, make, other, third) == [[], []]


async def test_dismissed_at_far_end(ask: Asking, make: Makers, merge: Do, three: list[Made]) -> None:
    """Nor is the survivor whose own suggestion stands, where the one who went was told apart."""
    one, other, third = three
    await _seen(ask, other)
    await _dismiss(ask, third, one, third)
    await merge(other, one)
    assert await _listed(ask) == []
    last = await _person(make, *NAMES)
    await merge(last, third)
    assert [one for one in await _seen(ask, last) if other.id in {who["id"] for who in one["customers"]}] == []
    assert await _listed(ask) == []


async def test_parted_then_merged(ask: Asking, make: Makers, merge: Do, unmerge: Do, three: list[Made]) -> None:
    """Two whom people parted by undoing a merge are not suggested once another, who was like both, goes into one."""
    one, other, third = three
    await unmerge(await merge(other, third))
    await _seen(ask, one)
    assert len(await _listed(ask)) == 2
    await merge(other, one)
    assert await _listed(ask) == []
    assert await _of_many(ask, make, other, third) == [[], []]


async def test_dismissal_given_back(ask: Asking, make: Makers, merge: Do, unmerge: Do, three: list[Made]) -> None:
    """Undoing a merge gives each the own dismissals back; what was suggested of the one customer is found anew."""
    one, other, third = three
    await _dismiss(ask, third, one, third)
    merged = await merge(other, one)
    fourth = await _person(make, *NAMES)
    await _seen(ask, other)
    assert {other.id, fourth.id} in await _listed(ask)
    await unmerge(merged)
    assert [pair for pair in await _listed(ask) if other.id in pair] == []
    assert [{who["id"] for who in found["customers"]} for found in await _seen(ask, one)] == [{one.id, fourth.id}]
    found = [{who["id"] for who in found["customers"]} for found in await _seen(ask, other)]
    assert sorted(found, key=sorted) == sorted(({other.id, third.id}, {other.id, fourth.id}), key=sorted)


async def test_reconsidered_as_one(ask: Asking, merge: Do, three: list[Made]) -> None:
    """What is taken back of one who went into another is suggested of that one, unless the same was said of both."""
    one, other, third = three
    said = [await _dismiss(ask, third, who, third) for who in (one, other)]
    await merge(other, one)
    for n, dismissed in enumerate(said):
        assert await _listed(ask) == []
        given = {"id": dismissed["suggestion"]["id"]}
        assert "suggestion" in await change(ask, "reconsiderDuplicate", "suggestion { id }", **given)
        assert len(await _listed(ask)) == n
    assert await _listed(ask) == [{other.id, third.id}]


async def test_written_behind_merge(ask: Asking, make: Makers, merge: Do, three: list[Made]) -> None:
    """What somebody who was comparing writes behind a merge is neither listed nor counted, nor dismissed by its id."""
    one, other, third = three
    await merge(other, one)
    for both in ((one, other), (one, third)):
        await double(make, one_id=min(who.key for who in both), other_id=max(who.key for who in both))
    key = await double(make, one_id=third.key, other_id=other.key)
    assert await _of_many(ask, make, other) == [[{other.id, third.id}]]
    listed = (await ask(_LIST)).data["duplicateSuggestions"]
    assert [{who["id"] for who in node["customers"]} for node in listed["nodes"]] == [{other.id, third.id}]
    assert listed["totalCount"] == 1
    behind = await double(make, one_id=one.key, other_id=third.key)
    assert (await ask(_NODE, id=global_id("DuplicateSuggestion", behind))).data["node"] is None
    again = await double(make, one_id=one.key, other_id=other.key)
    for pair, code in ((again, "NOT_FOUND"), (key, None)):
        said = await change(ask, "dismissDuplicate", "suggestion { id }", id=global_id("DuplicateSuggestion", pair))
        assert said.get("code") == code


@pytest.fixture
def scan_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, Any]], Awaitable[None]]:
    """Scans all customers, and does something before they are compared to the end."""

    async def do(something: Coroutine[Any, Any, Any]) -> None:
        whole, loop = scanning.doubles_among, asyncio.get_running_loop()

        def comparing(*given: Any, **more: Any) -> Any:
            asyncio.run_coroutine_threadsafe(something, loop).result()
            return whole(*given, **more)

        monkeypatch.setattr(scanning, "doubles_among", comparing)
        await scan(store, at=NOW, tell=lambda *_: None)

    return do


async def test_merged_while_scanned(make: Makers, merge: Do, scan_while: Do, three: list[Made]) -> None:
    """Who is merged while a scan compares all is suggested by it neither with the survivor nor with anybody else."""
    one, other, _ = three
    await make.store.update(CUSTOMERS, {"_id": other.key}, {"$set": {"attributes": {}}})
    await scan_while(merge(other, one))
    assert await make.store.find(PAIRS, {}) == []


async def test_undone_while_scanned(make: Makers, merge: Do, unmerge: Do, scan_while: Do, three: list[Made]) -> None:
    """Who is given back while a scan compares all is suggested by it as nobody who is two by now."""
    one, other, _ = three
    await scan_while(unmerge(await merge(other, one)))
    assert [pair for pair in await make.store.find(PAIRS, {}) if not pair["is_dismissed"]] == []


async def test_dismissed_while_scanned(ask: Asking, make: Makers, merge: Do, scan_while: Do, three: list[Made]) -> None:
    """Whom people tell apart while a scan compares all is not suggested by it, also where that was said of an alias."""
    one, other, third = three
    await merge(other, one)
    ends = {"one_id": min(one.key, third.key), "other_id": max(one.key, third.key)}
    await scan_while(double(make, is_dismissed=True, **ends))
    assert await _listed(ask) == []


async def test_bounded(make: Makers, merge: Do, store: Store) -> None:
    """Of a thousand suggestions the strongest hundred come along; the others are found when asked for."""
    one, other = [await make.customer(f"Ann{n}") for n in range(2)]
    for n in range(1_000):
        await double(make, **{("one_id", "other_id")[n % 2]: one.key, "bits": float(n)})
    assert "merge" in await merge(other, one)
    kept = await store.find(PAIRS, {})
    assert [len(kept), min(pair["bits"] for pair in kept)] == [100, 900.0]
    assert all(other.key in (pair["one_id"], pair["other_id"]) for pair in kept)
