"""What is left of somebody who is erased, or taken off an id, where that id is somebody else's by now?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.contract.records import Person, Renaming, Who
from adapters.records import Document
from resolvers.conversations import MESSAGES
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.ids import global_id
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
