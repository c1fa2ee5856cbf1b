"""Does what people changed stay, whatever a source says again?"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.contract.company import Class
from adapters.contract.records import Person
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.notes import NOTES, REMOVED_NOTES
from tests.changing import change
from tests.conftest import Asking
from tests.taking_in import ANN, AT, DAY, PERSON, REMARK, bring, outcomes, the_customer

MARKED = replace(PERSON, tags=("vip", "golf"), labels=("Gold",), custom_data={"size": "M", "shoe": "9"})


async def _note(ask: Asking, store: Store, mutation: str, **more: Any) -> None:
    (note,) = await store.find(NOTES, {})
    found = await change(ask, mutation, "__typename", Role.SUPERVISOR, id=global_id("Note", note["_id"]), **more)
    assert found["__typename"].endswith("Payload")


async def test_edited_note_stays(ask: Asking, store: Store) -> None:
    """An imported note that somebody edited keeps those words; one that nobody edited follows its source."""
    await bring(store, REMARK)
    assert outcomes(await bring(store, replace(REMARK, text="Likes red"))) == ["updated"]
    await _note(ask, store, "editNote", version=2, text="Likes green, since May")
    before = await store.find(NOTES, {})
    assert outcomes(await bring(store, REMARK, replace(REMARK, text="Likes red"))) == ["unchanged", "unchanged"]
    assert await store.find(NOTES, {}) == before
    assert before[0]["text"] == "Likes green, since May"


async def test_removed_note_stays_away(ask: Asking, store: Store) -> None:
    """An imported note that somebody removed does not come back; nothing but its id is kept of it."""
    await bring(store, PERSON, REMARK)
    await _note(ask, store, "removeNote")
    other = replace(REMARK, external_id="N2", text="Another")
    assert outcomes(await bring(store, REMARK, other)) == ["unchanged", "inserted"]
    assert [one["text"] for one in await store.find(NOTES, {})] == ["Another"]
    (kept,) = await store.find(REMOVED_NOTES, {})
    assert set(kept) == {"_id", "removed_at"}


async def test_removed_note_makes_nobody(ask: Asking, store: Store) -> None:
    """A removed note of somebody unknown makes no customer."""
    await bring(store, REMARK)
    await _note(ask, store, "removeNote")
    await bring(store, replace(REMARK, who=ANN._replace(value="18")))
    assert await store.count(CUSTOMERS, {}) == 1


async def test_removed_parts_stay_away(ask: Asking, store: Store) -> None:
    """A tag, label or custom data that somebody took off a customer is not put on again by a source."""
    await bring(store, Class(name="Gold"), MARKED)
    customer = await the_customer(store)
    one = global_id("Customer", customer["_id"])
    label = global_id("Label", customer["labels"][0]["label_id"])
    for mutation, more in (
        ("removeTag", {"word": "VIP"}),
        ("unlabelCustomer", {"labelId": label}),
        ("removeCustomData", {"name": "size", "version": 3}),
    ):
        await change(ask, mutation, "__typename", customerId=one, **more)
    assert outcomes(await bring(store, MARKED, at=AT + DAY)) == ["unchanged"]
    after = await the_customer(store)
    assert [tag["word"] for tag in after["tags"]] == ["golf"]
    assert after["labels"] == []
    assert [datum["name"] for datum in after["custom_data"]] == ["shoe"]


async def test_added_again_by_people(ask: Asking, store: Store) -> None:
    """What somebody puts on again is like any other, and a source may bring what was never removed."""
    await bring(store, MARKED, Class(name="Gold"))
    one = global_id("Customer", (await the_customer(store))["_id"])
    for mutation in ("removeTag", "addTag", "removeTag", "addTag"):
        await change(ask, mutation, "__typename", customerId=one, word="vip")
    assert (await the_customer(store))["removed"] == {"tags": []}
    await bring(store, replace(MARKED, tags=("new",)), at=AT + timedelta(hours=1))
    assert [tag["word"] for tag in (await the_customer(store))["tags"]] == ["golf", "vip", "new"]


async def test_removals_are_bounded(ask: Asking, store: Store) -> None:
    """As many removed words are remembered as a customer may carry, the newest ones."""
    await bring(store, Person(who=ANN, tags=("last",)))
    customer = await the_customer(store)
    words = [f"w{n}" for n in range(100)]
    await store.update(CUSTOMERS, {"_id": customer["_id"]}, {"$set": {"removed": {"tags": words}}})
    await change(ask, "removeTag", "__typename", customerId=global_id("Customer", customer["_id"]), word="last")
    assert (await the_customer(store))["removed"]["tags"] == [*words[1:], "last"]


async def _edit(ask: Asking, store: Store, *given: dict[str, Any]) -> None:
    customer = await the_customer(store)
    key = global_id("Customer", customer["_id"])
    found = await change(ask, "editCustomer", "__typename", id=key, version=customer["version"], attributes=list(given))
    assert found["__typename"] == "EditCustomerPayload"


async def test_edited_values_stay(ask: Asking, store: Store) -> None:
    """A value that somebody set or verified stays, whatever a source says; the others follow their source."""
    await bring(store, PERSON)
    await _edit(ask, store, {"name": "firstName", "value": "Anna"})
    assert outcomes(await bring(store, PERSON, at=AT + DAY)) == ["unchanged"]
    other = replace(PERSON, attributes={"firstName": "Annie", "lastName": "Poe"})
    assert outcomes(await bring(store, other, at=AT + DAY)) == ["updated"]
    after = await the_customer(store)
    assert after["attributes"] == {"firstName": "Anna", "lastName": "Poe"}
    assert (after["display_name"], after["changed"]) == ("Anna Poe", {"firstName": 2, "lastName": 3})
    await _edit(ask, store, {"name": "lastName", "isVerified": True})
    assert outcomes(await bring(store, PERSON, at=AT + DAY)) == ["unchanged"]


async def test_cleared_values_stay_away(ask: Asking, store: Store) -> None:
    """A value that somebody cleared does not come back, until somebody sets one again."""
    await bring(store, PERSON)
    await _edit(ask, store, {"name": "lastName", "value": None})
    assert outcomes(await bring(store, PERSON, at=AT + DAY)) == ["unchanged"]
    after = await the_customer(store)
    assert (after["attributes"], after["removed"]) == ({"firstName": "Ann"}, {"attributes": ["lastName"]})
    assert "lastName" not in after["observed"]
    await _edit(ask, store, {"name": "lastName", "value": "Lee"})
    assert (await the_customer(store))["removed"] == {"attributes": []}


async def test_kept_value_checked(ask: Asking, store: Store) -> None:
    """A source is told of a value that breaks a rule, also where it would not be taken."""
    await bring(store, PERSON)
    await _edit(ask, store, {"name": "firstName", "value": "Anna"})
    assert outcomes(await bring(store, replace(PERSON, attributes={"firstName": "4nn"}))) == ["rejected"]


async def test_edits_beside_source(ask: Asking, store: Store) -> None:
    """While a source is read again and again, each edit is applied or refused, and none is lost to the source."""
    await bring(store, PERSON)
    key = global_id("Customer", (await the_customer(store))["_id"])
    applied: list[str] = []

    async def edits() -> None:
        for n in range(15):
            version = (await the_customer(store))["version"]
            given = [{"name": "firstName", "value": f"Ann{'abcdefghijklmno'[n]}"}]
            found = await change(ask, "editCustomer", "__typename", id=key, version=version, attributes=given)
            if "code" not in found:
                applied.append(given[0]["value"])
            assert (await the_customer(store))["attributes"]["firstName"] == (applied[-1] if applied else "Ann")

    async def readings() -> None:
        for n in range(15):
            other = {"firstName": "Ann", "lastName": f"Lee{'abcdefghijklmno'[n]}"}
            await bring(store, replace(PERSON, attributes=other), at=AT + DAY)

    await asyncio.gather(edits(), readings())
    after = await the_customer(store)
    assert after["attributes"] == {"firstName": applied[-1], "lastName": "Leeo"}
    assert after["version"] == 1 + len(applied) + 15
