"""Where do words go to somebody whose number the vendor says to be another one by now?"""

from typing import Any

import pytest

from resolvers.conversations import MESSAGES
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from tests.channels.whatsapp.double import Cloud
from tests.channels.whatsapp.double import message as told_message
from tests.sending.conftest import SEND, Desk

OLD, NEW = "16505551234", "16505559999"


async def changed(desk: Desk) -> dict[str, Any]:
    """Has the vendor say that the person's number changed; the identities of both numbers."""
    at = str(int(desk.ask.now.timestamp()) + 1)
    system = {"type": "user_changed_number", "wa_id": NEW}
    await desk.hears(told_message("system", id="wamid.moved", timestamp=at, system=system))
    found = await desk.ask.store.find(IDENTITIES, {})
    return {one["value"]: global_id("Identity", one["_id"]) for one in found}


@pytest.mark.parametrize("by", ["conversation", f"+{OLD}", f"+{NEW}"])
async def test_reaches_present_number(desk: Desk, cloud: Cloud, by: str) -> None:
    """Whatever of the customer is named, the words go to the present number, and what they wrote before counts."""
    talk = (await desk.talk())["id"]
    ids = await changed(desk)
    to = {"conversationId": talk} if by == "conversation" else {"identityId": ids[by]}
    answer = (await desk.ask(SEND, input={"key": "first", "text": "Good morning!", **to})).data["sendMessage"]
    assert answer["sent"]["status"] == "QUEUED"
    await desk.empty()
    (asked,) = cloud.sent
    assert asked["to"] == f"+{NEW}"
    assert answer["sent"]["conversation"]["id"] != talk


async def test_changed_while_waiting(desk: Desk, cloud: Cloud) -> None:
    """What waits when the number changes goes to the present one."""
    await desk.send()
    await changed(desk)
    await desk.empty()
    assert [one["to"] for one in cloud.sent] == [f"+{NEW}"]


async def test_lost_while_waiting(desk: Desk, cloud: Cloud) -> None:
    """What waits for a number behind which nobody can be told any more goes to nobody, and says why."""
    await desk.send()
    ids = await changed(desk)
    await desk.ask("mutation ($id: ID!) { unlinkIdentity(input: {id: $id}) { __typename } }", id=ids[f"+{NEW}"])
    await desk.empty()
    assert cloud.sent == []
    (message,) = await desk.ask.store.find(MESSAGES, {"status": "FAILED"})
    assert "somebody else may have this one" in message["failure_reason"]


async def test_no_present_number(desk: Desk) -> None:
    """Where the present number was taken off the customer, nothing goes to the former one."""
    ids = await changed(desk)
    await desk.ask("mutation ($id: ID!) { unlinkIdentity(input: {id: $id}) { __typename } }", id=ids[f"+{NEW}"])
    given = {"key": "first", "text": "Good morning!", "identityId": ids[f"+{OLD}"]}
    refused = (await desk.ask(SEND, input=given)).data["sendMessage"]
    assert refused["code"] == "CONFLICT"
    assert "somebody else may have this one" in refused["message"]


async def test_former_proves_nobody(desk: Desk) -> None:
    """By a former number agents find the customer, and nobody is signed in."""
    await changed(desk)
    asked = """query ($value: String!) { found: customerByIdentity(%s) { claim customer { identities { value claim
      isFormer } } } proven: customerByIdentity(%s, isProven: true) { claim } }"""
    place = 'channel: "whatsapp", account: "106540352242922", value: $value'
    old = (await desk.ask(asked % (place, place), value=f"+{OLD}")).data
    assert (old["found"]["claim"], old["proven"]) == ("INFERRED", None)
    claims = {one["value"]: (one["claim"], one["isFormer"]) for one in old["found"]["customer"]["identities"]}
    assert claims == {f"+{OLD}": ("INFERRED", True), f"+{NEW}": ("VERIFIED", False)}
    new = (await desk.ask(asked % (place, place), value=f"+{NEW}")).data
    assert new["proven"] == {"claim": "VERIFIED"}


async def test_writes_to_stranger(desk: Desk, cloud: Cloud) -> None:
    """Whoever has the former number now is written to in their own conversation, within their own window."""
    talk = (await desk.talk())["id"]
    ids = await changed(desk)
    at = str(int(desk.ask.now.timestamp()) + 2)
    await desk.hears(told_message(id="wamid.stranger", timestamp=at))
    theirs = await desk.talk()
    assert theirs["id"] != talk
    (stranger,) = await desk.ask.store.find(IDENTITIES, {"value": f"+{OLD}", "is_former": None})
    to = global_id("Identity", stranger["_id"])
    assert to not in ids.values()
    answer = (await desk.ask(SEND, input={"key": "first", "text": "Hello!", "identityId": to})).data["sendMessage"]
    assert answer["sent"]["conversation"]["id"] == theirs["id"]
    await desk.empty()
    assert [one["to"] for one in cloud.sent] == [f"+{OLD}"]
