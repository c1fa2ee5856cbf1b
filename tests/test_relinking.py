"""Whose is a conversation: how does it become another customer's?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import new_id
from resolvers import relinking
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.settling import settled
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.strangers import FIRST, NEXT, PICTURE, WHO, a_stranger, owners, relink
from tests.taking_in import AT, DAY, bring
from tests.walking import nodes, read


@pytest.mark.parametrize("is_noted", [False, True])
async def test_conversation_relinked(ask: Asking, make: Makers, store: Store, *, is_noted: bool) -> None:
    """The conversation, its messages and files are the other customer's, under the ids that they had.

    Who is known by nothing else comes along, so that nothing has to be moved.
    """
    stranger, talk = await a_stranger(store)
    if is_noted:
        await make.note(stranger)
    ann = await make.customer()
    before = {one["_id"] for one in await store.find(MESSAGES, {})}
    found = await relink(ask, talk, ann)
    assert (found["conversation"]["id"], found["customer"]["id"], found["hasMessagesLeft"]) == (talk, ann.id, False)
    assert await owners(store) == {ann.key if is_noted else stranger.key}
    assert {one["_id"] for one in await store.find(MESSAGES, {})} == before
    history = await nodes(ask, ann, "history", "item { ... on Message { text attachments { name } } }")
    assert [one["item"] for one in history] == [
        {"text": "Hello", "attachments": [{"name": "a.png"}]},
        {"text": "Are you there?", "attachments": []},
    ]
    assert found["mergedId"] == (None if is_noted else stranger.id)


async def test_heard_of(ask: Asking, make: Makers, store: Store) -> None:
    """The customer was last heard of when the conversation's last word of a customer was written, or later."""
    _, talk = await a_stranger(store, FIRST, NEXT, replace(NEXT, external_id="M3", direction="OUT", sent_at=AT))
    early, late = await make.customer(at=AT - 90 * DAY), await make.customer(at=AT)
    for one in (early, late):
        found = await relink(ask, talk, one)
        # The stranger, and then the first of the two, were heard of no later.
        newest = max(NEXT.sent_at, AT if one is late else NEXT.sent_at)
        assert found["customer"]["lastInteractionAt"] == newest.isoformat().replace("+00:00", "Z")


async def test_next_words_are_heard(ask: Asking, make: Makers, store: Store) -> None:
    """What is written in a relinked conversation is a word of the customer's, whoever's the account is."""
    stranger, talk = await a_stranger(store)
    await make.note(stranger)
    ann = await make.customer(at=AT - 90 * DAY)
    await relink(ask, talk, ann)
    await bring(store, replace(FIRST, external_id="M3", sent_at=AT))
    for one in (ann, stranger):
        found = await read(ask, one, "lastInteractionAt")
        assert found["lastInteractionAt"] == AT.isoformat().replace("+00:00", "Z")


async def _noted(make: Makers, one: Made) -> None:
    await make.note(one)


async def _bought(make: Makers, one: Made) -> None:
    await make.purchase(one, "1.00")


async def _wrote_elsewhere(make: Makers, one: Made) -> None:
    await make.conversation(one, "Hello", channel="email")


async def _has_another_identity(make: Makers, one: Made) -> None:
    await make.identity(one, "email", "ann@example.org")


async def _tagged(make: Makers, one: Made) -> None:
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"tags": [{"word": "vip"}]}})


async def _assigned(make: Makers, one: Made) -> None:
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"assigned_agent_id": new_id()}})


async def _named(make: Makers, one: Made) -> None:
    known = {"attributes": {"firstName": "Bob"}, "is_anonymous": False}
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": known})


async def _described(make: Makers, one: Made) -> None:
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"attributes": {"city": "Bern"}}})


HELD = [_noted, _bought, _wrote_elsewhere, _has_another_identity, _tagged, _assigned, _named, _described]


@pytest.mark.parametrize("hold", HELD)
async def test_who_is_left_with_something(ask: Asking, make: Makers, store: Store, hold: Any) -> None:
    """Of whom anything else is known, stays a customer with the identity; the conversation alone moves."""
    stranger, talk = await a_stranger(store)
    await hold(make, stranger)
    ann = await make.customer()
    found = await relink(ask, talk, ann)
    assert found["mergedId"] is None
    assert await store.count(MESSAGES, {"customer_id": ann.key}) == 2
    assert (await read(ask, stranger, "id identities { claim }"))["id"] == stranger.id
    identity = await store.first(IDENTITIES, {"value": "v-1"})
    assert identity
    assert (identity["customer_id"], identity["claim"]) == (stranger.key, "VERIFIED")
    # What a source says again of the files follows the conversation, not the identity.
    await bring(store, PICTURE)
    assert await store.count(ATTACHMENTS, {"customer_id": ann.key}) == 1


async def test_relink_refused(ask: Asking, make: Makers, store: Store) -> None:
    """A conversation that is there goes to a customer who is there, and is not that one's already."""
    stranger, talk = await a_stranger(store)
    ann = await make.customer()
    asked = {"id": talk, "customerId": ann.id}
    assert await refused(ask, "relinkConversation", **(asked | {"customerId": GONE})) == (
        "NOT_FOUND",
        "input.customerId",
    )
    for key in (GONE, global_id("Conversation", new_id())):
        assert await refused(ask, "relinkConversation", **(asked | {"id": key})) == ("NOT_FOUND", "input.id")
    before = await store.find(CUSTOMERS, {})
    found = await refused(ask, "relinkConversation", **(asked | {"customerId": stranger.id}))
    assert found == ("CONFLICT", "input.id")
    assert await store.find(CUSTOMERS, {}) == before
    await relink(ask, talk, ann)
    assert await refused(ask, "relinkConversation", **asked) == ("CONFLICT", "input.id")
    # By the stranger's old id, too.
    assert await refused(ask, "relinkConversation", **(asked | {"customerId": stranger.id})) == found


async def test_relink_by_role(ask: Asking) -> None:
    """Conversations are relinked by the staff alone."""
    assert await may(ask, "relinkConversation", id="x", customerId=GONE) == STAFF


async def test_long_conversation(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long conversation moves step by step; what is left follows when it is asked again."""
    monkeypatch.setattr(relinking, "STEP", 3)
    monkeypatch.setattr(relinking, "MOST_STEPS", 2)
    stranger, talk = await a_stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(10)))
    await make.note(stranger)
    ann = await make.customer()
    found = await relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (True, None)
    # Meanwhile the conversation is whole, and what has not moved stands in the stranger's history.
    shown = await read(ask, ann, "conversations { nodes { messages { totalCount } } } history { totalCount }")
    assert shown["conversations"]["nodes"] == [{"messages": {"totalCount": 10}}]
    assert shown["history"]["totalCount"] == 6
    assert (await read(ask, stranger, "history { totalCount }"))["history"]["totalCount"] == 5
    found = await relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (False, None)
    assert await owners(store) == {ann.key}


async def test_late_word(ask: Asking, make: Makers, store: Store) -> None:
    """A message that was being taken in while the conversation moved follows when it is asked again."""
    stranger, talk = await a_stranger(store)
    await make.note(stranger)
    ann = await make.customer()
    await relink(ask, talk, ann)
    (talk_document,) = await store.find(CONVERSATIONS, {})
    await make.message(stranger, talk_document["_id"], "late", channel="chat")
    assert (await relink(ask, talk, ann))["hasMessagesLeft"] is False
    assert await owners(store) == {ann.key}


async def test_relinked_at_once(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several who give a conversation away at once, the last one does: it ends at one customer, whole."""
    monkeypatch.setattr(relinking, "STEP", 3)
    stranger, talk = await a_stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(20)))
    people = [await make.customer() for _ in range(4)]
    found = await asyncio.gather(*(relink(ask, talk, one) for one in people))
    assert all("customer" in one for one in found)
    (conversation,) = await store.find(CONVERSATIONS, {})
    assert await owners(store) == {conversation["customer_id"]}
    assert conversation["customer_id"] in {one.key for one in people}
    merged = [one["mergedId"] for one in found if one["mergedId"]]
    assert merged in ([], [stranger.id])


async def test_later_move_goes_on(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives a conversation away while somebody else's move of it is under way ends that move."""
    monkeypatch.setattr(relinking, "STEP", 3)
    stranger, talk = await a_stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(10)))
    await make.note(stranger)
    ann, bob = await make.customer(), await make.customer()
    later = [bob]

    async def interrupted(store: Store, work: Any) -> Any:
        found = await settled(store, work)
        if later:
            await relink(ask, talk, later.pop())
        return found

    monkeypatch.setattr(relinking, "settled", interrupted)
    found = await relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (False, None)
    assert await owners(store) == {bob.key}


async def test_relink_beside_messages(ask: Asking, make: Makers, store: Store) -> None:
    """Messages that are taken in while their conversation moves are shown in it, and to the other customer."""
    _, talk = await a_stranger(store)
    ann = await make.customer()
    words = [replace(FIRST, external_id=f"N{n}", sent_at=AT) for n in range(10)]
    await asyncio.gather(relink(ask, talk, ann), *(bring(store, one) for one in words))
    shown = await read(ask, ann, "conversations { nodes { messages { totalCount } } } history { totalCount }")
    assert shown["conversations"]["nodes"] == [{"messages": {"totalCount": 12}}]
    assert shown["history"]["totalCount"] == 12


@pytest.mark.parametrize("is_noted", [False, True])
async def test_relink_commands(ask: Asking, make: Makers, store: Store, commands: Commands, *, is_noted: bool) -> None:
    """A conversation costs the same number of commands, however many messages it has."""
    counts, held = [], {record.name for record in store.records.values() if record.is_held}
    for n, length in enumerate((2, 40)):
        words = [replace(FIRST, talk=f"T{n}", external_id=f"{n}-{one}") for one in range(length)]
        await bring(store, *(replace(one, who=WHO._replace(value=f"w-{n}")) for one in words))
        (talk,) = await store.find(CONVERSATIONS, {"external_id": f"T{n}"})
        if is_noted:
            await make.note(Made(talk["customer_id"]))
        ann = await make.customer()
        with commands.counted() as sent:
            found = await relink(ask, global_id("Conversation", talk["_id"]), ann)
        assert bool(found["mergedId"]) is not is_noted
        counts.append(sum(command[name] not in held for name, command in sent))
    assert counts == ([15, 15] if is_noted else [22, 22])


async def test_relink_says_nothing_personal(ask: Asking, store: Store) -> None:
    """No refusal names anybody, or quotes what was written."""
    stranger, talk = await a_stranger(store)
    found = await change(ask, "relinkConversation", "__typename", Role.AGENT, id=talk, customerId=stranger.id)
    for told in ("v-1", "Hello", str(stranger.key), stranger.id):
        assert told not in found["message"]
