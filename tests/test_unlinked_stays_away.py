"""Does an identity that people took off a customer stay away, whatever a source says again?"""

from dataclasses import replace

import pytest

from adapters.contract.records import Person, Who
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, UNLINKED
from resolvers.kit.ids import global_id
from tests.changing import change
from tests.conftest import NOW, Asking, Commands
from tests.taking_in import ANN, AT, DAY, ORDER, PERSON, REMARK, bring, outcomes

MAIL = Who("email", "main", "ann@example.org")
TWIN = ANN._replace(value="18")
TOLD = replace(PERSON, also=(MAIL, TWIN))
# Sources that were read before anybody unlinked anything, and one that heard of the person afterwards.
OLD_WORDS = [TOLD, replace(TOLD, seen_at=NOW - DAY)]
NEW_WORD = replace(TOLD, seen_at=NOW + DAY)


async def _unlink(ask: Asking, store: Store, who: Who) -> None:
    identity = await store.first(IDENTITIES, {"channel": who.channel, "value": who.value})
    assert identity
    await change(ask, "unlinkIdentity", "removedId", id=global_id("Identity", identity["_id"]))


async def _owners(store: Store) -> dict[str, str | None]:
    """The name of the customer of each identity."""
    names = {one["_id"]: one["display_name"] for one in await store.find(CUSTOMERS, {})}
    return {one["value"]: names[one["customer_id"]] for one in await store.find(IDENTITIES, {})}


@pytest.mark.parametrize("word", OLD_WORDS, ids=["of no moment", "of before"])
async def test_old_word(ask: Asking, store: Store, word: Person) -> None:
    """What people took off stays away when a source that knows nothing newer says it again."""
    await bring(store, TOLD)
    for who in (MAIL, TWIN):
        await _unlink(ask, store, who)
    assert outcomes(await bring(store, word, at=AT + DAY))[0] in {"unchanged", "updated"}
    assert await _owners(store) == {"17": "Ann Lee"}
    assert await store.count(UNLINKED, {}) == 2


async def test_proven_anew(ask: Asking, store: Store) -> None:
    """A channel brings an account of its own back by what happened since; what it only states stays away."""
    await bring(store, TOLD)
    for who in (MAIL, TWIN):
        await _unlink(ask, store, who)
    await bring(store, NEW_WORD)
    assert await _owners(store) == {"17": "Ann Lee", "18": "Ann Lee"}


async def test_unlinked_writes(ask: Asking, store: Store) -> None:
    """Whoever writes by what was taken off is somebody new, whom no old word makes the same person again."""
    await bring(store, TOLD)
    await _unlink(ask, store, TWIN)
    await bring(store, replace(ORDER, who=TWIN))
    assert await _owners(store) == {"17": "Ann Lee", MAIL.value: "Ann Lee", "18": None}
    assert outcomes(await bring(store, TOLD)) == ["unchanged"]
    assert await _owners(store) == {"17": "Ann Lee", MAIL.value: "Ann Lee", "18": None}


async def test_first_was_unlinked(ask: Asking, store: Store) -> None:
    """A person whose own account was taken off a customer is somebody new, also at the second reading."""
    await bring(store, TOLD)
    await _unlink(ask, store, ANN)
    again = replace(TOLD, attributes={"firstName": "Bob"})
    assert outcomes(await bring(store, again)) == ["inserted"]
    assert await _owners(store) == {"17": "Bob", MAIL.value: "Ann Lee", "18": "Ann Lee"}
    assert outcomes(await bring(store, again)) == ["unchanged"]


async def test_away_from_survivor(ask: Asking, store: Store) -> None:
    """What was taken off a customer stays away from the survivor of that one's merge."""
    await bring(store, TOLD, Person(who=ANN._replace(value="19"), attributes={"firstName": "Bob"}))
    await _unlink(ask, store, TWIN)
    old, survivor = await store.find(CUSTOMERS, {}, order=[("display_name", 1)])
    aliases = [{"id": old["_id"], "elements": ["IDENTITIES"]}]
    await store.update(CUSTOMERS, {"_id": old["_id"]}, {"$set": {"merged_into": survivor["_id"]}})
    await store.update(CUSTOMERS, {"_id": survivor["_id"]}, {"$set": {"aliases": aliases}})
    await bring(store, replace(TOLD, attributes={}))
    assert "18" not in await _owners(store)


async def test_others_are_free(ask: Asking, store: Store) -> None:
    """What was taken off one customer is anybody else's."""
    await bring(store, TOLD)
    await _unlink(ask, store, MAIL)
    await bring(store, Person(who=ANN._replace(value="19"), attributes={"firstName": "Bob"}, also=(MAIL,)))
    assert (await _owners(store))[MAIL.value] == "Bob"


async def test_removals_cost(store: Store, commands: Commands) -> None:
    """What was taken off is looked up only where a source says that several accounts are one person's."""
    for records, lookups in (((PERSON, REMARK), 0), ((TOLD, PERSON), 1)):
        with commands.counted() as sent:
            await bring(store, *records)
        assert sum(command.get("find") == UNLINKED.name for _, command in sent) == lookups
