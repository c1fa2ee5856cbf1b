"""Everything that is kept of one customer leaves in plain words, and nothing else does."""

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

from adapters.records import new_id
from resolvers.aliases import ids_of
from resolvers.attachments import ATTACHMENTS
from resolvers.attribute_rules import AttributeType
from resolvers.customers import CUSTOMERS, NEVER
from resolvers.kit.ids import global_id
from resolvers.privacy.archive import archive
from resolvers.privacy.exporting import Export
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import attachment, attributes, definition, merge
from tests.makers import BEGIN, Made, Makers
from tests.privacy.planting import planted, traces


async def exported(ask: Asking, one: Made) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The JSON document of the customer's export, and the files beside it."""
    document = await ask.store.first(CUSTOMERS, {"_id": one.key})
    assert document is not None
    export = await Export.of(ask.store, ask.graph.declared, ids_of(document))
    packed = b"".join([piece async for piece in archive(ask.store, export, datetime(2026, 11, 26, tzinfo=UTC))])
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.testzip() is None
        files = {name: opened.read(name) for name in opened.namelist()}
    return json.loads(files.pop("customer.json")), files


async def test_everything_leaves(ask: Asking, make: Makers) -> None:
    """Whatever was planted in any declared record, part or alias stands in the export."""
    one = await planted(make, ask.graph.declared)
    told, files = await exported(ask, one.customer)
    text = json.dumps(told)
    # What the ledger of another customer holds is told by when and by whom alone.
    assert [mark for mark in one.marks if f'"{mark}"' not in text] == ["PLANTED-in-another-ledger"]
    assert told["ids"] == [one.customer.id, one.alias.id]
    assert list(files.values()) == [b"PLANTED-in-a-file"]
    assert len(told["mentionedBy"]["merges"]) == 1
    assert len(told["mentionedBy"]["duplicateSuggestions"]) == 4
    assert {row["customerId"] for row in told["mentionedBy"]["relations"]} == {one.other.id}


async def test_derived_left_out(ask: Asking, make: Makers) -> None:
    """What only serves to find the customer is left out, and who was never heard of was heard of at no moment."""
    one = await make.customer(sounds=["AN"], last_interaction_at=NEVER)
    told, _ = await exported(ask, one)
    (customer,) = told["customers"]
    assert "sounds" not in customer
    assert customer["lastInteractionAt"] is None


async def test_nothing_else_leaves(ask: Asking, make: Makers) -> None:
    """Another customer stands in it by the id alone."""
    one = await planted(make, ask.graph.declared)
    await make.note(one.other, "SOMEBODY ELSE'S")
    told, _ = await exported(ask, one.customer)
    text = json.dumps(told)
    assert "SOMEBODY" not in text
    assert '"Bob"' not in text
    # A merge of the two that was undone still holds what the one had: that is not the other's.
    other, files = await exported(ask, one.other)
    assert list(traces(other, one)) == []
    assert len(other["merges"]) == 2
    assert files == {}


async def test_given_away(ask: Asking, make: Makers) -> None:
    """Of a conversation that became another customer's is told that it did, and nothing of what is said in it."""
    one, other = await make.customer(), await make.customer("Bob")
    talk = await make.conversation(one, "Hello", subject="SOMEBODY ELSE'S")
    await make.note(one)
    given = {"id": global_id("Conversation", talk), "customerId": other.id}
    await change(ask, "relinkConversation", "conversation { id }", **given)
    told, _ = await exported(ask, one)
    assert "SOMEBODY" not in json.dumps(told)
    (named,) = told["mentionedBy"]["conversations"]
    assert (named["id"], named["customerId"]) == (given["id"], other.id)
    assert named["relinked"]["formerId"] == one.id


async def test_plain_words(ask: Asking, make: Makers) -> None:
    """Moments are ISO dates, amounts exact texts, ids those of the graph, and attributes carry their labels."""
    one = await make.customer("Ann", "Lee")
    await definition(make, "tier")
    await attributes(make, one, tier="gold")
    note = await make.note(one, created_at=BEGIN, author_id=ask.agent_id)
    talk = await make.conversation(one)
    message = await make.message(one, talk)
    await attachment(make, one, message)
    await make.purchase(one, "10.10")
    told, _ = await exported(ask, one)
    (customer,) = told["customers"]
    assert customer["id"] == one.id
    tier = next(row for row in customer["attributes"] if row["name"] == "tier")
    assert (tier["label"], tier["value"], tier["observedFrom"]) == ("Tier", "gold", "shop/main")
    (written,) = told["notes"]
    assert (written["id"], written["createdAt"]) == (global_id("Note", note), "2026-01-01T00:00:00.000Z")
    assert (written["customerId"], written["authorId"]) == (one.id, global_id("Agent", ask.agent_id))
    assert told["messages"][0]["conversationId"] == told["conversations"][0]["id"] == global_id("Conversation", talk)
    assert told["attachments"][0]["ofId"] == told["messages"][0]["id"]
    assert told["purchases"][0]["total"] == {"amount": "10.10", "currency": "USD"}


async def test_write_only_stays(ask: Asking, make: Makers) -> None:
    """The value of a write-only attribute never leaves, not from the record, nor from the ledger of a merge."""
    one = await make.customer()
    await definition(make, "pin", type=AttributeType.PASSWORD)
    await attributes(make, one, pin="SECRET-1")
    await merge(make, one, changed=[{"path": "attributes.pin", "before": "SECRET-2", "after": "SECRET-3"}])
    told, _ = await exported(ask, one)
    assert "SECRET" not in json.dumps(told)
    pin = next(row for row in told["customers"][0]["attributes"] if row["name"] == "pin")
    assert pin["isWriteOnly"]
    assert told["merges"][0]["changed"] == [{"path": "attributes.pin", "isWriteOnly": True}]


async def test_file_names(ask: Asking, make: Makers) -> None:
    """A file stands under a path that leads nowhere else, whatever it was called, and none hides another."""
    one = await make.customer()
    message = await make.message(one, await make.conversation(one))
    names = ["../../etc/passwd", "a/b.pdf", "a/b.pdf", "\x00\n", "x" * 300 + ".pdf", None, ".."]
    for name in names:
        key = new_id()
        await attachment(make, one, message, name=name, file_id=key)
        await make.store.files.put(key, _piece(str(name).encode()))
    told, files = await exported(ask, one)
    assert len(files) == len(names)
    assert {row["file"] for row in told["attachments"]} == set(files)
    for path in files:
        folder, key, name = path.split("/")
        assert (folder, len(key)) == ("files", 24)
        assert 1 <= len(name) <= 120
        assert name not in {".", ".."}


async def _piece(data: bytes) -> Any:
    yield data


async def test_lost_bytes(ask: Asking, make: Makers) -> None:
    """A file whose bytes are not there is empty, and the rest of the export is whole."""
    one = await make.customer()
    message = await make.message(one, await make.conversation(one))
    await attachment(make, one, message, file_id=new_id())
    told, files = await exported(ask, one)
    assert list(files.values()) == [b""]
    assert len(told["messages"]) == await make.store.count(ATTACHMENTS, {})
