"""Who is known by nothing but a conversation that is given to somebody: what becomes of the stranger?"""

from dataclasses import replace

import pytest

from adapters.mongo import Store
from adapters.records import new_id
from resolvers import relinking
from resolvers.attribute_schema import definition_document
from resolvers.conversations import CONVERSATIONS
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.company import define_attributes
from resolvers.kit.ids import global_id
from resolvers.merging import bounds
from tests.changing import change, refused
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.merging.conftest import undoing
from tests.strangers import FIRST, NEXT, PICTURE, WHO, a_stranger, owners, relink
from tests.taking_in import AT, bring
from tests.walking import nodes, read, visitor


async def test_stranger_becomes_alias(ask: Asking, make: Makers, store: Store) -> None:
    """An anonymous customer who is left with nothing leads to the other one; the identity goes along, asserted."""
    stranger, talk = await a_stranger(store)
    (old,) = await store.find(IDENTITIES, {})
    assert old["claim"] == "VERIFIED"
    ann = await make.customer()
    await relink(ask, talk, ann)
    assert (await read(ask, stranger, "id"))["id"] == ann.id
    (identity,) = (await read(ask, ann, "identities { id value claim claimedBy verifiedBy }"))["identities"]
    assert identity["id"] != global_id("Identity", old["_id"])
    assert (identity["value"], identity["claim"], identity["claimedBy"]) == ("v-1", "ASSERTED", "agent")
    assert identity["verifiedBy"] is None
    (key,) = await store.find(IDENTITY_KEYS, {})
    assert (key["customer_id"], global_id("Identity", key["identity_id"])) == (stranger.key, identity["id"])
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
    stranger, talk = await a_stranger(store)
    ann = await make.customer()
    await relink(ask, talk, ann)
    await bring(store, FIRST, NEXT, PICTURE, replace(FIRST, external_id="M3", sent_at=AT))
    await bring(store, replace(FIRST, talk="C2", external_id="M4", sent_at=AT))
    shown = await read(ask, ann, "conversations { totalCount } history { totalCount } attachments { totalCount }")
    assert [one["totalCount"] for one in shown.values()] == [2, 4, 1]
    assert await owners(store) == {stranger.key}
    assert await store.count(CUSTOMERS, {"merged_into": None}) == 1


async def test_stale_verification(ask: Asking, make: Makers, store: Store) -> None:
    """Whoever verifies the identity that they saw at the stranger verifies nothing about the other customer."""
    _, talk = await a_stranger(store)
    (identity,) = await store.find(IDENTITIES, {})
    await relink(ask, talk, await make.customer())
    key = global_id("Identity", identity["_id"])
    assert await refused(ask, "verifyIdentity", id=key) == ("NOT_FOUND", "input.id")


async def test_relinking_opens_nothing(ask: Asking, make: Makers, store: Store) -> None:
    """A visitor whose conversation was given to a customer sees the own record, and nothing of that customer's."""
    stranger, talk = await a_stranger(store)
    ann = await make.customer()
    await make.conversation(ann, "Private", channel="email")
    await relink(ask, talk, ann)
    shown = "a: customer(id: $a) { id } b: customer(id: $b) { id } c: node(id: $c) { id }"
    query = f"query($a: ID!, $b: ID!, $c: ID!) {{ {shown} }}"
    answer = await ask(query, a=stranger.id, b=ann.id, c=talk, **visitor(stranger))
    assert answer.data == {"a": {"id": stranger.id}, "b": None, "c": None}
    query = """{ customerByIdentity(channel: "chat", account: "web", value: "v-1", isProven: true) { kind } }"""
    assert (await ask(query)).data == {"customerByIdentity": None}


async def test_defaults_are_nothing(ask: Asking, make: Makers, store: Store) -> None:
    """The schema's defaults are nothing that anyone knows of a customer."""
    await define_attributes(store, [definition_document(name="tier", label="Tier", default="gold")])
    stranger, talk = await a_stranger(store)
    assert (await relink(ask, talk, await make.customer()))["mergedId"] == stranger.id


async def test_chain_of_strangers(ask: Asking, make: Makers, store: Store) -> None:
    """Strangers who went one into the other lead to the last customer, in one step."""
    first, talk = await a_stranger(store)
    await bring(store, replace(FIRST, who=WHO._replace(value="v-2"), talk="C2", external_id="M9"))
    (other,) = await store.find(CONVERSATIONS, {"external_id": "C2"})
    second = Made(other["customer_id"])
    await change(ask, "unlinkIdentity", "removedId", id=await _identity_id(store, second))
    await relink(ask, talk, second)
    ann = await make.customer()
    assert (await relink(ask, talk, ann))["mergedId"] is None
    assert (await relink(ask, global_id("Conversation", other["_id"]), ann))["mergedId"] == second.id
    for one in (first, second):
        assert (await read(ask, one, "id"))["id"] == ann.id
    assert {one["merged_into"] for one in await store.find(CUSTOMERS, {"merged_into": {"$ne": None}})} == {ann.key}
    assert await owners(store) == {ann.key, second.key}
    assert (await read(ask, ann, "conversations { totalCount }"))["conversations"]["totalCount"] == 2


async def _identity_id(store: Store, of: Made) -> str:
    identity = await store.first(IDENTITIES, {"customer_id": of.key})
    assert identity
    return global_id("Identity", identity["_id"])


async def test_no_room_for_aliases(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the customer has as many aliases as are kept, the stranger stays behind, with the identity."""
    monkeypatch.setattr(bounds, "MOST_ALIASES", 1)
    stranger, talk = await a_stranger(store)
    ann = await make.customer(aliases=[{"id": new_id(), "elements": []}])
    assert (await relink(ask, talk, ann))["mergedId"] is None
    assert (await read(ask, stranger, "id identities { claim }"))["identities"] == [{"claim": "VERIFIED"}]


async def test_long_comes_along(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the conversation is of who is known by nothing else: it comes along at once."""
    monkeypatch.setattr(relinking, "STEP", 1)
    monkeypatch.setattr(relinking, "MOST_STEPS", 1)
    stranger, talk = await a_stranger(store, *(replace(FIRST, external_id=f"M{n}") for n in range(10)))
    ann = await make.customer()
    found = await relink(ask, talk, ann)
    assert (found["hasMessagesLeft"], found["mergedId"]) == (False, stranger.id)
    assert (await read(ask, ann, "history { totalCount }"))["history"]["totalCount"] == 10


async def test_relinking_undone(ask: Asking, make: Makers, store: Store) -> None:
    """Undoing it gives the stranger all of it back: the conversation, what came in since, the identity as it was."""
    stranger, talk = await a_stranger(store)
    fields = "id identities { id value claim claimedBy verifiedBy verifiedAt } conversations { nodes { id } }"
    before = await read(ask, stranger, fields)
    ann = await make.customer()
    await relink(ask, talk, ann)
    await bring(store, replace(FIRST, talk="C2", external_id="M4", sent_at=AT), replace(FIRST, external_id="M3"))
    (entry,) = await nodes(ask, ann, "merges", "id reason otherIds mergedBy")
    assert (entry["otherIds"], entry["mergedBy"]) == ([stranger.id], "agent")
    found = await change(ask, "unmergeCustomers", "__typename", **await undoing(ask, entry["id"]))
    assert "code" not in found
    after = await read(ask, stranger, f"{fields} history {{ totalCount }}")
    assert after.pop("history")["totalCount"] == 4
    assert after["conversations"]["nodes"].pop(0) not in before["conversations"]["nodes"]
    assert after == before
    (identity,), (key,) = await store.find(IDENTITIES, {}), await store.find(IDENTITY_KEYS, {})
    assert (identity["claim"], key["identity_id"]) == ("VERIFIED", identity["_id"])
    shown = await read(ask, ann, "identities { id } conversations { totalCount } history { totalCount }")
    assert shown == {"identities": [], "conversations": {"totalCount": 0}, "history": {"totalCount": 0}}


@pytest.mark.parametrize(
    ("act", "claims", "talks"),
    [("verifyIdentity", ["VERIFIED"], 1), ("unlinkIdentity", [], 1), ("relinkConversation", ["VERIFIED"], 0)],
)
async def test_undone_after(
    ask: Asking, make: Makers, store: Store, *, act: str, claims: list[str], talks: int
) -> None:
    """What people said of the identity at the other customer is of no account to the stranger.

    What they took off or gave to a third one meanwhile stays so.
    """
    stranger, talk = await a_stranger(store)
    (old,) = await store.find(IDENTITIES, {})
    ann = await make.customer()
    await relink(ask, talk, ann)
    (identity,) = (await read(ask, ann, "identities { id }"))["identities"]
    given = {"id": talk, "customerId": (await make.customer()).id} if talks == 0 else {"id": identity["id"]}
    assert "code" not in await change(ask, act, "__typename", **given)
    (entry,) = await nodes(ask, ann, "merges", "id")
    assert "code" not in await change(ask, "unmergeCustomers", "__typename", **await undoing(ask, entry["id"]))
    found = await read(ask, stranger, "identities { claim } conversations { totalCount }")
    assert [one["claim"] for one in found["identities"]] == claims
    assert found["conversations"]["totalCount"] == talks
    if claims:
        assert await store.find(IDENTITIES, {}) == [old]
