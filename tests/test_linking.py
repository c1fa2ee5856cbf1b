"""Whose is an identity: what do people say of it, take back, and make sure of?"""

import asyncio
from collections import Counter
from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import RecordId, new_id
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS, UNLINKED
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.walking import PARTNER, read, visitor

WHO = {"channel": "whatsapp", "account": "main", "value": "+14155550123"}
LINKED = "identity { id channel account value claim claimedBy verifiedAt verifiedBy } customer { id version updatedBy }"
SHOWN = "identity { claim claimedBy verifiedAt verifiedBy }"


async def _link(ask: Asking, of: Made, **more: Any) -> dict[str, Any]:
    return await change(ask, "linkIdentity", LINKED, **(WHO | {"customerId": of.id} | more))


async def _identity_id(store: Store) -> str:
    (identity,) = await store.find(IDENTITIES, {})
    return global_id("Identity", identity["_id"])


async def _owners(store: Store) -> dict[str, RecordId]:
    """The customer of each identity by its key, which must say the same as the identity itself."""
    identities = {one["_id"]: one["customer_id"] for one in await store.find(IDENTITIES, {})}
    keys = await store.find(IDENTITY_KEYS, {})
    assert {one["identity_id"]: one["customer_id"] for one in keys} == identities
    return {one["_id"]: one["customer_id"] for one in keys}


async def test_identity_linked(ask: Asking, make: Makers) -> None:
    """An account is the customer's on an agent's word, in its canonical form, and asserted."""
    await make.channel("whatsapp")
    one = await make.customer()
    found = await _link(ask, one, value="1 (415) 555-0123")
    assert found["identity"] == WHO | {
        "id": await _identity_id(make.store),
        "claim": "ASSERTED",
        "claimedBy": "agent",
        "verifiedAt": None,
        "verifiedBy": None,
    }
    assert found["customer"] == {"id": one.id, "version": 2, "updatedBy": "agent"}
    assert list((await _owners(make.store)).values()) == [one.key]


async def test_linked_to_survivor(ask: Asking, make: Makers) -> None:
    """An id from before a merge links to the survivor."""
    await make.channel("whatsapp")
    old, survivor = await make.customer(), await make.customer()
    await make.merged(old, survivor)
    assert (await _link(ask, old))["customer"]["id"] == survivor.id
    assert list((await _owners(make.store)).values()) == [survivor.key]


async def test_saying_verifies_nothing(ask: Asking, make: Makers) -> None:
    """An agent's statement is at most asserted."""
    await make.channel("whatsapp")
    one = await make.customer()
    found = await refused(ask, "linkIdentity", **WHO, customerId=one.id, claim="VERIFIED")
    assert found == ("INVALID_INPUT", "input.claim")
    assert await make.store.count(IDENTITIES, {}) == 0


async def test_claim_climbs(ask: Asking, make: Makers) -> None:
    """The customer's own identity is said better founded than before, and never worse."""
    await make.channel("whatsapp")
    one = await make.customer()
    first = await _link(ask, one, claim="INFERRED")
    again = await _link(ask, one, claim="ASSERTED")
    assert again["identity"] == first["identity"] | {"claim": "ASSERTED"}
    for claim in ("INFERRED", "ASSERTED"):
        found = await refused(ask, "linkIdentity", **WHO, customerId=one.id, claim=claim)
        assert found == ("CONFLICT", "input.value")
    assert (await read(ask, one, "version"))["version"] == 3


async def test_another_customers(ask: Asking, make: Makers) -> None:
    """An account of another customer stays that one's: the refusal says what to do, and not whose it is."""
    owner, other = await make.customer("Mona", "Secret"), await make.customer()
    await make.identity(owner, "whatsapp", "+14155550123")
    found = await change(ask, "linkIdentity", "__typename", **WHO, customerId=other.id)
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "value"])
    assert "merge" in found["message"]
    assert "relinkConversation" in found["message"]
    for told in ("4155550123", "Mona", "Secret", owner.id, str(owner.key)):
        assert told not in found["message"]
    assert (await read(ask, other, "version identities { id }")) == {"version": 1, "identities": []}


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"channel": "fax"}, ("INVALID_INPUT", "input.channel")),
        ({"account": "other"}, ("INVALID_INPUT", "input.account")),
        ({"value": "secret"}, ("INVALID_INPUT", "input.value")),
    ],
)
async def test_link_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """An identity is linked on a known channel, to a customer who is there."""
    await make.channel("whatsapp")
    one = await make.customer()
    assert await refused(ask, "linkIdentity", **(WHO | {"customerId": one.id} | given)) == refusal


async def test_identity_verified(ask: Asking, make: Makers) -> None:
    """Whoever made sure of an identity verifies it, once; who did and when is kept and shown."""
    await make.channel("whatsapp")
    key = (await _link(ask, await make.customer()))["identity"]["id"]
    found = (await change(ask, "verifyIdentity", SHOWN, Role.SUPERVISOR, id=key))["identity"]
    assert (found["claim"], found["claimedBy"], found["verifiedBy"]) == ("VERIFIED", "agent", "supervisor")
    assert found["verifiedAt"]
    assert await refused(ask, "verifyIdentity", id=key) == ("CONFLICT", "input.id")
    assert await refused(ask, "verifyIdentity", id=global_id("Identity", new_id())) == ("NOT_FOUND", "input.id")
    assert await refused(ask, "verifyIdentity", id=GONE) == ("NOT_FOUND", "input.id")


async def test_last_identity_unlinked(ask: Asking, make: Makers) -> None:
    """An identity is taken off, also the last one: nobody is known by it, and nothing but its hash is kept."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    key = await _identity_id(make.store)
    found = await change(ask, "unlinkIdentity", "removedId customer { id version identities { id } }", id=key)
    assert found["removedId"] == key
    assert found["customer"] == {"id": one.id, "version": 2, "identities": []}
    assert [await make.store.count(record, {}) for record in (IDENTITIES, IDENTITY_KEYS)] == [0, 0]
    (kept,) = await make.store.find(UNLINKED, {})
    assert "4155550123" not in str(kept)
    assert await refused(ask, "unlinkIdentity", id=key) == ("NOT_FOUND", "input.id")
    assert await refused(ask, "unlinkIdentity", id=GONE) == ("NOT_FOUND", "input.id")


async def test_linked_again(ask: Asking, make: Makers) -> None:
    """What was taken off is linked again by people, under another id, and is asserted whatever it was before."""
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    key = await _identity_id(make.store)
    await change(ask, "unlinkIdentity", "removedId", id=key)
    found = (await _link(ask, one))["identity"]
    assert (found["id"] != key, found["claim"]) == (True, "ASSERTED")
    assert await make.store.count(UNLINKED, {}) == 0
    assert await refused(ask, "verifyIdentity", id=key) == ("NOT_FOUND", "input.id")


async def test_left_behind_is_told(ask: Asking, make: Makers) -> None:
    """An identity that a merge left behind is nothing that the survivor has: linking it says how it comes along."""
    old, survivor = await make.customer(), await make.customer()
    await make.identity(old, "whatsapp", "+14155550123")
    merged = {"survivorId": survivor.id, "otherIds": [old.id], "elements": ["NOTES"]}
    assert "code" not in await change(ask, "mergeCustomers", "__typename", **merged)
    found = await _link(ask, survivor)
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "value"])
    assert "IDENTITIES" in found["message"]


async def test_links_at_once(ask: Asking, make: Makers) -> None:
    """Of two customers to whom an identity is linked at once, one has it and the other is told."""
    await make.channel("whatsapp")
    people = [await make.customer() for _ in range(10)]
    found = await asyncio.gather(*(_link(ask, one) for one in people))
    assert Counter(one.get("code") for one in found) == {None: 1, "CONFLICT": 9}
    (winner,) = [one["customer"]["id"] for one in found if "customer" in one]
    assert [global_id("Customer", key) for key in (await _owners(make.store)).values()] == [winner]
    versions = [one["version"] for one in await make.store.find(CUSTOMERS, {})]
    assert sorted(versions) == [1] * 9 + [2]


async def test_link_beside_identify(ask: Asking, make: Makers) -> None:
    """An identity that is linked while somebody asks who it is belongs to one customer, whom both are told."""
    await make.channel("whatsapp")
    for n in range(10):
        one, who = await make.customer(), WHO | {"value": f"+1415555{n:04}"}
        asked = change(ask, "identifyCustomer", "isNew identified { customer { id } }", **who)
        linked, found = await asyncio.gather(_link(ask, one, **who), asked)
        if found["isNew"]:
            assert linked["code"] == "CONFLICT"
        else:
            assert found["identified"]["customer"]["id"] == linked["customer"]["id"] == one.id
    assert len(await _owners(make.store)) == 10


async def test_unlink_beside_identify(ask: Asking, make: Makers) -> None:
    """An identity that is taken off while somebody asks who it is belongs to nobody or to somebody new afterwards."""
    for n in range(10):
        one, value = await make.customer(), f"+1415555{n:04}"
        await make.identity(one, "whatsapp", value)
        identity = await make.store.first(IDENTITIES, {"customer_id": one.key})
        assert identity
        key = global_id("Identity", identity["_id"])
        asked = change(ask, "identifyCustomer", "isNew identified { customer { id } }", **(WHO | {"value": value}))
        found, removed = await asyncio.gather(asked, change(ask, "unlinkIdentity", "removedId", id=key))
        assert removed["removedId"] == key
        assert (found["identified"]["customer"]["id"] == one.id) is not found["isNew"]
        assert one.key not in (await _owners(make.store)).values()


async def test_linking_by_role(ask: Asking, make: Makers) -> None:
    """Identities are linked, unlinked and verified by the staff alone."""
    await make.channel("whatsapp")
    assert await may(ask, "linkIdentity", **WHO, customerId=GONE) == STAFF
    assert await may(ask, "unlinkIdentity", id="x") == STAFF
    assert await may(ask, "verifyIdentity", id="x") == STAFF


async def test_who_claims_hidden(ask: Asking, make: Makers) -> None:
    """Who of the staff said or verified it is no business of the visitor's; partners see who, not the value."""
    await make.channel("whatsapp")
    one = await make.customer()
    await _link(ask, one)
    shown = "identities { claim claimedBy verifiedBy hiddenFields }"
    found = await read(ask, one, shown, **visitor(one))
    hidden = {"claimedBy": None, "verifiedBy": None, "hiddenFields": ["claimedBy"]}
    assert found["identities"] == [{"claim": "ASSERTED", **hidden}]
    found = await read(ask, one, "identities { value claim claimedBy verifiedBy }", **PARTNER)
    assert found["identities"] == [{"value": None, "claim": "ASSERTED", "claimedBy": "agent", "verifiedBy": None}]


async def test_linking_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """A link, an unlink and a verification cost a bounded number of commands."""
    await make.channel("whatsapp")
    one = await make.customer()
    # What is held in the process is there.
    await ask("{ attributeDefinitions { id } }")
    with commands.counted() as sent:
        key = (await _link(ask, one))["identity"]["id"]
    assert len(sent) <= 10, sent
    with commands.counted() as sent:
        await change(ask, "verifyIdentity", "identity { id }", id=key)
    assert len(sent) == 1
    with commands.counted() as sent:
        await change(ask, "unlinkIdentity", "removedId", id=key)
    assert len(sent) <= 8, sent


async def test_unproven_signs_nobody_in(ask: Asking, make: Makers) -> None:
    """Whoever holds an identity that is only said to be a customer's is not that customer until someone made sure."""
    await make.channel("whatsapp")
    one = await make.customer()
    key = (await _link(ask, one))["identity"]["id"]
    query = """{ customerByIdentity(channel: "whatsapp", account: "main", value: "+14155550123", isProven: true) {
      customer { id } } }"""
    assert (await ask(query)).data == {"customerByIdentity": None}
    await change(ask, "verifyIdentity", "identity { id }", id=key)
    assert (await ask(query)).data == {"customerByIdentity": {"customer": {"id": one.id}}}


async def test_claim_opens_nothing(ask: Asking, make: Makers) -> None:
    """A visitor whose account is linked to a customer goes on seeing nothing of that customer."""
    await make.channel("whatsapp")
    victim = await make.customer("Vera")
    stranger = (await change(ask, "identifyCustomer", "identified { customer { id } }", **WHO))["identified"]
    key = (await make.store.find(CUSTOMERS, {"is_anonymous": True}))[0]["_id"]
    await change(ask, "unlinkIdentity", "removedId", id=await _identity_id(make.store))
    await _link(ask, victim)
    query = "query($a: ID!, $b: ID!) { a: customer(id: $a) { displayName } b: customer(id: $b) { displayName } }"
    answer = await ask(query, a=victim.id, b=stranger["customer"]["id"], **visitor(Made(key)))
    assert answer.data == {"a": None, "b": {"displayName": None}}
