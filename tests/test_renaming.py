"""Whose are both ids when a channel says that a person's id became another one?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Person, Renaming, Say, Who
from adapters.mongo import Store
from adapters.records import Document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.merging.ledger import MERGES
from tests.changing import change
from tests.conftest import Asking
from tests.taking_in import AT, DAY, WORD, bring, outcomes, reason_of

OLD, NEW, NEWEST = (Who("chat", "web", value) for value in ("old", "new", "newest"))
BECAME = Renaming(was=OLD, who=NEW, at=AT - DAY)
ANN = Person(who=OLD, attributes={"firstName": "Ann"})
WRITES = replace(WORD, who=NEW)


async def people(store: Store) -> list[Document]:
    """Those who are customers now."""
    return await store.find(CUSTOMERS, {"merged_into": None})


async def former(store: Store) -> dict[str, bool]:
    """Which ids the channel calls by another name by now."""
    return {one["value"]: one.get("is_former", False) for one in await store.find(IDENTITIES, {})}


@pytest.mark.parametrize("told", [[ANN, BECAME], [BECAME, ANN], [ANN, WRITES, BECAME], [WRITES, ANN, BECAME]])
async def test_both_ids_theirs(store: Store, told: list[Any]) -> None:
    """Both ids are the customer's, also where somebody unknown had written by the new one before."""
    for one in (*told, *told):
        await bring(store, one)
    (ann,) = await people(store)
    assert ann["display_name"] == "Ann"
    assert await former(store) == {"old": True, "new": False}


async def test_unknown_one_goes_into_known(ask: Asking) -> None:
    """Whoever was made for the new id goes into the customer, with messages and consents, and it can be undone."""
    says = Say(who=NEW, purpose="news", status="WITHDRAWN", at=AT - DAY)
    await bring(ask.store, ANN, WRITES, says)
    await bring(ask.store, BECAME)
    (ann,) = await people(ask.store)
    assert [one["status"] for one in ann["consents"]] == ["WITHDRAWN"]
    assert ann["last_interaction_at"] == says.at
    query = "query ($id: ID!) { customer(id: $id) { history { nodes { kind } } identities { value isFormer } } }"
    shown = (await ask(query, id=global_id("Customer", ann["_id"]))).data["customer"]
    assert shown["history"] == {"nodes": [{"kind": "MESSAGE"}]}
    assert {(one["value"], one["isFormer"]) for one in shown["identities"]} == {("old", True), ("new", False)}
    (entry,) = await ask.store.find(MERGES, {})
    key = global_id("Merge", entry["_id"])
    await change(ask, "unmergeCustomers", "survivor { id }", mergeId=key, version=ann["version"])
    assert len(await people(ask.store)) == 2


async def test_known_one_stays(store: Store) -> None:
    """Where the old id is nobody's of whom anything is known, its customer goes into that of the new one."""
    await bring(store, replace(WORD, who=OLD), replace(ANN, who=NEW))
    await bring(store, BECAME)
    (ann,) = await people(store)
    assert (ann["display_name"], len(ann["aliases"])) == ("Ann", 1)


async def test_two_known_stay_two(store: Store) -> None:
    """Two customers of whom more is known are not made one by a machine; the reason says what to do."""
    await bring(store, ANN, replace(ANN, who=NEW, attributes={"firstName": "Anna"}))
    assert "`mergeCustomers`" in await reason_of(store, BECAME)
    assert len(await people(store)) == 2
    assert await former(store) == {"old": False, "new": False}


async def test_other_account(store: Store) -> None:
    """An id becomes another one only on the same channel account."""
    other = replace(BECAME, who=Who("chat", "shop", "new"))
    assert "different channel accounts" in await reason_of(store, other)


async def test_parted_by_people(ask: Asking) -> None:
    """Where people took the new id away from the customer, a renaming does not bring it back."""
    await bring(ask.store, ANN, BECAME)
    (new,) = await ask.store.find(IDENTITIES, {"value": "new"})
    await change(ask, "unlinkIdentity", "removedId", id=global_id("Identity", new["_id"]))
    assert "People took one of the two ids away" in await reason_of(ask.store, BECAME)
    await bring(ask.store, WRITES)
    assert "People took one of the two ids away" in await reason_of(ask.store, BECAME)


async def test_there_and_back(store: Store) -> None:
    """Of renamings that cross, the latest says which id is the present one."""
    back = Renaming(was=NEW, who=OLD, at=AT)
    assert outcomes(await bring(store, ANN, back, BECAME)) == ["updated", "inserted", "updated"]
    assert await former(store) == {"old": False, "new": True}


async def test_carries_who_came_before(store: Store) -> None:
    """Whoever went into the unknown one before goes along: a chain told from its end is one customer."""
    await bring(store, ANN, WRITES, replace(WORD, external_id="M2", who=NEWEST))
    await bring(store, Renaming(was=NEW, who=NEWEST, at=AT))
    await bring(store, BECAME)
    (ann,) = await people(store)
    assert len(ann["aliases"]) == 2
    assert {one["merged_into"] for one in await store.find(CUSTOMERS, {"merged_into": {"$ne": None}})} == {ann["_id"]}
