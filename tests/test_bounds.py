"""Is there one more than is kept of anything, whichever way it comes?"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.contract.bounds import MOST_LINES
from adapters.contract.company import Class
from adapters.contract.records import Parcel, Person, Reach, Who
from adapters.mongo import Store
from adapters.records import new_id
from resolvers.accounts import HOLDINGS
from resolvers.consents import CONSENTS
from resolvers.contacts import CONTACT_POINTS
from resolvers.custom_data import CUSTOM_DATA
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS, identity_document, identity_key_document
from resolvers.ingest.report import Outcome
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.labels import CUSTOMER_LABELS, LABELS, label_document
from resolvers.merging.bounds import MOST_ALIASES
from resolvers.preferences import CHANNEL_PREFERENCES
from resolvers.tags import TAGS
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import SEEN
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import MERGE, UNMERGE, undoing
from tests.taking_in import ANN, ORDER, bring, reason_of
from tests.walking import read

ADDED = {"added_at": BEGIN, "added_by": None}
SAID = {"at": BEGIN, "means": "FORM", "channel": None, "recorded_at": BEGIN, "recorded_by": None}
SET = {"wish": "WELCOME", "is_preferred": False, "set_at": BEGIN, "set_by": None}


@dataclass(frozen=True)
class Bounded:
    """Something of which a customer has so many and no more."""

    at_most: int
    entry: Callable[[str], Mapping[str, Any]]
    """An entry as it is stored, which differs by a word; for what stands in the customer's document."""
    mutation: str
    given: Callable[[str], dict[str, Any]]
    """What adds one more by mutation, beside the customer."""
    person: Callable[[str], dict[str, Any]] | None = None
    """What adds one more by import; None where no source brings such."""
    element: str | None = None


WHATSAPP = {"channel": "whatsapp", "account": "main"}
THINGS: dict[str, Bounded] = {
    "contact_points": Bounded(
        CONTACT_POINTS.at_most,
        lambda word: {"type": "EMAIL", "value": f"{word}@example.com", "postal": None, "is_primary": False, **SEEN},
        "addContactPoint",
        lambda word: {"type": "EMAIL", "value": f"{word}@example.com"},
        lambda word: {"reaches": (Reach(type="EMAIL", value=f"{word}@example.com"),)},
        element="CONTACT_POINTS",
    ),
    "tags": Bounded(
        TAGS.at_most,
        lambda word: {"word": word, **ADDED},
        "addTag",
        lambda word: {"word": word},
        lambda word: {"tags": (word,)},
        element="TAGS",
    ),
    "custom_data": Bounded(
        CUSTOM_DATA.at_most,
        lambda word: {"name": word, "value": "x", **ADDED},
        "addCustomData",
        lambda word: {"name": word, "value": "x"},
        lambda word: {"custom_data": {word: "x"}},
        element="CUSTOM_DATA",
    ),
    "labels": Bounded(
        CUSTOMER_LABELS.at_most,
        lambda _: {"label_id": new_id(), **ADDED},
        "labelCustomer",
        lambda _: {"labelId": "LABEL"},
        lambda _: {"labels": ("VIP",)},
        element="LABELS",
    ),
    "channel_preferences": Bounded(
        CHANNEL_PREFERENCES.at_most,
        lambda word: {"channel": word, **SET},
        "setChannelPreference",
        lambda _: {"channel": "email", "version": 1},
        element="CHANNEL_PREFERENCES",
    ),
    "consents": Bounded(
        CONSENTS.at_most,
        lambda word: {"purpose": word, "status": "GRANTED", **SAID},
        "recordConsent",
        lambda word: {"purpose": word, "status": "GRANTED", "means": "FORM"},
    ),
    "identities": Bounded(
        IDENTITIES.at_most or 0,
        lambda word: {"value": word},
        "linkIdentity",
        lambda word: WHATSAPP | {"value": f"+1415555{int(word[1:]):04}"},
        lambda word: {"also": (Who("shop", "main", word),)},
        element="IDENTITIES",
    ),
    "customer_accounts": Bounded(
        HOLDINGS.at_most or 0,
        lambda word: {"number": word},
        "addCustomerAccount",
        lambda word: {"name": "gas", "number": word},
        element="CUSTOMER_ACCOUNTS",
    ),
}
everything = pytest.mark.parametrize("name", THINGS)


async def _filled(make: Makers, name: str, count: int, mark: str) -> Made:
    """A customer with so many of a thing."""
    words = [f"{mark}{n}" for n in range(count)]
    if name == "identities":
        return await _known_by(make, words)
    if name == "customer_accounts":
        one = await make.customer()
        holdings = [{"_id": new_id(), "customer_id": one.key, "account_id": new_id()} for _ in words]
        await make.store.insert(HOLDINGS, *holdings)
        return one
    return await make.customer(**{name: [THINGS[name].entry(word) for word in words]})


async def _known_by(make: Makers, words: list[str]) -> Made:
    one = await make.customer()
    identities = [
        identity_document(
            key=new_id(), customer=one.key, who=Who("shop", "main", word), claim="VERIFIED", at=BEGIN, by="maker"
        )
        for word in words
    ]
    await make.store.insert(IDENTITIES, *identities)
    await make.store.insert(IDENTITY_KEYS, *map(identity_key_document, identities))
    return one


async def _count(make: Makers, name: str, of: Made) -> int:
    record = {"identities": IDENTITIES, "customer_accounts": HOLDINGS}.get(name)
    if record:
        return await make.store.count(record, {"customer_id": of.key})
    return len((await make.store.first(CUSTOMERS, {"_id": of.key}) or {}).get(name, ()))


async def _add(ask: Asking, make: Makers, name: str, of: Made, word: str = "b1") -> dict[str, Any]:
    thing = THINGS[name]
    await make.channel("whatsapp")
    given = thing.given(word)
    if "labelId" in given:
        vip = label_document(name="VIP", color="#ffcc00", priority=1)
        await ask.store.replace(LABELS, [vip])
        given["labelId"] = global_id("Label", vip["_id"])
    if "version" in given:
        given["version"] = (await read(ask, of, "version"))["version"]
    return await change(ask, thing.mutation, "__typename", customerId=of.id, **given)


async def _merge(ask: Asking, survivor: Made, *others: Made, **more: Any) -> dict[str, Any]:
    given = {"survivorId": survivor.id, "otherIds": [one.id for one in others], **more}
    answer: dict[str, Any] = (await ask(MERGE, input=given)).data["mergeCustomers"]
    return answer


@everything
async def test_by_mutation(ask: Asking, make: Makers, name: str) -> None:
    """The last that there is room for is added, and the one behind it refused with the bound and what to do."""
    most = THINGS[name].at_most
    almost, full = await _filled(make, name, most - 1, "a"), await _filled(make, name, most, "c")
    found = await _add(ask, make, name, full)
    assert (found["code"], str(most) in found["message"]) == ("CONFLICT", True)
    assert any(word in found["message"] for word in ("Remove one first", "Unlink one first", "Use one of those"))
    assert "code" not in await _add(ask, make, name, almost)
    assert [await _count(make, name, one) for one in (almost, full)] == [most, most]


@pytest.mark.parametrize("name", [name for name, one in THINGS.items() if one.person])
async def test_by_import(make: Makers, store: Store, name: str) -> None:
    """A source adds the last that there is room for; by one more its record is rejected whole, with what to do."""
    thing, people = THINGS[name], []
    assert thing.person
    for mark, count in (("a", thing.at_most - 1), ("c", thing.at_most)):
        person = Person(who=Who("shop", "main", f"{mark}0"))
        people.append(person)
        if name == "identities":
            await _filled(make, name, count, mark)
        else:
            entries = [thing.entry(f"{mark}{n}") for n in range(count)]
            await make.identity(await make.customer(**{name: entries}), "shop", f"{mark}0")
    taken = await bring(
        store, Class(name="VIP"), *(replace(one, **thing.person(f"x{one.who.value}")) for one in people)
    )
    _, fits, fails = taken.results
    assert (fits.outcome, fails.outcome) == (Outcome.UPDATED, Outcome.REJECTED)
    assert f"at most {thing.at_most}. Leave some out" in (fails.reason or "")


@everything
async def test_by_merge(ask: Asking, make: Makers, name: str) -> None:
    """A merge by which one customer would have more is refused, and done where that kind stays behind."""
    thing = THINGS[name]
    one, other = await _filled(make, name, thing.at_most, "a"), await _filled(make, name, 1, "c")
    found = await _merge(ask, one, other)
    assert (found["code"], f"{thing.at_most} {name.replace('_', ' ')}" in found["message"]) == ("CONFLICT", True)
    assert await make.store.count(CUSTOMERS, {"merged_into": None}) == 2
    if thing.element:
        assert f"leave {thing.element} out of" in found["message"]
        elements = ["NOTES"]
        assert "merge" in await _merge(ask, one, other, elements=elements)


@everything
async def test_by_unmerge(ask: Asking, make: Makers, name: str) -> None:
    """One who was filled up by a merge takes no more, and undoing it leaves each with what was its own."""
    half = THINGS[name].at_most // 2
    one, other = [await _filled(make, name, half, mark) for mark in "ac"]
    merged = await _merge(ask, one, other)
    assert (await _add(ask, make, name, other))["code"] == "CONFLICT"
    undone = await ask(UNMERGE, input=await undoing(ask, merged["merge"]["id"]))
    assert "survivor" in undone.data["unmergeCustomers"]
    assert [await _count(make, name, each) for each in (one, other)] == [half, half]


async def test_by_identifying(ask: Asking, make: Makers, store: Store) -> None:
    """Who writes by an account that nobody has is somebody new: nobody's identities become more by it."""
    await make.channel("whatsapp")
    one = await _filled(make, "identities", IDENTITIES.at_most or 0, "a")
    found = await change(ask, "identifyCustomer", "isNew", **WHATSAPP, value="+14155550001")
    assert (found["isNew"], await _count(make, "identities", one)) == (True, IDENTITIES.at_most)
    assert await store.count(CUSTOMERS, {}) == 2


async def test_identities_at_once(ask: Asking, make: Makers, store: Store) -> None:
    """However many add identities to one customer at once, by hand and by import, there are no more than are kept."""
    await make.channel("whatsapp")
    one = await _filled(make, "identities", (IDENTITIES.at_most or 0) - 3, "a")
    who = Who("shop", "main", "a0")
    imports = [bring(store, Person(who=who, also=(Who("shop", "main", f"x{n}"),))) for n in range(5)]
    links = [_add(ask, make, "identities", one, f"b{n}") for n in range(5)]
    await asyncio.gather(*imports, *links)
    assert await _count(make, "identities", one) == IDENTITIES.at_most


async def test_identities_of_newcomer(store: Store) -> None:
    """Somebody new comes with as many identities as are kept and no more, and gains none later."""
    most = IDENTITIES.at_most or 0
    also = tuple(Who("shop", "main", f"x{n}") for n in range(most))
    assert "at most" in await reason_of(store, Person(who=ANN, also=also))
    await bring(store, Person(who=ANN, also=also[1:]))
    assert await store.count(IDENTITIES, {}) == most
    assert f"{most + 1} identities" in await reason_of(store, Person(who=ANN, also=also[:1]))


async def test_held_alike_counts_once(ask: Asking, make: Makers) -> None:
    """Two records of one person who hold the same accounts become one, however many those are."""
    most = HOLDINGS.at_most or 0
    one, other = await _filled(make, "customer_accounts", most, "a"), await make.customer()
    for holding in await make.store.find(HOLDINGS, {}):
        await make.put(HOLDINGS, other, account_id=holding["account_id"], held_since=BEGIN)
    assert "merge" in await _merge(ask, one, other)


async def test_aliases(ask: Asking, make: Makers) -> None:
    """As many customers go into one as are kept, ten at a time, and the next stays one of their own."""
    survivor, *others = [await make.customer() for _ in range(MOST_ALIASES + 2)]
    for begin in range(0, MOST_ALIASES, 10):
        assert "merge" in await _merge(ask, survivor, *others[begin : begin + 10])
    found = await _merge(ask, survivor, others[-1])
    assert (found["code"], f"at most {MOST_ALIASES} can" in found["message"]) == ("CONFLICT", True)


async def test_parcels(store: Store) -> None:
    """An order has as many parcels as lines at most."""
    parcels = (Parcel(number="1"),) * (MOST_LINES + 1)
    assert f"at most {MOST_LINES} are kept" in await reason_of(store, replace(ORDER, parcels=parcels))


async def test_words_of_relation(ask: Asking, make: Makers) -> None:
    """A relation takes as many words as are kept, and is told of one more what to do."""
    one, other = await make.customer(), await make.customer()
    kind = await change(ask, "addRelationType", "relationType { id }", Role.ADMINISTRATOR, name="friend of")
    given = {"customerId": one.id, "otherId": other.id, "typeId": kind["relationType"]["id"]}
    words = [f"w{n}" for n in range(21)]
    found = await change(ask, "relateCustomers", "relation { id }", **given, tags=words)
    assert (found["code"], "at most 20 words. Remove one first" in found["message"]) == ("CONFLICT", True)
    related = await change(ask, "relateCustomers", "relation { id }", **given, tags=words[:20])
    found = await change(ask, "tagRelation", "relation { id }", id=related["relation"]["id"], add=words[20:])
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "add"])
