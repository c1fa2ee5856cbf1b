"""Is a wrong merge put back, whatever happened since?"""

import asyncio
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.merging.ledger import MERGES
from tests.conftest import Asking, Commands
from tests.crowd import definition
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import UNMERGE, Do, undoing

NAMES = "notes { nodes { text } } tags { word } firstName lastInteractionAt"


async def _read(ask: Asking, one: Made, fields: str = NAMES) -> Any:
    answer = await ask(f"query ($id: ID!) {{ customer(id: $id) {{ id {fields} }} }}", id=one.id)
    assert not answer.errors
    return answer.data["customer"]


async def _rename(store: Store, one: Made, name: str) -> None:
    change = {"$set": {"attributes.firstName": name}, "$inc": {"version": 1}}
    assert await store.update(CUSTOMERS, {"_id": one.key, "merged_into": None}, change)


async def test_gives_back(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Each customer has again what was its own, and what came in on its own channels since."""
    ann = await make.customer("Ann", tags=[{"word": "a"}])
    anna = await make.customer("Anna", tags=[{"word": "b"}])
    talk = await make.conversation(anna, "Hello", last_interaction_at=None)
    await make.note(ann, "one")
    before = [await _read(ask, one) for one in (ann, anna)]
    merged = await merge(ann, anna, attributes=[{"name": "firstName", "choice": "TAKE"}])
    await make.message(anna, talk, "Still there?")
    assert (await _read(ask, ann, "history { totalCount }"))["history"]["totalCount"] == 3
    found = await unmerge(merged)
    assert (found["survivor"], found["others"]) == ({"id": ann.id}, [{"id": anna.id}])
    assert found["merge"]["undoneBy"] == "agent"
    assert [await _read(ask, one) for one in (ann, anna)] == before
    assert (await _read(ask, anna, "history { totalCount }"))["history"]["totalCount"] == 2


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [({"choice": "KEEP"}, "Hanna"), ({"choice": "RESTORE"}, "Ann"), ({"choice": "CUSTOM", "value": "Eve"}, "Eve")],
)
async def test_edited_since(
    ask: Asking, make: Makers, merge: Do, unmerge: Do, *, resolution: dict[str, str], expected: str
) -> None:
    """What was edited since is told, and stands, goes back or is replaced as whoever undoes the merge says."""
    store = make.store
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    merged = await merge(ann, anna, attributes=[{"name": "firstName", "choice": "TAKE"}])
    await _rename(store, ann, "Hanna")
    told = [{"field": "attributes.firstName", "before": "Ann", "now": "Hanna", "isHidden": False}]
    assert await unmerge(merged) == {"code": "EDITED_SINCE", "edits": told} | await _words(unmerge, merged)
    edits = (await _read(ask, ann, "merges { nodes { edits { field before now isHidden } } }"))["merges"]["nodes"]
    assert edits == [{"edits": told}]
    assert "survivor" in await unmerge(merged, resolutions=[{"field": "attributes.firstName", **resolution}])
    assert [(await _read(ask, one))["firstName"] for one in (ann, anna)] == [expected, "Anna"]


async def _words(unmerge: Do, merged: dict[str, Any]) -> dict[str, Any]:
    found = await unmerge(merged)
    return {name: found[name] for name in ("message", "inputPath")}


async def test_custom_needs_rights(make: Makers, store: Store, merge: Do, unmerge: Do) -> None:
    """A value of one's own is for roles that may edit the attribute, and is marked as their word."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    merged = await merge(ann, anna, attributes=[{"name": "firstName", "choice": "TAKE"}])
    await _rename(store, ann, "Hanna")
    custom = {"field": "attributes.firstName", "choice": "CUSTOM", "value": "Eve"}
    assert "survivor" in await unmerge(merged, resolutions=[custom])
    there = await store.first(CUSTOMERS, {"_id": ann.key}) or {}
    assert there["observed"]["firstName"]["observed_by"] == "agent"
    await definition(make, "tier", editable_by=["supervisor"])
    one, other = await make.customer(attributes={}), await make.customer(attributes={"tier": "none"})
    merged = await merge(one, other)
    await store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"attributes.tier": "gold"}})
    refused = await unmerge(merged, resolutions=[{"field": "attributes.tier", "choice": "CUSTOM", "value": "gift"}])
    assert refused["code"] == "NOT_PERMITTED"
    assert "survivor" in await unmerge(merged, resolutions=[{"field": "attributes.tier", "choice": "KEEP"}])


async def test_entries_edited_since(ask: Asking, make: Makers, store: Store, merge: Do, unmerge: Do) -> None:
    """Entries that came along and were changed or removed since are told by their kind, and KEEP is for all of it."""
    ann = await make.customer()
    anna = await make.customer(custom_data=[{"name": "size", "value": "M"}, {"name": "gone", "value": "x"}])
    merged = await merge(ann, anna)
    changed = {"$set": {"custom_data": [{"name": "size", "value": "L"}]}}
    await store.update(CUSTOMERS, {"_id": ann.key}, changed)
    assert [one["field"] for one in (await unmerge(merged))["edits"]] == ["customData"]
    assert "survivor" in await unmerge(merged, resolutions=[{"field": "customData", "choice": "KEEP"}])
    data = [(await _read(ask, one, "customData { name value }"))["customData"] for one in (ann, anna)]
    assert data == [[{"name": "size", "value": "L"}], [{"name": "size", "value": "M"}]]


_ENTRIES = """merges { nodes { id survivor { version }
  edits { field isHidden entries { entry field before now isRemoved isHidden } } } }"""


async def test_entries_told(ask: Asking, make: Makers, store: Store, merge: Do) -> None:
    """Of a list it is told which entry says what else by now, and what would be put back: enough to judge by."""
    points = [{"type": "EMAIL", "value": "a@example.com", "is_primary": True, "is_verified": False, "postal": None}]
    said = {"means": "FORM", "channel": None}
    consents = [{"purpose": "news", "status": "GRANTED", "at": BEGIN, **said}]
    ann = await make.customer(consents=consents)
    later = [{**consents[0], "status": "DENIED", "at": make.moment()}]
    anna = await make.customer(custom_data=[{"name": "size", "value": "M"}], contact_points=points, consents=later)
    await merge(ann, anna)
    changed = {
        "custom_data": [{"name": "size", "value": "L"}],
        "contact_points": [{**points[0], "is_verified": True}],
        "consents": [{**later[0], "status": "WITHDRAWN", "at": make.moment()}],
    }
    await store.update(CUSTOMERS, {"_id": ann.key}, {"$set": changed})
    (found,) = (await _read(ask, ann, _ENTRIES))["merges"]["nodes"]
    told = {one["field"]: [tuple(entry.values()) for entry in one["entries"]] for one in found["edits"]}
    assert told == {
        "customData": [("size", "value", None, "L", True, False)],
        "contactPoints": [("EMAIL a@example.com", "isVerified", None, True, True, False)],
        "consents": [("news", "status", "GRANTED", "WITHDRAWN", False, False)],
    }


async def test_undone_unseen(ask: Asking, make: Makers, store: Store, merge: Do, unmerge: Do) -> None:
    """What somebody changed after the edits were read is not undone unseen: it is refused with both versions."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    merged = await merge(ann, anna, attributes=[{"name": "firstName", "choice": "TAKE"}])
    await _rename(store, ann, "Seen")
    (seen,) = (await _read(ask, ann, _ENTRIES))["merges"]["nodes"]
    await _rename(store, ann, "Unseen")
    given = {
        "version": seen["survivor"]["version"],
        "resolutions": [{"field": "attributes.firstName", "choice": "RESTORE"}],
    }
    refused = await unmerge(merged, **given)
    assert (refused["code"], refused["inputPath"]) == ("STALE_VERSION", ["input", "version"])
    assert refused["message"].startswith(f"`edits` were read at version {seen['survivor']['version']} of the survivor")
    assert "Read `Merge.edits` anew, then send `unmergeCustomers` with version" in refused["message"]
    assert (await _read(ask, anna))["firstName"] == "Unseen"


async def test_later_merge_stands(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Undoing the first of two merges leaves the second as it would be alone, and that can be undone after it."""
    ann = await make.customer(None, None)
    anna = await make.customer("Anna", tags=[{"word": "both"}, {"word": "first"}])
    anne = await make.customer("Anne", tags=[{"word": "both"}])
    one = await merge(ann, anna)
    two = await merge(ann, anne, attributes=[{"name": "firstName", "choice": "TAKE"}])
    await unmerge(one)
    found = await _read(ask, ann)
    assert (found["firstName"], found["tags"]) == ("Anne", [{"word": "both"}])
    await unmerge(two)
    found = await _read(ask, ann)
    assert (found["firstName"], found["tags"]) == (None, [])


async def test_refusals(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Undoing twice, beneath a later merge, what is no merge, or with a word on what nobody changed is refused."""
    a, b, c = [await make.customer(name) for name in "ABC"]
    one = await merge(b, a)
    two = await merge(c, b)
    beneath = await unmerge(one)
    assert (beneath["code"], two["merge"]["id"] in beneath["message"]) == ("CONFLICT", True)
    idle = [{"field": "attributes.firstName", "choice": "KEEP"}]
    assert (await unmerge(two, resolutions=idle))["code"] == "INVALID_INPUT"
    assert "survivor" in await unmerge(two)
    assert (await unmerge(two))["code"] == "CONFLICT"
    assert (await _read(ask, a))["id"] == b.id
    assert "survivor" in await unmerge(one)
    for given in (a.id, global_id("Merge", a.key)):
        assert (await unmerge({"merge": {"id": given}}))["code"] == "NOT_FOUND"


async def test_undone_at_once(make: Makers, merge: Do, unmerge: Do, store: Store) -> None:
    """Of those who undo a merge at the same time one does it, and the others are told."""
    merged = await merge(await make.customer(tags=[{"word": "a"}]), await make.customer(tags=[{"word": "b"}]))
    found = await asyncio.gather(*[unmerge(merged) for _ in range(5)])
    assert sorted("survivor" if "survivor" in one else one["code"] for one in found) == ["CONFLICT"] * 4 + ["survivor"]
    assert await store.count(CUSTOMERS, {"merged_into": None}) == 2


async def test_heard_since(ask: Asking, make: Makers, store: Store, merge: Do, unmerge: Do) -> None:
    """Who was heard of since the merge stays heard of: the one on whose channel it was."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    talk = await make.conversation(anna, "Hello")
    before = (await _read(ask, ann))["lastInteractionAt"]
    merged = await merge(ann, anna)
    at = make.moment()
    await make.message(anna, talk, "Still there?", sent_at=at)
    await store.climb(CUSTOMERS, "last_interaction_at", {ann.key: at})
    await unmerge(merged)
    assert (await _read(ask, ann))["lastInteractionAt"] == before
    there = await store.first(CUSTOMERS, {"_id": anna.key})
    assert there is not None
    assert there["last_interaction_at"] == at


async def test_edits_cost(ask: Asking, make: Makers, merge: Do, commands: Commands) -> None:
    """What was edited since is told of a page of merges in six commands, however many they are."""
    ann = await make.customer()
    for _ in range(6):
        await merge(ann, await make.customer())
    query = "query ($id: ID!) { customer(id: $id) { merges { nodes { edits { field } } } } }"
    await ask(query, id=ann.id)
    with commands.counted() as seen:
        await ask(query, id=ann.id)
    assert len(seen) <= 6


@pytest.mark.usefixtures("yielding")
async def test_reader_sees_one_or_the_other(
    ask: Asking, make: Makers, merge: Do, unmerge: Do, commands: Commands
) -> None:
    """While customers are merged and put back, every reader sees them as one or as two, and nothing in between."""
    ann, anna = await make.customer("Ann", tags=[{"word": "a"}]), await make.customer("Anna", tags=[{"word": "b"}])
    await make.note(ann, "one")
    await make.note(anna, "two")
    allowed = {
        ann.id: [(ann.id, 1, 1), (ann.id, 2, 2)],
        anna.id: [(anna.id, 1, 1), (ann.id, 2, 2)],
    }
    over = asyncio.Event()

    async def read(one: Made) -> int:
        seen = set()
        while not over.is_set():
            found = await _read(ask, one, "notes { totalCount } tags { word }")
            seen.add((found["id"], found["notes"]["totalCount"], len(found["tags"])))
        assert seen <= set(allowed[one.id])
        return len(seen)

    async def listed() -> int:
        seen = set()
        while not over.is_set():
            found = (await ask("{ customers { nodes { id tags { word } } } }")).data["customers"]["nodes"]
            seen.add(tuple(sorted((one["id"], len(one["tags"])) for one in found)))
        assert seen <= {tuple(sorted([(ann.id, 1), (anna.id, 1)])), ((ann.id, 2),)}
        return len(seen)

    # While commands are counted, each question is asked once: two of them could fall on both sides of a merge.
    with commands.counted():
        readers = [asyncio.create_task(one) for one in (read(ann), read(anna), listed())]
        for _ in range(15):
            await unmerge(await merge(ann, anna))
        over.set()
        assert await asyncio.gather(*readers) == [2, 2, 2]


async def test_partner_may_not(ask: Asking, make: Makers, merge: Do) -> None:
    """Undoing is for staff."""
    merged = await merge(await make.customer(), await make.customer())
    answer = await ask(UNMERGE, as_=Role.PARTNER, input=await undoing(ask, merged["merge"]["id"]))
    assert answer.codes == ["FORBIDDEN"]
    assert await make.store.count(MERGES, {"undone_at": None}) == 1
