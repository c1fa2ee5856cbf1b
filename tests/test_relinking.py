"""Whose is a conversation: how does it become another customer's?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract import File, Utterance, Who
from adapters.mongo import Store
from adapters.records import RecordId, new_id
from resolvers import relinking
from resolvers.attachments import ATTACHMENTS
from resolvers.attribute_schema import definition_document
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.company import define_attributes
from resolvers.kit.ids import global_id
from resolvers.kit.settling import settled
from resolvers.kit.viewer import STAFF, Role
from resolvers.merging import bounds
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.taking_in import AT, DAY, FILE, WORD, bring
from tests.walking import nodes, read, visitor

WHO = Who("chat", "web", "v-1")
FIRST = replace(WORD, who=WHO)
NEXT = replace(FIRST, external_id="M2", sent_at=AT - DAY, text="Are you there?")
PICTURE = replace(FILE, channel="chat", account="web", who=WHO, of="M1", of_kind="message")
PAYLOAD = "conversation { id } customer { id lastInteractionAt version } mergedId hasMessagesLeft"


async def _stranger(store: Store, *words: Utterance | File) -> tuple[Made, str]:
    """An anonymous customer who wrote, and the conversation."""
    await bring(store, *(words or (FIRST, NEXT, PICTURE)))
    (talk,) = await store.find(CONVERSATIONS, {"external_id": FIRST.talk})
    return Made(talk["customer_id"]), global_id("Conversation", talk["_id"])


async def _relink(ask: Asking, talk: str, to: Made, **who: Any) -> dict[str, Any]:
    return await change(ask, "relinkConversation", PAYLOAD, id=talk, customerId=to.id, **who)


async def _owners(store: Store) -> set[RecordId]:
    """Everyone to whom the conversation, its messages or its files belong."""
    return {one["customer_id"] for kind in (CONVERSATIONS, MESSAGES, ATTACHMENTS) for one in await store.find(kind, {})}


async def test_conversation_relinked(ask: Asking, make: Makers, store: Store) -> None:
    """The conversation, its messages and files belong to the other customer, under the ids that they had."""
    stranger, talk = await _stranger(store)
    ann = await make.customer()
    before = {one["_id"] for one in await store.find(MESSAGES, {})}
    found = await _relink(ask, talk, ann)
    assert (found["conversation"]["id"], found["customer"]["id"], found["hasMessagesLeft"]) == (talk, ann.id, False)
    assert await _owners(store) == {ann.key}
    assert {one["_id"] for one in await store.find(MESSAGES, {})} == before
    history = await nodes(ask, ann, "history", "item { ... on Message { text attachments { name } } }")
    assert [one["item"] for one in history] == [
        {"text": "Hello", "attachments": [{"name": "a.png"}]},
        {"text": "Are you there?", "attachments": []},
    ]
    assert found["mergedId"] == stranger.id


async def test_heard_of(ask: Asking, make: Makers, store: Store) -> None:
    """The customer was last heard of when the conversation's last word of a customer was written, or later."""
    _, talk = await _stranger(store, FIRST, NEXT, replace(NEXT, external_id="M3", direction="OUT", sent_at=AT))
    early, late = await make.customer(at=AT - 90 * DAY), await make.customer(at=AT)
    for one in (early, late):
        found = await _relink(ask, talk, one)
        # The stranger, and then the first of the two, were heard of no later.
        newest = max(NEXT.sent_at, AT if one is late else NEXT.sent_at)
        assert found["customer"]["lastInteractionAt"] == newest.isoformat().replace("+00:00", "Z")


async def test_stranger_becomes_alias(ask: Asking, make: Makers, store: Store) -> None:
    """An anonymous customer who is left with nothing leads to the other one; the identity goes along, asserted."""
    stranger, talk = await _stranger(store)
    (old,) = await store.find(IDENTITIES, {})
    assert old["claim"] == "VERIFIED"
    ann = await make.customer()
    await _relink(ask, talk, ann)
    assert (await read(ask, stranger, "id"))["id"] == ann.id
    (identity,) = (await read(ask, ann, "identities { id value claim claimedBy verifiedBy }"))["identities"]
    assert identity["id"] != global_id("Identity", old["_id"])
    assert (identity["value"], identity["claim"], identity["claimedBy"]) == ("v-1", "ASSERTED", "agent")
    assert identity["verifiedBy"] is None
    (key,) = await store.find(IDENTITY_KEYS, {})
    assert (key["customer_id"], global_id("Identity", key["identity_id"])) == (ann.key, identity["id"])
    document = await store.first(CUSTOMERS, {"_id": ann.key})
    assert document
    assert [one["id"] for one in document["aliases"]] == [stranger.key]
    # Whoever wrote under the old id in this moment is found, too.
    await make.note(stranger, "just now")
    assert await nodes(ask, ann, "notes", "text") == [{"text": "just now"}]
    answer = await ask("{ customers { nodes { id } totalCount } }")
    assert answer.data["customers"] == {"nodes": [{"id": ann.id}], "totalCount": 1}


async def test_next_words_follow(ask: Asking, make: Makers, store: Store) -> None:
    """What is written afterwards is the other customer's, and so is what a source says again."""
    _, talk = await _stranger(store)
    ann = await make.customer()
    await _relink(ask, talk, ann)
    await bring(store, FIRST, NEXT, PICTURE, replace(FIRST, external_id="M3", sent_at=AT))
    await bring(store, replace(FIRST, talk="C2", external_id="M4", sent_at=AT))
    assert await _owners(store) == {ann.key}
    assert await store.count(CUSTOMERS, {"merged_into": None}) == 1


async def test_next_words_are_heard(ask: Asking, make: Makers, store: Store) -> None:
    """What is written in a relinked conversation is a word of the customer's, whoever's the account is."""
    stranger, talk = await _stranger(store)
    await make.note(stranger)
    ann = await make.customer(at=AT - 90 * DAY)
    await _relink(ask, talk, ann)
    await bring(store, replace(FIRST, external_id="M3", sent_at=AT))
    for one in (ann, stranger):
        found = await read(ask, one, "lastInteractionAt")
        assert found["lastInteractionAt"] == AT.isoformat().replace("+00:00", "Z")


async def test_stale_verification(ask: Asking, make: Makers, store: Store) -> None:
    """Whoever verifies the identity that they saw at the stranger verifies nothing about the other customer."""
    _, talk = await _stranger(store)
    (identity,) = await store.find(IDENTITIES, {})
    await _relink(ask, talk, await make.customer())
    key = global_id("Identity", identity["_id"])
    assert await refused(ask, "verifyIdentity", id=key) == ("NOT_FOUND", "input.id")


async def test_relinking_opens_nothing(ask: Asking, make: Makers, store: Store) -> None:
    """A visitor whose conversation was given to a customer sees the own record, and nothing of that customer's."""
    stranger, talk = await _stranger(store)
    ann = await make.customer()
    await make.conversation(ann, "Private", channel="email")
    await _relink(ask, talk, ann)
    shown = "a: customer(id: $a) { id } b: customer(id: $b) { id } c: node(id: $c) { id }"
    query = f"query($a: ID!, $b: ID!, $c: ID!) {{ {shown} }}"
    answer = await ask(query, a=stranger.id, b=ann.id, c=talk, **visitor(stranger))
    assert answer.data == {"a": {"id": stranger.id}, "b": None, "c": None}
    query = """{ customerByIdentity(channel: "chat", account: "web", value: "v-1", isProven: true) { kind } }"""
    assert (await ask(query)).data == {"customerByIdentity": None}


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
    stranger, talk = await _stranger(store)
    await hold(make, stranger)
    ann = await make.customer()
    found = await _relink(ask, talk, ann)
    assert found["mergedId"] is None
    assert await store.count(MESSAGES, {"customer_id": ann.key}) == 2
    assert (await read(ask, stranger, "id identities { claim }"))["id"] == stranger.id
    identity = await store.first(IDENTITIES, {"value": "v-1"})
    assert identity
    assert (identity["customer_id"], identity["claim"]) == (stranger.key, "VERIFIED")
    # What a source says again of the files follows the conversation, not the identity.
    await bring(store, PICTURE)
    assert await store.count(ATTACHMENTS, {"customer_id": ann.key}) == 1


async def test_defaults_are_nothing(ask: Asking, make: Makers, store: Store) -> None:
    """The schema's defaults are nothing that anyone knows of a customer."""
    await define_attributes(store, [definition_document(name="tier", label="Tier", default="gold")])
    stranger, talk = await _stranger(store)
    assert (await _relink(ask, talk, await make.customer()))["mergedId"] == stranger.id


async def test_chain_of_strangers(ask: Asking, make: Makers, store: Store) -> None:
    """Strangers who went one into the other lead to the last customer, in one step."""
    first, talk = await _stranger(store)
    await bring(store, replace(FIRST, who=WHO._replace(value="v-2"), talk="C2", external_id="M9"))
    (other,) = await store.find(CONVERSATIONS, {"external_id": "C2"})
    second = Made(other["customer_id"])
    await change(ask, "unlinkIdentity", "removedId", id=await _identity_id(store, second))
    await _relink(ask, talk, second)
    ann = await make.customer()
    assert (await _relink(ask, talk, ann))["mergedId"] is None
    assert (await _relink(ask, global_id("Conversation", other["_id"]), ann))["mergedId"] == second.id
    for one in (first, second):
        assert (await read(ask, one, "id"))["id"] == ann.id
    assert {one["merged_into"] for one in await store.find(CUSTOMERS, {"merged_into": {"$ne": None}})} == {ann.key}
    assert await _owners(store) == {ann.key}


async def _identity_id(store: Store, of: Made) -> str:
    identity = await store.first(IDENTITIES, {"customer_id": of.key})
    assert identity
    return global_id("Identity", identity["_id"])


async def test_no_room_for_aliases(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the customer has as many aliases as are kept, the stranger stays behind, with the identity."""
    monkeypatch.setattr(bounds, "MOST_ALIASES", 1)
    stranger, talk = await _stranger(store)
    ann = await make.customer(aliases=[{"id": new_id(), "elements": []}])
    assert (await _relink(ask, talk, ann))["mergedId"] is None
    assert (await read(ask, stranger, "id identities { claim }"))["identities"] == [{"claim": "VERIFIED"}]


async def test_relink_refused(ask: Asking, make: Makers, store: Store) -> None:
    """A conversation that is there goes to a customer who is there, and is not that one's already."""
    stranger, talk = await _stranger(store)
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
    await _relink(ask, talk, ann)
    assert await refused(ask, "relinkConversation", **asked) == ("CONFLICT", "input.id")
    # By the stranger's old id, too.
    assert await refused(ask, "relinkConversation", **(asked | {"customerId": stranger.id})) == found


async def test_relink_by_role(ask: Asking) -> None:
    """Conversations are relinked by the staff alone."""
    assert await may(ask, "relinkConversation", id="x", customerId=GONE) == STAFF


async def test_long_conversation(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long conversation moves step by step; what is left follows when it is asked again, and then the alias."""
    monkeypatch.setattr(relinking, "STEP", 3)
    monkeypatch.setattr(relinking, "MOST_STEPS", 2)
    stranger, talk = await _stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(10)))
    ann = await make.customer()
    found = await _relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (True, None)
    # Meanwhile the conversation is whole, and what has not moved stands in the stranger's history.
    shown = await read(ask, ann, "conversations { nodes { messages { totalCount } } } history { totalCount }")
    assert shown["conversations"]["nodes"] == [{"messages": {"totalCount": 10}}]
    assert shown["history"]["totalCount"] == 6
    assert (await read(ask, stranger, "history { totalCount }"))["history"]["totalCount"] == 4
    found = await _relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (False, stranger.id)
    assert await _owners(store) == {ann.key}


async def test_relinking_undone(ask: Asking, make: Makers, store: Store) -> None:
    """The stranger's alias is taken back like any merge; the conversation and the identity stay where they went."""
    stranger, talk = await _stranger(store)
    ann = await make.customer()
    await _relink(ask, talk, ann)
    (entry,) = await nodes(ask, ann, "merges", "id reason otherIds mergedBy")
    assert (entry["otherIds"], entry["mergedBy"]) == ([stranger.id], "agent")
    found = await change(ask, "unmergeCustomers", "__typename", mergeId=entry["id"])
    assert "code" not in found
    assert (await read(ask, stranger, "id identities { id }")) == {"id": stranger.id, "identities": []}
    assert await _owners(store) == {ann.key}
    assert len((await read(ask, ann, "identities { id }"))["identities"]) == 1


async def test_late_word(ask: Asking, make: Makers, store: Store) -> None:
    """A message that was being taken in while the conversation moved follows when it is asked again."""
    stranger, talk = await _stranger(store)
    await make.note(stranger)
    ann = await make.customer()
    await _relink(ask, talk, ann)
    (talk_document,) = await store.find(CONVERSATIONS, {})
    await make.message(stranger, talk_document["_id"], "late", channel="chat")
    assert (await _relink(ask, talk, ann))["hasMessagesLeft"] is False
    assert await _owners(store) == {ann.key}


async def test_relinked_at_once(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several who give a conversation away at once, the last one does: it ends at one customer, whole."""
    monkeypatch.setattr(relinking, "STEP", 3)
    stranger, talk = await _stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(20)))
    people = [await make.customer() for _ in range(4)]
    found = await asyncio.gather(*(_relink(ask, talk, one) for one in people))
    assert all("customer" in one for one in found)
    (conversation,) = await store.find(CONVERSATIONS, {})
    assert await _owners(store) == {conversation["customer_id"]}
    assert conversation["customer_id"] in {one.key for one in people}
    merged = [one["mergedId"] for one in found if one["mergedId"]]
    assert merged in ([], [stranger.id])


async def test_later_move_goes_on(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives a conversation away while somebody else's move of it is under way ends that move."""
    monkeypatch.setattr(relinking, "STEP", 3)
    _, talk = await _stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(10)))
    ann, bob = await make.customer(), await make.customer()
    later = [bob]

    async def interrupted(store: Store, work: Any) -> Any:
        found = await settled(store, work)
        if later:
            await _relink(ask, talk, later.pop())
        return found

    monkeypatch.setattr(relinking, "settled", interrupted)
    found = await _relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (False, None)
    assert await _owners(store) == {bob.key}


async def test_relink_beside_messages(ask: Asking, make: Makers, store: Store) -> None:
    """Messages that are taken in while their conversation moves are shown in it, and to the other customer."""
    _, talk = await _stranger(store)
    ann = await make.customer()
    words = [replace(FIRST, external_id=f"N{n}", sent_at=AT) for n in range(10)]
    await asyncio.gather(_relink(ask, talk, ann), *(bring(store, one) for one in words))
    shown = await read(ask, ann, "conversations { nodes { messages { totalCount } } } history { totalCount }")
    assert shown["conversations"]["nodes"] == [{"messages": {"totalCount": 12}}]
    assert shown["history"]["totalCount"] == 12


async def test_relink_commands(ask: Asking, make: Makers, store: Store, commands: Commands) -> None:
    """A conversation costs the same number of commands, however many messages it has."""
    counts, held = [], {record.name for record in store.records.values() if record.is_held}
    for n, length in enumerate((2, 40)):
        words = [replace(FIRST, talk=f"T{n}", external_id=f"{n}-{one}") for one in range(length)]
        await bring(store, *(replace(one, who=WHO._replace(value=f"w-{n}")) for one in words))
        (talk,) = await store.find(CONVERSATIONS, {"external_id": f"T{n}"})
        ann = await make.customer()
        with commands.counted() as sent:
            found = await _relink(ask, global_id("Conversation", talk["_id"]), ann)
        assert found["mergedId"]
        counts.append(sum(command[name] not in held for name, command in sent))
    assert counts == [24, 24]


async def test_relink_says_nothing_personal(ask: Asking, store: Store) -> None:
    """No refusal names anybody, or quotes what was written."""
    stranger, talk = await _stranger(store)
    found = await change(ask, "relinkConversation", "__typename", Role.AGENT, id=talk, customerId=stranger.id)
    for told in ("v-1", "Hello", str(stranger.key), stranger.id):
        assert told not in found["message"]
