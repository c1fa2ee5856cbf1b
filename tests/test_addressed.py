"""Whose is an account that nobody has yet, where its channel has proven whose address it has?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import HandedOver, Person, Reach, Who
from adapters.mongo import Store
from adapters.records import Document, new_id
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from tests.adapters.test_explain import Scans
from tests.changing import change
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.taking_in import AT, ORDER, bring

ADDRESS = "ann@example.com"
BUYER = Who("shop", "main", "17")
PROVEN = Reach(type="EMAIL", value="Ann@Example.com", is_verified=True)
SHOWN = Person(who=BUYER, attributes={"firstName": "Ann"}, reaches=(PROVEN,))


async def came(store: Store, *records: HandedOver) -> None:
    """What a channel hands over is taken in: a delivery, and no file."""
    await take(store, records, at=AT, by="shop/main", came_at=[AT] * len(records))


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer from whose address, proven, mail came."""
    one = await make.customer("Ann", "Lee")
    await make.identity(one, "email", ADDRESS, "support")
    return one


async def _account(store: Store, who: Who = BUYER) -> Document:
    (found,) = await store.find(IDENTITIES, {"channel": who.channel, "account": who.account})
    return found


async def test_one_person(store: Store, ann: Made) -> None:
    """Whom the shop has proven to have a customer's proven address is that customer, with the order: concluded."""
    await came(store, SHOWN, ORDER)
    account = await _account(store)
    assert (account["customer_id"], account["claim"]) == (ann.key, "INFERRED")
    assert await store.count(CUSTOMERS, {}) == 1
    (order,) = await store.find(store.records["purchases"], {})
    assert order["customer_id"] == ann.key
    before = await store.find(CUSTOMERS, {})
    await came(store, SHOWN, ORDER)
    assert await store.find(CUSTOMERS, {}) == before


async def test_second_mailbox(store: Store, ann: Made, make: Makers) -> None:
    """Who writes from the proven address to another mailbox, proven anew, is the same customer."""
    await make.channel("email", "sales")
    other = Who("email", "sales", ADDRESS)
    await came(store, replace(SHOWN, who=other, attributes={}, is_asserted=True))
    assert (await _account(store, other))["customer_id"] != ann.key
    await store.delete(CUSTOMERS, {"_id": {"$ne": ann.key}})
    await store.delete(IDENTITIES, {"account": "sales"})
    await store.delete(store.records["identity_keys"], {"customer_id": {"$ne": ann.key}})
    await came(store, replace(SHOWN, who=other, attributes={}))
    assert (await _account(store, other))["customer_id"] == ann.key


@pytest.mark.parametrize(
    "person",
    [
        replace(SHOWN, reaches=(replace(PROVEN, is_verified=False),)),
        replace(SHOWN, reaches=(replace(PROVEN, value="other@example.com"),)),
        replace(SHOWN, reaches=(Reach(type="PHONE", value="+14155550123", is_verified=True),)),
        replace(SHOWN, reaches=()),
        replace(SHOWN, is_asserted=True),
    ],
    ids=["typed", "other", "number", "none", "asserted"],
)
async def test_joins_nobody(store: Store, ann: Made, person: Person) -> None:
    """What was only typed or asserted, or is no such address, joins nobody."""
    await came(store, person)
    assert (await _account(store))["customer_id"] != ann.key


async def _said(make: Makers, one: Made) -> None:
    await make.store.update(IDENTITIES, {"customer_id": one.key}, {"$set": {"claim": "ASSERTED"}})


async def _former(make: Makers, one: Made) -> None:
    await make.store.update(IDENTITIES, {"customer_id": one.key}, {"$set": {"is_former": True}})


async def _two(make: Makers, one: Made) -> None:
    assert one
    await make.identity(await make.customer("Bob"), "email", ADDRESS, "sales")


async def _machine(make: Makers, one: Made) -> None:
    await make.merged(await make.customer(), one, "IDENTITIES")
    change = {"$set": {"aliases.0.inferred_by": [new_id()]}}
    await make.store.update(CUSTOMERS, {"_id": one.key}, change)


async def _point(make: Makers, one: Made) -> None:
    """The address stands among contact points alone, as verified as it may be."""
    await make.store.delete(IDENTITIES, {"customer_id": one.key})
    await make.store.delete(make.store.records["identity_keys"], {"customer_id": one.key})
    point = {"type": "EMAIL", "value": ADDRESS, "is_primary": True, "is_verified": True, "postal": None}
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"contact_points": [point]}})


@pytest.mark.parametrize("spoil", [_said, _former, _two, _machine, _point])
async def test_not_proven(store: Store, make: Makers, ann: Made, spoil: Any) -> None:
    """Where not one customer alone is proven to have the address, a new one is made; contact points prove nothing."""
    await spoil(make, ann)
    await came(store, SHOWN)
    assert (await _account(store))["customer_id"] != ann.key


async def test_parted_stays_parted(ask: Asking, store: Store, ann: Made) -> None:
    """What people took off the customer is not concluded again."""
    await came(store, SHOWN)
    account = await _account(store)
    await change(ask, "unlinkIdentity", "removedId", id=global_id("Identity", account["_id"]))
    await came(store, replace(SHOWN, seen_at=AT))
    assert (await _account(store))["customer_id"] != ann.key


async def test_files_conclude_nothing(store: Store, ann: Made) -> None:
    """A file that says the same makes customers of its own."""
    await bring(store, SHOWN)
    assert (await _account(store))["customer_id"] != ann.key


async def test_survivor_has_it(store: Store, make: Makers, ann: Made) -> None:
    """Of those whom people merged it is the survivor."""
    into = await make.customer("Anne")
    await make.merged(ann, into, "IDENTITIES")
    await came(store, SHOWN)
    assert (await _account(store))["customer_id"] == into.key


async def test_commands(store: Store, ann: Made, commands: Commands) -> None:
    """Fifty such people cost one command more, and five where somebody has an address; others cost none."""
    held = {record.name for record in store.records.values() if record.is_held}

    async def counted(numbers: range, reach: Reach) -> int:
        people = [replace(SHOWN, who=Who("shop", "main", str(n)), reaches=(reach,)) for n in numbers]
        with commands.counted() as sent:
            await came(store, *people)
        return sum(name in {"find", "aggregate"} and command[name] not in held for name, command in sent)

    typed = await counted(range(100, 150), replace(PROVEN, is_verified=False))
    unknown = await counted(range(200, 250), replace(PROVEN, value="nobody@example.com"))
    known = await counted(range(300, 301), PROVEN)
    assert ann
    # Identities and customers; then whoever was found is read, as whomever an attribute names.
    assert (unknown - typed, known - unknown) == (1, 5)


async def test_no_scans(store: Store, ann: Made, commands: Commands) -> None:
    """Each look goes along an index."""
    scans = Scans(store, commands)
    with commands.counted() as sent:
        await came(store, SHOWN)
    # Whether anybody was ever erased is asked of the first document.
    await scans.judge("addressed", [one for one in sent if one[1].get("find") != "erased_identities"])
    assert ann
    assert scans.found == []
    assert scans.explained > 5
