"""Is what somebody chose in a merge that one's word, which no source replaces, and goes with the merge?"""

from dataclasses import replace

import pytest

from adapters.contract.records import Person, Who
from adapters.mongo import Store
from adapters.records import Document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import definition
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.taking_in import bring, outcomes

TOUCHED = {"version", "changed", "updated_at", "updated_by"}
ANN = Person(who=Who("shop", "main", "1"), attributes={"firstName": "Ann"})
ANNA = Person(who=Who("shop", "main", "2"), attributes={"firstName": "Anna", "lastName": "Lee"})


async def _both(store: Store) -> tuple[Made, Made]:
    """Two customers, each known from a shop."""
    await bring(store, ANN, ANNA)
    found = {one["value"]: Made(one["customer_id"]) for one in await store.find(IDENTITIES, {})}
    return found["1"], found["2"]


async def _document(store: Store, one: Made) -> Document:
    found = await store.first(CUSTOMERS, {"_id": one.key}) or {}
    return {name: value for name, value in found.items() if name not in TOUCHED}


def _keep(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "choice": "KEEP"} for name in names]


async def test_field_rights_hold(make: Makers, merge: Do) -> None:
    """A value that the role may not edit is not changed by choosing another's; what fills a gap comes along."""
    await definition(make, "tier", editable_by=["supervisor"])
    ann, anna = await make.customer(attributes={"tier": "gold"}), await make.customer(attributes={"tier": "none"})
    refused = await merge(ann, anna, attributes=[{"name": "tier", "choice": "TAKE"}])
    assert (refused["code"], refused["inputPath"]) == ("NOT_PERMITTED", ["input", "attributes"])
    assert "merge" in await merge(ann, anna, attributes=[{"name": "tier", "choice": "KEEP"}])


async def test_taken_is_a_word(make: Makers, merge: Do) -> None:
    """A value that somebody took from another is marked as that one's word, and keeps where it was observed."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    await merge(ann, anna, attributes=[{"name": "firstName", "choice": "TAKE"}])
    seen = (await _document(make.store, ann))["observed"]["firstName"]
    assert (seen["observed_by"], seen["observed_from"]) == ("agent", "shop/main")


@pytest.mark.parametrize("is_chosen", [True, False])
async def test_kept_is_a_word(store: Store, merge: Do, *, is_chosen: bool) -> None:
    """What somebody kept, also that there is no value, no source of the others replaces or fills."""
    ann, anna = await _both(store)
    chosen = _keep("firstName", "lastName") if is_chosen else _keep("firstName")
    assert "merge" in await merge(ann, anna, attributes=chosen)
    await bring(store, replace(ANNA, attributes={"firstName": "Hanna", "lastName": "Lea"}))
    found = await _document(store, ann)
    assert found["attributes"] == {"firstName": "Ann"} | ({} if is_chosen else {"lastName": "Lea"})
    assert found["observed"]["firstName"]["observed_from"] == "shop/main"


async def test_undo_takes_words_back(store: Store, merge: Do, unmerge: Do) -> None:
    """A merge that is undone leaves no word of whoever merged: sources speak as before."""
    ann, anna = await _both(store)
    before = await _document(store, ann)
    merged = await merge(ann, anna, attributes=_keep("firstName", "lastName"))
    assert await _document(store, ann) != before
    assert "survivor" in await unmerge(merged)
    assert await _document(store, ann) == before
    await bring(store, replace(ANN, attributes={"firstName": "Hanna"}))
    assert (await _document(store, ann))["attributes"] == {"firstName": "Hanna"}


async def test_later_word_stays(store: Store, merge: Do, unmerge: Do, make: Makers) -> None:
    """Of two merges that kept a value the second's word stays when the first is undone, and goes with the second."""
    ann, anna = await _both(store)
    one = await merge(ann, anna, attributes=_keep("firstName", "lastName"))
    two = await merge(ann, await make.customer("Anne", "Ley"), attributes=_keep("firstName", "lastName"))
    assert "survivor" in await unmerge(one)
    await bring(store, replace(ANN, attributes={"firstName": "Hanna", "lastName": "Lea"}))
    found = await _document(store, ann)
    assert (found["attributes"], found["removed"]) == ({"firstName": "Ann"}, {"attributes": ["lastName"]})
    assert "survivor" in await unmerge(two)
    # What her own source said meanwhile comes forth.
    found = await _document(store, ann)
    assert found["attributes"] == {"firstName": "Hanna", "lastName": "Lea"}
    assert "removed" not in found


async def test_kept_value_goes_back(store: Store, make: Makers, merge: Do, unmerge: Do) -> None:
    """A value that one merge brought and a later one kept stands until both are undone."""
    ann, anna = await _both(store)
    before = await _document(store, ann)
    one = await merge(ann, anna, attributes=[{"name": "firstName", "choice": "TAKE"}])
    two = await merge(ann, await make.customer("Anne", None), attributes=_keep("firstName"))
    assert "survivor" in await unmerge(one)
    assert (await _document(store, ann))["attributes"]["firstName"] == "Anna"
    assert "survivor" in await unmerge(two)
    assert await _document(store, ann) == before


async def test_edits_need_no_word(ask: Asking, store: Store, merge: Do, unmerge: Do) -> None:
    """What was kept and edited since stays as it was edited: the merge had changed nothing to take back."""
    ann, anna = await _both(store)
    merged = await merge(ann, anna, attributes=_keep("firstName"))
    version = (await store.first(CUSTOMERS, {"_id": ann.key}) or {})["version"]
    values = [{"name": "firstName", "value": "Hanna"}]
    edited = await change(ask, "editCustomer", "__typename", id=ann.id, version=version, attributes=values)
    assert "code" not in edited
    assert "survivor" in await unmerge(merged)
    found = await _document(store, ann)
    assert (found["attributes"], found["observed"]["firstName"]["observed_by"]) == ({"firstName": "Hanna"}, "agent")


async def test_ledger_tells_changes_alone(ask: Asking, store: Store, merge: Do) -> None:
    """What was kept is no change of the ledger."""
    ann, anna = await _both(store)
    await merge(ann, anna, attributes=_keep("firstName"))
    query = "query ($id: ID!) { customer(id: $id) { merges { nodes { changes { name before after } } } } }"
    (entry,) = (await ask(query, id=ann.id)).data["customer"]["merges"]["nodes"]
    assert entry == {"changes": [{"name": "lastName", "before": None, "after": "Lee"}]}


async def test_keeping_needs_no_right(make: Makers, merge: Do) -> None:
    """Whoever may not edit an attribute may keep it, which then is no word of theirs on it."""
    await definition(make, "tier", editable_by=[Role.SUPERVISOR.value])
    ann, anna = await make.customer(attributes={"tier": "gold"}), await make.customer(attributes={"tier": "none"})
    assert "merge" in await merge(ann, anna, attributes=_keep("tier"))
    assert "observed_by" not in (await _document(make.store, ann))["observed"].get("tier", {})


async def test_default_is_no_word(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """The schema's default is nobody's word: what somebody said of one of the others stands, and a kept one stays."""
    await definition(make, "tier", default="basic")
    await definition(make, "plan", default="small")
    ann, anna = await _both(make.store)
    before = await _document(make.store, ann)
    assert {one["observed_from"] for one in before["observed"].values()} == {"shop/main", "default"}
    values = [{"name": "tier", "value": "gold"}, {"name": "plan", "value": "large"}]
    edited = await change(ask, "editCustomer", "__typename", id=anna.id, version=1, attributes=values)
    assert "code" not in edited
    merged = await merge(ann, anna, attributes=_keep("plan"))
    found = await _document(make.store, ann)
    assert (found["attributes"]["tier"], found["attributes"]["plan"]) == ("gold", "small")
    assert found["observed"]["tier"]["observed_by"] == "agent"
    assert "survivor" in await unmerge(merged)
    assert await _document(make.store, ann) == before


async def test_default_said_again(make: Makers) -> None:
    """A source that says what was the default alone until now has said it."""
    await definition(make, "tier", default="basic")
    await bring(make.store, ANN)
    said = replace(ANN, attributes={"tier": "basic"})
    assert outcomes(await bring(make.store, said)) == ["updated"]
    (found,) = await make.store.find(CUSTOMERS, {})
    assert found["observed"]["tier"]["observed_from"] == "shop/main"
    assert outcomes(await bring(make.store, said)) == ["unchanged"]
