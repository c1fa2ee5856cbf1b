"""Which keys and values were noted about a customer?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers.custom_data import CUSTOM_DATA, LONGEST_NAME, LONGEST_VALUE
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import Makers
from tests.taking_in import PERSON, bring, the_customer
from tests.walking import PARTNER, read

DATA = "customer { customData { name value addedBy } version }"


async def test_datum_added(ask: Asking, make: Makers) -> None:
    """A key and a value are noted; the record says by whom."""
    one = await make.customer()
    found = await change(ask, "addCustomData", DATA, customerId=one.id, name=" shoe size ", value=" 43 ")
    datum = {"name": "shoe size", "value": "43", "addedBy": "agent"}
    assert found["customer"] == {"customData": [datum], "version": 2}


async def test_datum_removed(ask: Asking, make: Makers) -> None:
    """A key and its value are removed, once."""
    one = await make.customer()
    await change(ask, "addCustomData", DATA, customerId=one.id, name="a", value="1")
    found = await change(ask, "removeCustomData", DATA, customerId=one.id, version=2, name=" a ")
    assert found["customer"] == {"customData": [], "version": 3}
    assert await refused(ask, "removeCustomData", customerId=one.id, version=3, name="a") == ("NOT_FOUND", "input.name")


async def test_datum_edited(ask: Asking, make: Makers) -> None:
    """Another value takes the place of the old one, upon the version that was read, and says who noted it and when."""
    one = await make.customer()
    for name in ("a", "b"):
        await change(ask, "addCustomData", DATA, customerId=one.id, name=name, value="1")
    source = {"custom_data.$[].added_by": "import", "custom_data.$[].observed_from": "shop/main"}
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": source})
    given = {"customerId": one.id, "version": 3, "name": " a "}
    shown = "customer { version customData { name value addedAt addedBy observedFrom } }"
    (before, _) = (await read(ask, one, "customData { addedAt }"))["customData"]
    again = await change(ask, "editCustomData", shown, **given, value=" 1 ")
    assert (again["customer"]["version"], again["customer"]["customData"][0]["observedFrom"]) == (3, "shop/main")
    found = (await change(ask, "editCustomData", shown, **given, value="2"))["customer"]
    first, second = found["customData"]
    assert (found["version"], first["name"], first["value"]) == (4, "a", "2")
    assert (first["addedBy"], first["observedFrom"]) == ("agent", "staff")
    assert first["addedAt"] > before["addedAt"]
    assert (second["name"], second["value"], second["observedFrom"]) == ("b", "1", "shop/main")


async def test_edited_outlasts_sources(ask: Asking, store: Store) -> None:
    """A value of a source that a person changed stays so, whatever the source says again."""
    await bring(store, replace(PERSON, custom_data={"size": "S"}))
    of = {"customerId": global_id("Customer", (await the_customer(store))["_id"]), "version": 1}
    assert "code" not in await change(ask, "editCustomData", DATA, **of, name="size", value="M")
    await bring(store, replace(PERSON, custom_data={"size": "L"}))
    assert [one["value"] for one in (await the_customer(store))["custom_data"]] == ["M"]


async def test_data_at_once(ask: Asking, make: Makers) -> None:
    """Of 50 who change one value at once, one is heard, and 49 are told of it; what stands there is the one's."""
    one = await make.customer()
    await change(ask, "addCustomData", DATA, customerId=one.id, name="size", value="0")
    given = {"customerId": one.id, "version": 2, "name": "size"}
    answers = await asyncio.gather(
        *(change(ask, "editCustomData", DATA, **given, value=f"V{n}") for n in range(50)),
    )
    (heard,) = [n for n, answer in enumerate(answers) if "code" not in answer]
    assert [answer["code"] for answer in answers if "code" in answer] == ["STALE_VERSION"] * 49
    found = await read(ask, one, "version customData { value }")
    assert found == {"version": 3, "customData": [{"value": f"V{heard}"}]}


@pytest.mark.parametrize(
    ("mutation", "given", "refusal"),
    [
        ("editCustomData", {"version": 1}, ("STALE_VERSION", "input.version")),
        ("removeCustomData", {"version": 1}, ("STALE_VERSION", "input.version")),
        ("editCustomData", {"name": "b"}, ("NOT_FOUND", "input.name")),
        ("editCustomData", {"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ("editCustomData", {"value": ""}, ("INVALID_INPUT", "input.value")),
        ("editCustomData", {"value": "x" * (LONGEST_VALUE + 1)}, ("INVALID_INPUT", "input.value")),
    ],
)
async def test_edit_refused(
    ask: Asking, make: Makers, mutation: str, given: dict[str, Any], refusal: tuple[str, str]
) -> None:
    """A value is changed or removed where it is, upon the version that was read, and by the rules of a new one."""
    usual: dict[str, Any] = {"customerId": (await make.customer()).id, "name": "a"}
    await change(ask, "addCustomData", DATA, **usual, value="1")
    usual |= {"version": 2} | ({"value": "2"} if mutation == "editCustomData" else {})
    assert await refused(ask, mutation, **(usual | given)) == refusal


async def test_people_outlast_sources(ask: Asking, store: Store) -> None:
    """What a person noted stands, however often a source says something else; what a source said, it may change."""
    said = {"size": "S-size", "tone": "formal"}
    await bring(store, replace(PERSON, custom_data={"tone": "plain"}))
    key = (await the_customer(store))["_id"]
    await change(ask, "addCustomData", DATA, customerId=global_id("Customer", key), name="size", value="AGENT")
    await bring(store, replace(PERSON, custom_data=said))
    data = {one["name"]: one["value"] for one in (await the_customer(store))["custom_data"]}
    assert data == {"size": "AGENT", "tone": "formal"}
    version = (await the_customer(store))["version"]
    await bring(store, replace(PERSON, custom_data=said))
    assert (await the_customer(store))["version"] == version


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"name": " "}, ("INVALID_INPUT", "input.name")),
        ({"name": "a\0"}, ("INVALID_INPUT", "input.name")),
        ({"name": "\u202ea"}, ("INVALID_INPUT", "input.name")),
        ({"value": "\u200b"}, ("INVALID_INPUT", "input.value")),
        ({"name": "x" * (LONGEST_NAME + 1)}, ("INVALID_INPUT", "input.name")),
        ({"value": ""}, ("INVALID_INPUT", "input.value")),
        ({"value": "x" * (LONGEST_VALUE + 1)}, ("INVALID_INPUT", "input.value")),
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"name": "there"}, ("CONFLICT", "input.name")),
    ],
)
async def test_datum_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Key and value have a bounded length, and a customer has each key once."""
    usual = {"customerId": (await make.customer()).id, "name": "a", "value": "1"}
    await change(ask, "addCustomData", DATA, **(usual | {"name": "there"}))
    assert await refused(ask, "addCustomData", **(usual | given)) == refusal


async def test_most_data(ask: Asking, make: Makers) -> None:
    """A customer has a bounded number of keys."""
    one = await make.customer()
    data = [{"name": f"k{n}", "value": "1", "added_at": make.moment(), "added_by": None} for n in range(100)]
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"custom_data": data}})
    found = await change(ask, "addCustomData", DATA, customerId=one.id, name="more", value="1")
    assert (found["code"], CUSTOM_DATA.at_most) == ("CONFLICT", 100)
    assert "100 custom data already" in found["message"]


async def test_data_by_role(ask: Asking) -> None:
    """The staff notes custom data."""
    assert await may(ask, "addCustomData", customerId=GONE, name="a", value="1") == STAFF
    assert await may(ask, "editCustomData", customerId=GONE, version=1, name="a", value="1") == STAFF
    assert await may(ask, "removeCustomData", customerId=GONE, version=1, name="a") == STAFF


async def test_data_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees the keys, in the order in which they were added, and no value."""
    one = await make.customer()
    for name in ("z", "a"):
        await change(ask, "addCustomData", DATA, customerId=one.id, name=name, value="1")
    found = await read(ask, one, "customData { name value hiddenFields }", **PARTNER)
    assert found["customData"] == [{"name": None, "value": None, "hiddenFields": ["name", "value"]}] * 2


async def test_data_facts(ask: Asking, make: Makers) -> None:
    """Custom data are facts; a hidden value says so."""
    one = await make.customer(None, None)
    await change(ask, "addCustomData", DATA, customerId=one.id, name="size", value="43")
    fields = "facts { nodes { category name value isHidden } }"
    fact = {"category": "Custom data", "name": "size"}
    assert (await read(ask, one, fields))["facts"]["nodes"] == [fact | {"value": "43", "isHidden": False}]
    assert (await read(ask, one, fields, **PARTNER))["facts"]["nodes"] == [
        fact | {"name": "hidden", "value": None, "isHidden": True}
    ]


async def test_noted_customers(ask: Asking, make: Makers) -> None:
    """Customers about whom custom data of every one of these names is noted."""
    one, two = await make.customer(), await make.customer()
    for of, name in ((one, "a"), (one, "b"), (two, "b")):
        await change(ask, "addCustomData", DATA, customerId=of.id, name=name, value="1")
    query = "query($n: [String!]) { customers(filter: { notedAs: $n }) { totalCount } }"
    for names, count in ((["b"], 2), (["a", "b"], 1), (["c"], 0)):
        assert (await ask(query, n=names)).data["customers"]["totalCount"] == count
    assert (await ask(query, n=["b"], **PARTNER)).codes == ["FORBIDDEN"]  # type: ignore[arg-type]


async def test_other_value_refused(ask: Asking, make: Makers) -> None:
    """Another value for a key that is there is refused with what to do first; a key that is not, with where to look."""
    one = await make.customer()
    await change(ask, "addCustomData", DATA, customerId=one.id, name="size", value="43")
    again = await change(ask, "addCustomData", DATA, customerId=one.id, name="size", value="44")
    gone = await change(ask, "removeCustomData", DATA, customerId=one.id, version=2, name="sizes")
    assert "Change it with `editCustomData`" in again["message"]
    assert "44" not in again["message"]
    assert gone["message"] == (
        "There is no such custom data on this customer. `Customer.customData` says which names there are."
    )
