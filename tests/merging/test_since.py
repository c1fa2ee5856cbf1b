"""Does what sources say of somebody who was merged stay that one's, and does the survivor get what it lacks?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from adapters.records import Document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from tests.changing import change
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.taking_in import AT, DAY, bring, outcomes

TOUCHED = {"version", "own_since", "changed", "updated_at", "updated_by"}
SURVIVOR = Person(
    who=Who("shop", "main", "1"), attributes={"firstName": "Sur", "lastName": "Vivor"}, custom_data={"size": "S"}
)
OTHER = Person(
    who=Who("shop", "main", "2"),
    attributes={"firstName": "Oth", "lastName": "Er", "phoneNumber": "+4915111"},
    custom_data={"size": "L", "shoe": "40"},
    reaches=(Reach(type="EMAIL", value="other@example.com"),),
    tags=("old",),
)


async def _both(store: Store) -> tuple[Made, Made]:
    await bring(store, SURVIVOR, OTHER)
    found = {one["value"]: Made(one["customer_id"]) for one in await store.find(IDENTITIES, {})}
    return found["1"], found["2"]


async def _document(store: Store, one: Made, *, is_whole: bool = False) -> Document:
    found = await store.first(CUSTOMERS, {"_id": one.key}) or {}
    return {name: value for name, value in found.items() if is_whole or name not in TOUCHED}


def _held(document: Document, part: str, name: str = "word") -> list[Any]:
    return [one[name] for one in document.get(part, ())]


@pytest.mark.parametrize("elements", [{}, {"elements": ["NOTES"]}], ids=["all", "some"])
async def test_same_file_changes_nothing(store: Store, merge: Do, elements: Any) -> None:
    """The same file again is nothing new of anybody, whoever went into whom."""
    survivor, other = await _both(store)
    await merge(survivor, other, **elements)
    before = [await _document(store, one, is_whole=True) for one in (survivor, other)]
    assert outcomes(await bring(store, SURVIVOR, OTHER, at=AT + DAY)) == ["unchanged", "unchanged"]
    assert [await _document(store, one, is_whole=True) for one in (survivor, other)] == before
    assert before[0]["attributes"] == {"firstName": "Sur", "lastName": "Vivor", "phoneNumber": "+4915111"}


async def test_news_fill_gaps(ask: Asking, store: Store, merge: Do, unmerge: Do) -> None:
    """What is new of the other fills what the survivor lacks and follows what came from there; the rest stands."""
    survivor, other = await _both(store)
    before = await _document(store, survivor)
    merged = await merge(survivor, other)
    new = replace(
        OTHER,
        attributes={"firstName": "Oth", "lastName": "Erling", "phoneNumber": "+4915222"},
        custom_data={"size": "XL", "shoe": "41", "hat": "9"},
        reaches=(Reach(type="EMAIL", value="other@example.com"), Reach(type="EMAIL", value="new@example.com")),
        tags=("old", "new"),
    )
    assert outcomes(await bring(store, new)) == ["updated"]
    found = await _document(store, survivor)
    assert found["attributes"] == {"firstName": "Sur", "lastName": "Vivor", "phoneNumber": "+4915222"}
    assert {one["name"]: one["value"] for one in found["custom_data"]} == {"size": "S", "shoe": "41", "hat": "9"}
    assert _held(found, "contact_points", "value") == ["other@example.com", "new@example.com"]
    assert _held(found, "tags") == ["old", "new"]
    assert outcomes(await bring(store, new)) == ["unchanged"]
    searched = await ask('{ customers(search: "+4915222") { nodes { id } } }')
    assert [one["id"] for one in searched.data["customers"]["nodes"]] == [survivor.id]
    assert "survivor" in await unmerge(merged)
    assert await _document(store, survivor) == before
    own = await _document(store, other)
    assert own["attributes"] == new.attributes
    assert {one["name"]: one["value"] for one in own["custom_data"]} == new.custom_data
    assert outcomes(await bring(store, SURVIVOR, new)) == ["unchanged", "unchanged"]


async def test_left_out_stays_away(store: Store, merge: Do) -> None:
    """Of kinds that a merge did not bring, nothing comes later."""
    survivor, other = await _both(store)
    await merge(survivor, other, elements=["TAGS"])
    new = replace(
        OTHER, custom_data={"hat": "9"}, reaches=(Reach(type="EMAIL", value="new@example.com"),), tags=("new",)
    )
    assert outcomes(await bring(store, new)) == ["updated"]
    found = await _document(store, survivor)
    assert (_held(found, "tags"), _held(found, "custom_data", "name")) == (["old", "new"], ["size"])
    assert "contact_points" not in found
    assert _held(await _document(store, other), "custom_data", "name") == ["size", "shoe", "hat"]


async def test_words_stand(ask: Asking, store: Store, merge: Do, unmerge: Do) -> None:
    """What people said of the survivor since, set or taken off, stands against what comes, and is told as an edit."""
    survivor, other = await _both(store)
    merged = await merge(survivor, other)
    version = (await _document(store, survivor, is_whole=True))["version"]
    values = [{"name": "phoneNumber", "value": "+4915333"}]
    for name, given in (
        ("editCustomer", {"id": survivor.id, "version": version, "attributes": values}),
        ("removeTag", {"customerId": survivor.id, "word": "old"}),
    ):
        assert "code" not in await change(ask, name, "__typename", **given)
    new = replace(OTHER, attributes={**OTHER.attributes, "phoneNumber": "+4915222"}, tags=("old", "new"))
    assert outcomes(await bring(store, new)) == ["updated"]
    found = await _document(store, survivor)
    assert (found["attributes"]["phoneNumber"], _held(found, "tags")) == ("+4915333", ["new"])
    edits = (await unmerge(merged))["edits"]
    assert [one["field"] for one in edits] == ["attributes.phoneNumber", "tags"]


async def test_carried_through_chain(store: Store, make: Makers, merge: Do, unmerge: Do) -> None:
    """What is new of somebody comes up through every merge, and goes back with whichever is undone."""
    first, other = await _both(store)
    last = await make.customer("Last", None, search=["last"])
    before = [await _document(store, one) for one in (first, last)]
    one = await merge(first, other)
    two = await merge(last, first)
    new = replace(OTHER, attributes={"phoneNumber": "+4915222"}, tags=("old", "new"))
    assert outcomes(await bring(store, new)) == ["updated"]
    found = await _document(store, last)
    assert (found["attributes"]["phoneNumber"], _held(found, "tags")) == ("+4915222", ["old", "new"])
    assert "survivor" in await unmerge(two)
    assert await _document(store, last) == before[1]
    found = await _document(store, first)
    assert (found["attributes"]["phoneNumber"], _held(found, "tags")) == ("+4915222", ["old", "new"])
    assert "survivor" in await unmerge(one)
    assert await _document(store, first) == before[0]


async def test_beneath_later_merge(store: Store, make: Makers, merge: Do, unmerge: Do) -> None:
    """Where a later merge has filled the place, what came through the earlier comes forth when that one is undone."""
    survivor, other = await _both(store)
    before = await _document(store, survivor)
    seen = {"added_at": AT, "added_by": "maker"}
    third = await make.customer(None, attributes={"email": "x"}, tags=[{"word": "new", **seen}])
    one = await merge(survivor, other)
    two = await merge(survivor, third)
    await bring(store, replace(OTHER, tags=("old", "new")))
    assert [entry["added_by"] for entry in (await _document(store, survivor))["tags"]] == ["test", "maker"]
    assert "survivor" in await unmerge(two)
    assert [entry["added_by"] for entry in (await _document(store, survivor))["tags"]] == ["test", "test"]
    assert "survivor" in await unmerge(one)
    assert await _document(store, survivor) == before


async def test_merged_people_cost(store: Store, merge: Do, commands: Commands) -> None:
    """Only where somebody of a batch was merged is the ledger looked up: once, however many they are."""
    survivor, other = await _both(store)
    for lookups in (0, 1):
        with commands.counted() as sent:
            await bring(store, SURVIVOR, OTHER)
        assert sum(command.get("find") == "merges" for _, command in sent) == lookups
        if not lookups:
            await merge(survivor, other)


async def test_own_source_comes_first(store: Store, merge: Do, unmerge: Do) -> None:
    """What a survivor's own source says comes before what a merge filled in, and stays when the merge is undone."""
    survivor, other = await _both(store)
    merged = await merge(survivor, other)
    own = replace(
        SURVIVOR, attributes={**SURVIVOR.attributes, "phoneNumber": "+4915999"}, custom_data={"size": "S", "shoe": "39"}
    )
    assert outcomes(await bring(store, own)) == ["updated"]
    moved = replace(OTHER, attributes={**OTHER.attributes, "phoneNumber": "+4915222"}, custom_data={"shoe": "41"})
    assert outcomes(await bring(store, own, moved)) == ["unchanged", "updated"]
    for _ in range(2):
        found = await _document(store, survivor)
        assert found["attributes"]["phoneNumber"] == "+4915999"
        assert {one["name"]: one["value"] for one in found["custom_data"]} == own.custom_data
        if merged:
            assert "survivor" in await unmerge(merged)
            merged = {}
    assert (await _document(store, other))["attributes"]["phoneNumber"] == "+4915222"


async def test_own_source_waits(store: Store, merge: Do, unmerge: Do) -> None:
    """Behind what somebody took from another, what the survivor's own source says waits for the merge to be undone."""
    survivor, other = await _both(store)
    merged = await merge(survivor, other, attributes=[{"name": "firstName", "choice": "TAKE"}])
    own = replace(SURVIVOR, attributes={"firstName": "Surya", "lastName": "Vivor"})
    assert outcomes(await bring(store, own)) == ["updated"]
    assert outcomes(await bring(store, own)) == ["unchanged"]
    assert (await _document(store, survivor))["attributes"]["firstName"] == "Oth"
    assert "survivor" in await unmerge(merged)
    assert (await _document(store, survivor))["attributes"]["firstName"] == "Surya"
    assert outcomes(await bring(store, own)) == ["unchanged"]


async def test_no_room_is_told(store: Store, merge: Do) -> None:
    """What would make more of the survivor than is kept is rejected with the reason, and changes nothing."""
    survivor, other = await _both(store)
    await bring(store, replace(SURVIVOR, custom_data={f"s{n}": "x" for n in range(60)}))
    await merge(survivor, other)
    before = [await _document(store, one, is_whole=True) for one in (survivor, other)]
    (result,) = (await bring(store, replace(OTHER, custom_data={f"o{n}": "x" for n in range(60)}))).results
    assert (result.outcome.value, "at most 100" in str(result.reason)) == ("rejected", True)
    assert [await _document(store, one, is_whole=True) for one in (survivor, other)] == before
