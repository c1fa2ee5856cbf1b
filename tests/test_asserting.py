"""What a source only says that somebody says of themselves proves nothing, and changes nobody who is proven."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.contract.records import Person, Talk, Utterance, Who
from adapters.mongo import Store
from adapters.records import Document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kept_pairs import PAIRS
from tests.taking_in import AT, bring

WHO = Who("post", "main", "ann")
SAID = Person(who=WHO, profile={"name": "Ann"}, seen_at=AT, is_asserted=True)
PROVEN = replace(SAID, profile={"name": "Ann Lee"}, is_asserted=False)
TALK = Talk(channel="post", account="main", external_id="t", who=WHO, started_at=AT, last_message_at=AT)
WORD = Utterance(
    channel="post", account="main", external_id="m", talk="t", who=WHO, direction="IN", sent_at=AT, text="Hello"
)


async def identity(store: Store) -> Document:
    """The one identity that there is."""
    (found,) = await store.find(IDENTITIES, {})
    return found


async def name(store: Store) -> Any:
    """What the channel shows of the person."""
    return ((await identity(store))["profile"] or {}).get("name")


async def test_new_is_asserted(store: Store) -> None:
    """Whoever is new by it is made and ASSERTED, whatever else comes by the identity."""
    await bring(store, SAID, TALK, WORD)
    await bring(store, SAID, replace(WORD, external_id="n", sent_at=AT + timedelta(hours=1)))
    found = await identity(store)
    assert (found["claim"], found["verified_at"]) == ("ASSERTED", None)
    (customer,) = await store.find(CUSTOMERS, {})
    assert customer["display_name"] == "Ann"


@pytest.mark.parametrize("records", [(SAID, PROVEN), (PROVEN, SAID)], ids=["then proven", "then said"])
@pytest.mark.parametrize("is_at_once", [True, False])
async def test_proof_counts(store: Store, records: tuple[Person, ...], *, is_at_once: bool) -> None:
    """Once the channel has proven who it is, that stands, in whichever order and batch it comes."""
    for some in [records] if is_at_once else [(one,) for one in records]:
        await bring(store, *some, WORD)
    assert (await identity(store))["claim"] == "VERIFIED"
    assert await name(store) == "Ann Lee"


async def test_changes_nobody_proven(store: Store) -> None:
    """Of somebody who is proven it says nothing: neither a name nor a better claim of another's."""
    await bring(store, PROVEN)
    before = await identity(store)
    await bring(store, replace(SAID, profile={"name": "The Director"}))
    assert {**await identity(store), "last_seen_at": None} == {**before, "last_seen_at": None}


async def test_says_more_of_the_unproven(store: Store) -> None:
    """Of somebody who is only asserted the later word is shown."""
    await bring(store, SAID)
    await bring(store, replace(SAID, profile={"name": "Anna"}))
    assert await name(store) == "Anna"
    assert (await identity(store))["claim"] == "ASSERTED"


async def test_merges_nobody(store: Store) -> None:
    """Two people who only say that they are the same are two."""
    await bring(store, SAID, replace(SAID, who=WHO._replace(channel="other")))
    assert len(await store.find(CUSTOMERS, {})) == 2
    assert await store.find(PAIRS, {}) == []
