"""What is left of somebody who is erased, or taken off an id, where that id is somebody else's by now?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.contract.records import Person, Renaming, Who
from adapters.records import Document, RecordId
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.ids import global_id
from resolvers.merging.ledger import MERGES
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made
from tests.privacy.conftest import Erase, settle
from tests.taking_in import AT, DAY, WORD, bring, reason_of

OLD, NEW = Who("chat", "web", "old"), Who("chat", "web", "new")
BECAME = Renaming(was=OLD, who=NEW, at=AT - DAY)
STRANGE = replace(WORD, who=OLD, external_id="M9", sent_at=BECAME.at + timedelta(hours=1))


@pytest.fixture
async def former(ask: Asking) -> tuple[Document, Document]:
    """The identity of whoever had the id before, and that of whoever has it now."""
    await bring(ask.store, Person(who=OLD, attributes={"firstName": "Ann"}), replace(WORD, who=OLD))
    await bring(ask.store, BECAME)
    await bring(ask.store, STRANGE)
    one, two = await ask.store.find(IDENTITIES, {"value": "old"})
    return (one, two) if one.get("is_former") else (two, one)


async def test_erased_of_former_id(ask: Asking, erase: Erase, former: tuple[Document, Document]) -> None:
    """Whoever has the id now stays as they are, and what comes from before is not given to them."""
    was, now = former
    ask.now = AT
    await erase(Made(was["customer_id"]))
    await settle(ask)
    (key,) = await ask.store.find(IDENTITY_KEYS, {})
    assert (key["customer_id"], key["former"]) == (now["customer_id"], None)
    late = replace(WORD, who=OLD, external_id="M2")
    assert "not here any more" in await reason_of(ask.store, late)
    await bring(ask.store, replace(STRANGE, external_id="M10"))
    said = await ask.store.find(MESSAGES, {})
    assert {(one["external_id"], one["customer_id"]) for one in said} == {
        ("M9", now["customer_id"]),
        ("M10", now["customer_id"]),
    }


async def test_taken_off_former_id(ask: Asking, former: tuple[Document, Document]) -> None:
    """To take a former identity off its customer takes nothing away from whoever has it now."""
    was, now = former
    await change(ask, "unlinkIdentity", "removedId", id=global_id("Identity", was["_id"]))
    (key,) = await ask.store.find(IDENTITY_KEYS, {"identity_id": now["_id"]})
    assert key["customer_id"] == now["customer_id"]


async def test_relinked_stranger(ask: Asking, former: tuple[Document, Document]) -> None:
    """Where people say that both are one after all, the id's key names the identities of both, then and back."""
    was, now = former
    (talk,) = await ask.store.find(CONVERSATIONS, {"customer_id": now["customer_id"]})
    into = global_id("Customer", was["customer_id"])
    ids = {"id": global_id("Conversation", talk["_id"]), "customerId": into}
    relinked = await change(ask, "relinkConversation", "customer { version } mergedId", **ids)
    assert await named(ask) == {was["customer_id"]: True, now["customer_id"]: False}
    (entry,) = await ask.store.find(MERGES, {})
    given = {"mergeId": global_id("Merge", entry["_id"]), "version": relinked["customer"]["version"]}
    await change(ask, "unmergeCustomers", "survivor { id }", **given)
    assert await named(ask) == {was["customer_id"]: True, now["customer_id"]: False}


async def named(ask: Asking) -> dict[RecordId, bool]:
    """Whether the identities that the id's key names are former ones, by their customers."""
    (key,) = [one for one in await ask.store.find(IDENTITY_KEYS, {}) if one.get("since")]
    found = await ask.store.by_ids(IDENTITIES, [key["identity_id"], *(one["identity_id"] for one in key["former"])])
    assert found[key["identity_id"]]["customer_id"] == key["customer_id"]
    return {one["customer_id"]: one.get("is_former", False) for one in found.values()}
