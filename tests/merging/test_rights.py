"""Does whatever a merge or its undoing writes pass the same rules as an edit?"""

from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import Document
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import definition
from tests.makers import Made, Makers
from tests.merging.conftest import MERGE, UNMERGE, Do, undoing

ADMIN = Role.ADMINISTRATOR
TAKE = [{"name": "tier", "choice": "TAKE"}]
TIER = "attributes.tier"
TIER_ID = global_id("AttributeDefinition", DEFINITIONS.id_of({"name": "tier"}))


async def _document(store: Store, one: Made) -> Document:
    return await store.first(CUSTOMERS, {"_id": one.key}) or {}


async def _tier(store: Store, one: Made) -> Any:
    return (await _document(store, one))["attributes"].get("tier")


async def _edit(ask: Asking, make: Makers, one: Made, **value: Any) -> None:
    version = (await _document(make.store, one))["version"]
    values = [{"name": "tier", **value}]
    found = await change(ask, "editCustomer", "__typename", ADMIN, id=one.id, version=version, attributes=values)
    assert "code" not in found


async def _merge(ask: Asking, survivor: Made, other: Made, as_: Role = ADMIN, **more: Any) -> dict[str, Any]:
    given = {"survivorId": survivor.id, "otherIds": [other.id], **more}
    found: dict[str, Any] = (await ask(MERGE, as_=as_, input=given)).data["mergeCustomers"]
    return found


async def _two(make: Makers, **rules: Any) -> tuple[Made, Made]:
    await definition(make, "tier", **rules)
    return await make.customer(attributes={"tier": "low"}), await make.customer(attributes={"tier": "high"})


@pytest.mark.parametrize("is_edited", [True, False])
async def test_restoring_is_editing(ask: Asking, make: Makers, unmerge: Do, *, is_edited: bool) -> None:
    """Who may not edit an attribute puts no value back in it; what stands can stay, and others can put it back."""
    ann, anna = await _two(make, editable_by=[ADMIN.value])
    merged = await _merge(ask, ann, anna, attributes=TAKE)
    if is_edited:
        await _edit(ask, make, ann, value="best")
    now = "best" if is_edited else "high"
    refused = await unmerge(merged)
    assert [one["field"] for one in refused["edits"]] == [TIER]
    assert ("your role does not edit" in refused["message"], "Changed" in refused["message"]) == (
        not is_edited,
        is_edited,
    )
    refused = await unmerge(merged, resolutions=[{"field": TIER, "choice": "RESTORE"}])
    assert (refused["code"], refused["inputPath"]) == ("NOT_PERMITTED", ["input", "resolutions", "0"])
    assert await _tier(make.store, ann) == now
    assert "survivor" in await unmerge(merged, resolutions=[{"field": TIER, "choice": "KEEP"}])
    assert await _tier(make.store, ann) == now


async def test_filled_goes_back(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """What a merge filled in without a right goes back without one; whoever may edit puts anything back."""
    ann, anna = await _two(make, editable_by=[ADMIN.value])
    empty = await make.customer(attributes={})
    assert "survivor" in await unmerge(await merge(empty, anna))
    assert await _tier(make.store, empty) is None
    merged = await _merge(ask, ann, anna, attributes=TAKE)
    answer = await ask(UNMERGE, as_=ADMIN, input=await undoing(ask, merged["merge"]["id"]))
    assert "survivor" in answer.data["unmergeCustomers"]
    assert await _tier(make.store, ann) == "low"


async def test_others_agent_stays(ask: Asking, make: Makers, merge: Do) -> None:
    """An agent takes nobody's customer away by a merge, a supervisor may; where one alone is looked after, it stays."""
    anna = await make.agent("Anna")
    mine, hers = await make.customer(assigned_agent_id=ask.agent_id), await make.customer(assigned_agent_id=anna)
    refused = await merge(mine, hers)
    assert (refused["code"], refused["inputPath"]) == ("NOT_PERMITTED", ["input", "otherIds"])
    preview = "query ($input: MergeCustomersInput!) { previewMerge(input: $input) { blocked { code } } }"
    given = {"survivorId": mine.id, "otherIds": [hers.id]}
    assert (await ask(preview, input=given)).data["previewMerge"]["blocked"] == [{"code": "NOT_PERMITTED"}]
    nobodys = await make.customer()
    assert "merge" in await merge(nobodys, hers)
    assert (await _document(make.store, nobodys))["assigned_agent_id"] == anna
    assert "merge" in await merge(nobodys, mine)
    assert (await _document(make.store, nobodys))["assigned_agent_id"] == anna
    assert "merge" in await _merge(ask, await make.customer(assigned_agent_id=ask.agent_id), nobodys, Role.SUPERVISOR)


async def test_assignment_put_back(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Whom others assigned since the merge, its undoing takes off no customer; a supervisor's does."""
    anna, eve = await make.agent("Anna"), await make.agent("Eve")
    one, other = await make.customer(), await make.customer(assigned_agent_id=anna)
    merged = await merge(one, other)
    version = (await _document(make.store, one))["version"]
    given = {"customerId": one.id, "version": version, "agentId": global_id("Agent", eve)}
    assert "code" not in await change(ask, "assignCustomer", "__typename", Role.SUPERVISOR, **given)
    back = {"resolutions": [{"field": "assignedAgent", "choice": "RESTORE"}]}
    assert (await unmerge(merged, **back))["code"] == "NOT_PERMITTED"
    assert (await _document(make.store, one))["assigned_agent_id"] == eve
    answer = await ask(UNMERGE, as_=Role.SUPERVISOR, input=await undoing(ask, merged["merge"]["id"]) | back)
    assert "survivor" in answer.data["unmergeCustomers"]
    assert (await _document(make.store, one))["assigned_agent_id"] is None


async def test_verified_since(ask: Asking, make: Makers, unmerge: Do, merge: Do) -> None:
    """That somebody made sure of a value since the merge is an edit, too."""
    await definition(make, "tier")
    one, other = await make.customer(attributes={}), await make.customer(attributes={"tier": "high"})
    merged = await merge(one, other)
    await _edit(ask, make, one, isVerified=True)
    assert [edit["field"] for edit in (await unmerge(merged))["edits"]] == [TIER]
    assert "survivor" in await unmerge(merged, resolutions=[{"field": TIER, "choice": "KEEP"}])
    assert (await _document(make.store, one))["observed"]["tier"]["is_verified"]


async def test_present_rules_hold(ask: Asking, make: Makers, unmerge: Do) -> None:
    """What broke the attribute's rules as they are by now is not put back: another value is, or what stands stays."""
    ann, anna = await _two(make)
    merged = await _merge(ask, ann, anna, attributes=TAKE)
    rules = {"pattern": "h.*"}
    found = await change(ask, "changeAttributeDefinition", "__typename", ADMIN, id=TIER_ID, rules=rules)
    assert "code" not in found, found
    assert [edit["field"] for edit in (await unmerge(merged))["edits"]] == [TIER]
    assert "breaks the attribute's present rules: `attributes.tier`. Say" in (await unmerge(merged))["message"]
    for resolution, place in (({"choice": "RESTORE"}, ["0"]), ({"choice": "CUSTOM", "value": "low"}, ["0", "value"])):
        refused = await unmerge(merged, resolutions=[{"field": TIER, **resolution}])
        assert (refused["code"], refused["inputPath"]) == ("INVALID_INPUT", ["input", "resolutions", *place])
    custom = {"field": TIER, "choice": "CUSTOM", "value": "heavy"}
    assert "survivor" in await unmerge(merged, resolutions=[custom])
    assert await _tier(make.store, ann) == "heavy"


async def test_removed_stays_away(ask: Asking, make: Makers, unmerge: Do) -> None:
    """Values of an attribute that left the schema do not come back by the ledger, also where its name is used again."""
    ann, anna = await _two(make)
    merged = await _merge(ask, ann, anna, attributes=TAKE)
    gone = await change(ask, "removeAttributeDefinition", "__typename", ADMIN, id=TIER_ID, withValues=True)
    assert "code" not in gone
    added = {"name": "tier", "type": "STRING", "rules": {"label": "Tier"}}
    assert "code" not in await change(ask, "addAttributeDefinition", "__typename", ADMIN, **added)
    query = "query ($id: ID!) { customer(id: $id) { merges { nodes { leftSchema edits { field } } } } }"
    (entry,) = (await ask(query, id=ann.id)).data["customer"]["merges"]["nodes"]
    assert entry == {"leftSchema": ["tier"], "edits": []}
    assert "survivor" in await unmerge(merged)
    assert (await _tier(make.store, ann), await _tier(make.store, anna)) == (None, None)
