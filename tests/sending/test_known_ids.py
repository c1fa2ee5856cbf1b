"""What becomes of two messages to which a vendor gives one id?"""

from dataclasses import replace
from typing import Any

import pytest
import structlog

from adapters.contract.records import HandedOver, Who
from adapters.mongo import Store
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.ingest.talks import sent_message_id
from tests.channels.whatsapp.double import Cloud, message, status
from tests.sending.conftest import Desk
from tests.taking_in import AT, WORD, bring, outcomes

ECHO = replace(WORD, direction="OUT", status="SENT", text="Yes", talk="C2", who=Who("shop", "main", "18"))


async def seen(desk: Desk) -> list[tuple[Any, ...]]:
    """What stands in the conversation."""
    return [(one["direction"], one["status"], one["text"]) for one in (await desk.talk())["messages"]["nodes"]]


async def test_two_of_ours(desk: Desk, cloud: Cloud) -> None:
    """A second message of ours is sent, too; the log says that it has no id, and the id means the first."""
    with structlog.testing.capture_logs() as logged:
        for key in ("first", "second"):
            cloud.sent.clear()
            await desk.send(key=key, text=key)
            await desk.empty()
    await desk.hears(statuses=[status("read", id="wamid.sent-1", timestamp=str(int(desk.ask.now.timestamp())))])
    ours = [one for one in await seen(desk) if one[0] == "OUT"]
    assert sorted(ours) == [("OUT", "READ", "first"), ("OUT", "SENT", "second")]
    (told,) = [one for one in logged if one["event"] == "sent without an id"]
    (second,) = await desk.ask.store.find(MESSAGES, {"text": "second"})
    assert (told["message"], second["external_id"]) == (str(second["_id"]), None)


@pytest.mark.parametrize("is_first", [True, False])
async def test_of_an_incoming_one(desk: Desk, *, is_first: bool) -> None:
    """What a customer wrote is neither overwritten nor swallowed, whether it came before ours was named or after."""
    theirs = message(id="wamid.sent-1", text={"body": "Mine"}, timestamp=str(int(desk.ask.now.timestamp())))
    if is_first:
        await desk.hears(theirs)
    await desk.send()
    await desk.empty()
    await desk.hears(theirs)
    theirs_too = [("IN", "RECEIVED", "Hello"), ("IN", "RECEIVED", "Mine")]
    assert sorted(await seen(desk)) == [*theirs_too, ("OUT", "SENT", "Good morning!")]


@pytest.mark.parametrize(("first", "second"), [(WORD, ECHO), (ECHO, WORD), (WORD, replace(ECHO, direction="IN"))])
async def test_in_two_conversations(store: Store, first: HandedOver, second: HandedOver) -> None:
    """Where each conversation counts its own messages, the first of one id stays, and the other says what to do."""
    await bring(store, first)
    before = [await store.find(one, {}) for one in (MESSAGES, CUSTOMERS)]
    taken = await bring(store, second)
    assert outcomes(taken) == ["rejected"]
    assert "unique on the channel account" in str(taken.results[0].reason)
    assert [await store.find(one, {}) for one in (MESSAGES, CUSTOMERS)] == before


async def test_moves_to_another_conversation(store: Store) -> None:
    """A message of the same person may stand in another conversation later, as where two are made one."""
    await bring(store, WORD)
    assert outcomes(await bring(store, replace(WORD, talk="C2", updated_at=AT))) == ["updated"]


async def test_key_of_another_id(store: Store) -> None:
    """An echo that carries our key is of our message, also where its id is that of what went to somebody else."""
    await bring(store, ECHO)
    (theirs,) = await store.find(MESSAGES, {})
    sent = {**theirs, "_id": sent_message_id("chat", "web", "k1"), "external_id": None, "came_by": "another"}
    await store.insert(MESSAGES, {**sent, "status": "QUEUED", "text": "Ours"})
    assert outcomes(await bring(store, replace(ECHO, key="k1", status="DELIVERED", text="Ours"))) == ["updated"]
    found = {one["_id"]: one for one in await store.find(MESSAGES, {})}
    ours = found.pop(sent["_id"])
    assert found == {theirs["_id"]: theirs}
    assert (ours["status"], ours["text"], ours["external_id"]) == ("DELIVERED", "Ours", None)
