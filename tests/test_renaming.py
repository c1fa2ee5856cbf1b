"""Whose are both ids when a channel says that a person's id became another one?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Renaming, Say, Talk, Who
from adapters.mongo import Store
from adapters.records import Document
from resolvers.aliases import ids_of
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.merging.ledger import MERGES
from resolvers.scanning import scan
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


async def test_two_known_stay_two(ask: Asking) -> None:
    """Two of whom more is known are not made one by a machine, but suggested, once; the old id is a former one."""
    store = ask.store
    await bring(store, ANN, replace(ANN, who=NEW, attributes={"firstName": "Anna"}))
    assert outcomes(await bring(store, BECAME)) == ["updated"]
    assert outcomes(await bring(store, BECAME)) == ["unchanged"]
    (ann, other) = await people(store)
    assert await former(store) == {"old": True, "new": False}
    question = """query ($id: ID!) { duplicateSuggestions { nodes { isSure customers { id } } }
      customer(id: $id) { suggestions { score customers { id } } } }"""
    shown = (await ask(question, id=global_id("Customer", ann["_id"]))).data
    both = {global_id("Customer", one["_id"]) for one in (ann, other)}
    (listed,), (beside,) = shown["duplicateSuggestions"]["nodes"], shown["customer"]["suggestions"]
    assert {one["id"] for one in listed["customers"]} == {one["id"] for one in beside["customers"]} == both
    assert (listed["isSure"], beside["score"] > 0.99) == (False, True)


async def test_suggestion_outlasts_scans(store: Store) -> None:
    """What a channel says is suggested still when a scan has found nothing; people's word ends it for good."""
    await bring(store, ANN, replace(ANN, who=NEW, attributes={"firstName": "Zoe"}))
    await bring(store, BECAME)
    await scan(store, at=AT + DAY)
    (pair,) = await store.find(PAIRS, {"is_dismissed": False})
    await store.update(PAIRS, {"_id": pair["_id"]}, {"$set": {"is_dismissed": True}})
    assert outcomes(await bring(store, replace(BECAME, at=AT - 2 * DAY))) == ["unchanged"]
    assert await store.count(PAIRS, {"is_dismissed": False}) == 0


@pytest.mark.parametrize(
    ("since", "beside", "count"),
    [
        (timedelta(minutes=1), (), 1),
        (timedelta(days=-400), (), 2),
        (timedelta(minutes=-2), (), 2),
        (timedelta(minutes=1), (Person(who=NEW, tags=("regular",)),), 2),
    ],
    ids=[
        "wrote since the change",
        "somebody had the number before",
        "wrote just before the change",
        "more is known of them",
    ],
)
async def test_new_number_wrote_first(store: Store, since: timedelta, beside: Any, count: int) -> None:
    """Whoever the channel alone knows, since the change alone, is the person; who was known before may be another."""
    await bring(store, ANN, replace(WORD, who=OLD, talk="C0", external_id="M0"))
    wrote = Person(who=NEW, reaches=(Reach(type="PHONE", value="+14155550123"),), seen_at=BECAME.at + since)
    word = replace(WRITES, sent_at=BECAME.at + since)
    for one in (wrote, word, *beside, BECAME):
        await bring(store, one)
    found = await people(store)
    assert len(found) == count
    (ann,) = (one for one in found if one["display_name"] == "Ann")
    assert len(ann.get("contact_points", ())) == (1 if count == 1 else 0)
    assert await store.count(MESSAGES, {"customer_id": {"$in": ids_of(ann)}}) == 3 - count
    assert await store.count(PAIRS, {}) == count - 1
    assert await former(store) == {"old": True, "new": False}


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


STRANGE = replace(WORD, who=OLD, external_id="M9", sent_at=BECAME.at + timedelta(days=1))
STRANGER = Person(who=OLD, reaches=(Reach(type="PHONE", value="+14155550199"),), seen_at=STRANGE.sent_at)
EARLIER = replace(WORD, who=OLD, external_id="M8", sent_at=BECAME.at - timedelta(minutes=1))
TALK = Talk(
    channel="chat",
    account="web",
    external_id=WORD.talk,
    who=OLD,
    started_at=STRANGE.sent_at,
    last_message_at=STRANGE.sent_at,
)


@pytest.mark.parametrize("told", [[STRANGER, TALK, STRANGE], [STRANGE], [TALK, STRANGE, STRANGER]])
async def test_former_id_is_strangers(store: Store, told: list[Any]) -> None:
    """Who writes by an id after the channel gave its person another one is somebody else, in their own conversation."""
    await bring(store, ANN, replace(WORD, who=OLD), BECAME)
    for again in range(2):
        for batch in ([*told], [EARLIER], [BECAME], [replace(STRANGE, external_id=f"M1{again}")]):
            await bring(store, *batch)
    (ann, other) = sorted(await people(store), key=lambda one: one["display_name"] or "~")
    assert (ann["display_name"], other["display_name"]) == ("Ann", None)
    said = {one["_id"]: one for one in await store.find(MESSAGES, {})}
    theirs = {one["external_id"]: (one["customer_id"], one["conversation_id"]) for one in said.values()}
    assert {name for name, (owner, _) in theirs.items() if owner == ann["_id"]} == {"M1", "M8"}
    assert {name for name, (owner, _) in theirs.items() if owner == other["_id"]} == {"M9", "M10", "M11"}
    assert len({talk for _, talk in theirs.values()}) == await store.count(CONVERSATIONS, {}) == 2
    known = await store.find(IDENTITIES, {"value": "old"})
    assert {one["customer_id"]: one.get("is_former", False) for one in known} == {ann["_id"]: True, other["_id"]: False}
    assert "contact_points" not in ann
    assert await store.count(PAIRS, {}) == await store.count(MERGES, {}) == 0


async def test_recycled_before_told(store: Store) -> None:
    """Who was first heard of by the old id after the change is not the person whom the channel moved."""
    await bring(store, STRANGE, replace(WRITES, talk="C2", external_id="M2", sent_at=STRANGE.sent_at))
    assert outcomes(await bring(store, BECAME)) == ["unchanged"]
    assert len(await people(store)) == 2
    assert await store.count(PAIRS, {}) == 0


async def test_strangers_number_changes(store: Store) -> None:
    """Where whoever has a former id now is given another one in turn, that is none of the first person's."""
    later = Renaming(was=OLD, who=NEWEST, at=BECAME.at + timedelta(days=2))
    for one in (ANN, BECAME, later, replace(WORD, who=NEWEST), later, BECAME):
        await bring(store, one)
    (ann, other) = sorted(await people(store), key=lambda one: one["display_name"] or "~")
    known = [(one["customer_id"], one["value"]) for one in await store.find(IDENTITIES, {})]
    assert sorted(known) == sorted(
        [(ann["_id"], "old"), (ann["_id"], "new"), (other["_id"], "old"), (other["_id"], "newest")]
    )
