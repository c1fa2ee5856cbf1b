"""What becomes of what is gone at its source, of what belongs to it, and of older words that come later?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import HandedOver, Removal
from adapters.mongo import Store
from adapters.records import Document, Record, new_id
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.batch import judged
from resolvers.kit.ids import global_id
from resolvers.notes import NOTES
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.changing import refused
from tests.conftest import Asking
from tests.taking_in import AT, CASE, DAY, FILE, ORDER, PERSON, REMARK, TALK, WORD, bring, outcomes, reason_of

PICTURE = replace(FILE, channel="chat", account="web", external_id="F2", of="M1", of_kind="message")
GONE: dict[str, tuple[Record, tuple[HandedOver, ...], Removal]] = {
    "ticket": (TICKETS, (CASE, FILE), Removal(channel="desk", account="main", kind="ticket", external_id="T1", at=AT)),
    "order": (PURCHASES, (ORDER,), Removal(channel="shop", account="main", kind="order", external_id="SO1", at=AT)),
    "message": (
        MESSAGES,
        (WORD, PICTURE),
        Removal(channel="chat", account="web", kind="message", external_id="M1", at=AT),
    ),
    "conversation": (
        CONVERSATIONS,
        (TALK, WORD, PICTURE),
        Removal(channel="chat", account="web", kind="conversation", external_id="C1", at=AT),
    ),
}


async def theirs(store: Store, record: Record) -> list[Document]:
    """The documents that are somebody's."""
    return await store.find(record, {str(record.customer): {"$ne": None}})


@pytest.mark.parametrize(("record", "told", "removal"), GONE.values(), ids=GONE)
async def test_goes_with_its_own(store: Store, record: Record, told: tuple[HandedOver, ...], removal: Removal) -> None:
    """What is gone at its source goes with what belongs to it, and what is told of it again does not bring it back."""
    await bring(store, PERSON, *told)
    assert outcomes(await bring(store, removal)) == ["updated"]
    assert outcomes(await bring(store, removal, *told)) == ["unchanged"] * (1 + len(told))
    for each in {record, MESSAGES, ATTACHMENTS} - ({MESSAGES} if record is TICKETS else set()):
        assert await theirs(store, each) == [], each.name


@pytest.mark.parametrize(("record", "told", "removal"), GONE.values(), ids=GONE)
async def test_newer_word_brings_back(
    store: Store, record: Record, told: tuple[HandedOver, ...], removal: Removal
) -> None:
    """What its source changed after it was gone is there again, by that word alone; so is what was changed before."""
    newer: Any = replace(told[0], updated_at=AT + DAY)  # type: ignore[call-arg]
    for records in ((*told, removal, newer), (newer, removal)):
        await bring(store, *records, at=AT + 2 * DAY)
        (found,) = await theirs(store, record)
        assert found["updated_at"] == AT + DAY
        assert await theirs(store, ATTACHMENTS) == []


async def test_bytes_go_along(store: Store) -> None:
    """The bytes of a removed ticket's files go, too."""

    async def chunks() -> Any:
        yield b"a"

    file = new_id()
    await store.files.put(file, chunks())
    await bring(store, CASE, FILE)
    await store.update_all(ATTACHMENTS, {}, {"$set": {"file_id": file}})
    await bring(store, GONE["ticket"][2])
    assert not await store.files.remove(file)


async def test_notes_stay(ask: Asking) -> None:
    """What colleagues wrote about the customer stays, whatever goes; history and counts agree."""
    await bring(ask.store, PERSON, REMARK, *(one for _, told, _ in GONE.values() for one in told))
    await bring(ask.store, *(removal for _, _, removal in GONE.values()))
    (note,) = await ask.store.find(NOTES, {})
    query = "query ($id: ID!) { customer(id: $id) { history { totalCount nodes { kind } } tickets { totalCount } } }"
    shown = (await ask(query, id=global_id("Customer", note["customer_id"]))).data["customer"]
    assert shown == {"history": {"totalCount": 1, "nodes": [{"kind": "NOTE"}]}, "tickets": {"totalCount": 0}}


@pytest.mark.parametrize(("record", "told", "removal"), GONE.values(), ids=GONE)
async def test_nobody_finds_it(ask: Asking, record: Record, told: tuple[HandedOver, ...], removal: Removal) -> None:
    """The id of what is gone finds nothing."""
    await bring(ask.store, PERSON, *told, removal)
    (key,) = [one["_id"] for one in await ask.store.find(record, {"customer_id": None})][:1]
    name = {"tickets": "Ticket", "purchases": "Purchase", "messages": "Message", "conversations": "Conversation"}
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await ask(query, id=global_id(name[record.name], key))).data == {"node": None}


async def test_gone_talk_is_not_relinked(ask: Asking) -> None:
    """A conversation that is gone can be given to nobody."""
    await bring(ask.store, PERSON, TALK, GONE["conversation"][2])
    (talk,) = await ask.store.find(CONVERSATIONS, {})
    (customer,) = await ask.store.find(ask.store.records["customers"], {})
    into = global_id("Customer", customer["_id"])
    refusal = await refused(ask, "relinkConversation", id=global_id("Conversation", talk["_id"]), customerId=into)
    assert refusal[0] == "NOT_FOUND"


async def test_kind_unknown(store: Store) -> None:
    """What cannot be removed is refused in words."""
    assert "one of ticket, order" in await reason_of(store, replace(GONE["order"][2], kind="note"))


async def test_only_judged(store: Store) -> None:
    """Whoever only asks what would become of records removes and renames nothing."""
    await bring(store, PERSON, CASE)
    await judged(store, [GONE["ticket"][2]], at=AT, by="test")
    assert len(await theirs(store, TICKETS)) == 1
