"""How do the staff add, change, verify and remove the ways to reach a customer?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Reach
from adapters.mongo import Store
from resolvers.contacts import CONTACT_POINTS
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.crowd import SEEN, contact_point
from tests.makers import Made, Makers
from tests.taking_in import AT, DAY, PERSON, bring, outcomes, the_customer
from tests.walking import PARTNER, read, visitor

POINT = "id type value isPrimary isVerified verifiedAt verifiedBy observedFrom observedBy postal { street city }"
DONE = f"contactPoint {{ {POINT} }} customer {{ version isAnonymous }}"
UNKNOWN = global_id("ContactPoint", "0" * 24)  # type: ignore[arg-type]


async def add(ask: Asking, of: Made, value: str | None, type: str = "EMAIL", **more: Any) -> dict[str, Any]:
    """What the mutation answers that adds a contact point."""
    return await change(ask, "addContactPoint", DONE, customerId=of.id, type=type, value=value, **more)


async def act(ask: Asking, mutation: str, of: Made, id: str, shown: str = DONE, **more: Any) -> dict[str, Any]:
    """What a mutation of a contact point answers, sent with the customer's present version."""
    version = (await ask.store.first(CUSTOMERS, {"_id": of.key}))["version"]  # type: ignore[index]
    return await change(ask, mutation, shown, **({"customerId": of.id, "id": id, "version": version} | more))


async def points(ask: Asking, of: Made, fields: str = "value isPrimary", **who: Any) -> list[Any]:
    """The customer's contact points."""
    return (await read(ask, of, f"contactPoints {{ {fields} }}", **who))["contactPoints"]  # type: ignore[no-any-return]


async def test_point_added(ask: Asking, make: Makers) -> None:
    """A contact point is kept in the one form of its type; the first of a type is its primary one."""
    one = await make.customer(None, None)
    found = await add(ask, one, "+1 (415) 555-0123", "PHONE", isVerified=True)
    point = found["contactPoint"]
    assert found["customer"] == {"version": 2, "isAnonymous": False}
    assert (point["value"], point["isPrimary"], point["isVerified"]) == ("+14155550123", True, True)
    assert (point["verifiedBy"], point["observedFrom"], point["observedBy"]) == ("agent", "staff", "agent")
    assert point["verifiedAt"] > "2026-11-21T09:30:00Z"
    second = (await add(ask, one, "+14155550124", "PHONE"))["contactPoint"]
    assert (second["isPrimary"], second["verifiedAt"], second["verifiedBy"]) == (False, None, None)
    assert (await add(ask, one, "Ann@Example.com"))["contactPoint"]["value"] == "ann@example.com"
    third = (await add(ask, one, "+14155550125", "PHONE", isPrimary=True))["contactPoint"]
    assert third["isPrimary"]
    assert [point["isPrimary"] for point in await points(ask, one)] == [True, True, False, False]


async def test_postal_in_parts(ask: Asking, make: Makers) -> None:
    """A postal address is given in its parts, of which the line is made, or as a line alone."""
    one = await make.customer()
    parts = {"street": " Main Street 1", "city": "Ulm", "postalCode": "89073", "country": "DE", "region": " "}
    point = (await add(ask, one, None, "POSTAL", postal=parts))["contactPoint"]
    assert point["value"] == "Main Street 1, 89073 Ulm, DE"
    assert point["postal"] == {"street": "Main Street 1", "city": "Ulm"}
    line = (await add(ask, one, "Oak  Road 2,\tBonn", "POSTAL"))["contactPoint"]
    assert (line["value"], line["postal"]) == ("Oak Road 2, Bonn", None)


async def test_point_found(ask: Asking, make: Makers) -> None:
    """Customers are found by what was added, and no longer by what was removed."""
    one = await make.customer(search=["ann", "lee"])
    key = (await add(ask, one, "zoo@example.com"))["contactPoint"]["id"]
    for expected in (1, 0):
        answer = await ask('{ customers(search: "zoo@") { totalCount } }')
        assert answer.data["customers"]["totalCount"] == expected
        if expected:
            await act(ask, "removeContactPoint", one, key, "removedId")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"type": "PHONE", "value": "secret 12"}, "value"),
        ({"type": "PHONE", "value": "030 5550123"}, "value"),
        ({"type": "EMAIL", "value": "secret(12)@example"}, "value"),
        ({"type": "EMAIL"}, "value"),
        ({"type": "EMAIL", "value": "a@example.com", "postal": {"city": "Ulm"}}, "postal"),
        ({"type": "POSTAL"}, "value"),
        ({"type": "POSTAL", "value": " "}, "value"),
        ({"type": "POSTAL", "postal": {"city": " "}}, "postal"),
        ({"type": "POSTAL", "postal": {"city": "secret\u202e"}}, "postal.city"),
        ({"type": "POSTAL", "postal": {"postalCode": "x" * 301}}, "postal.postalCode"),
        ({"type": "POSTAL", "value": "x" * 2001}, "value"),
    ],
)
async def test_point_refused(ask: Asking, make: Makers, given: dict[str, Any], place: str) -> None:
    """What cannot be a value of its type is refused with its place, and without the value."""
    one = await make.customer()
    found = await change(ask, "addContactPoint", "__typename", customerId=one.id, **given)
    assert (found["code"], ".".join(found["inputPath"])) == ("INVALID_INPUT", f"input.{place}")
    assert "secret" not in found["message"]
    assert await points(ask, one) == []


async def test_same_value_twice(ask: Asking, make: Makers) -> None:
    """A value stands once among those of its type, in whatever notation."""
    one = await make.customer()
    await add(ask, one, "+14155550123", "PHONE")
    other = (await add(ask, one, "+14155550124", "PHONE"))["contactPoint"]["id"]
    found = await add(ask, one, "+1 415 555 0123", "PHONE")
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "value"])
    assert "0123" not in found["message"]
    found = await act(ask, "editContactPoint", one, other, value="+1 415 555 0123")
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "value"])


async def test_fifty_points(ask: Asking, make: Makers) -> None:
    """A customer has at most fifty contact points; the fifty-first is refused with what to do."""
    one = await make.customer()
    for n in range(49):
        await contact_point(make, one, f"a{n}@example.com")
    await add(ask, one, "a49@example.com")
    found = await add(ask, one, "a50@example.com")
    assert (found["code"], CONTACT_POINTS.at_most) == ("CONFLICT", 50)
    assert "Remove one first with `removeContactPoint`." in found["message"]
    assert len(await points(ask, one)) == 50


async def test_added_at_once(ask: Asking, make: Makers) -> None:
    """Of twenty who add a contact point at once each is kept, and one of them is the primary one."""
    one = await make.customer()
    await asyncio.gather(*(add(ask, one, f"a{n}@example.com", isPrimary=n % 2 == 0) for n in range(20)))
    found = await points(ask, one, "id value isPrimary")
    assert len({point["id"] for point in found}) == len({point["value"] for point in found}) == 20
    assert sum(point["isPrimary"] for point in found) == 1


async def test_same_added_at_once(ask: Asking, make: Makers) -> None:
    """Of several who add the same value at once one does."""
    one = await make.customer()
    answers = await asyncio.gather(*(add(ask, one, "a@example.com") for _ in range(8)))
    assert sorted(answer.get("code", "") for answer in answers) == ["", *["CONFLICT"] * 7]
    assert len(await points(ask, one)) == 1


async def test_point_edited(ask: Asking, make: Makers) -> None:
    """A changed value keeps its id and its place as primary, and is no longer verified."""
    one = await make.customer()
    old = (await add(ask, one, "a@example.com", isVerified=True))["contactPoint"]
    new = (await act(ask, "editContactPoint", one, old["id"], value="B@example.com"))["contactPoint"]
    assert new == old | {"value": "b@example.com", "isVerified": False, "verifiedAt": None, "verifiedBy": None}
    again = await act(ask, "editContactPoint", one, old["id"], value="b@EXAMPLE.com")
    assert (again["contactPoint"], again["customer"]["version"]) == (new, 3)


@pytest.mark.parametrize("mutation", ["editContactPoint", "verifyContactPoint", "removeContactPoint"])
async def test_stale_point_refused(ask: Asking, make: Makers, mutation: str) -> None:
    """What was decided upon an old version of a contact point is refused with both versions."""
    one = await make.customer()
    key = (await add(ask, one, "a@example.com"))["contactPoint"]["id"]
    await act(ask, "editContactPoint", one, key, value="b@example.com")
    more = {"value": "c@example.com"} if mutation == "editContactPoint" else {}
    found = await act(ask, mutation, one, key, "__typename", version=2, **more)
    assert (found["__typename"], found["inputPath"]) == ("StaleVersion", ["input", "version"])
    assert "at version 3 now. Since then were changed: contactPoints." in found["message"]
    assert [point["value"] for point in await points(ask, one)] == ["b@example.com"]


async def test_edits_at_once(ask: Asking, make: Makers) -> None:
    """Of several edits of one contact point at once one is applied, and the others are told."""
    one = await make.customer()
    key = (await add(ask, one, "a@example.com"))["contactPoint"]["id"]
    edits = (act(ask, "editContactPoint", one, key, version=2, value=f"b{n}@example.com") for n in range(10))
    answers = await asyncio.gather(*edits)
    assert sorted(answer.get("code", "") for answer in answers) == ["", *["STALE_VERSION"] * 9]


async def test_point_verified(ask: Asking, make: Makers) -> None:
    """Who made sure of a contact point, and when, stands beside it; it can be taken back."""
    one = await make.customer()
    key = (await add(ask, one, "a@example.com"))["contactPoint"]["id"]
    point = (await act(ask, "verifyContactPoint", one, key))["contactPoint"]
    assert (point["isVerified"], point["verifiedBy"]) == (True, "agent")
    assert point["verifiedAt"]
    point = (await act(ask, "verifyContactPoint", one, key, isVerified=False))["contactPoint"]
    assert (point["isVerified"], point["verifiedAt"], point["verifiedBy"]) == (False, None, None)


async def test_primary_chosen(ask: Asking, make: Makers) -> None:
    """One contact point of each type is the primary one: the one that was chosen."""
    one = await make.customer()
    keys = [(await add(ask, one, f"{n}@example.com"))["contactPoint"]["id"] for n in "abc"]
    await add(ask, one, "+14155550123", "PHONE")
    assert (await act(ask, "choosePrimaryContactPoint", one, keys[1]))["contactPoint"]["isPrimary"]
    found = await points(ask, one)
    assert [point["value"] for point in found if point["isPrimary"]] == ["b@example.com", "+14155550123"]
    again = await act(ask, "choosePrimaryContactPoint", one, keys[1])
    assert again["customer"]["version"] == 6


async def test_primary_removed(ask: Asking, make: Makers) -> None:
    """Where the primary one is removed, a verified one of its type takes its place, or else the oldest."""
    one = await make.customer()
    keys = [(await add(ask, one, f"{n}@example.com", isVerified=n == "c"))["contactPoint"]["id"] for n in "abcd"]
    for key, primary in ((keys[0], "c@example.com"), (keys[2], "b@example.com")):
        assert (await act(ask, "removeContactPoint", one, key, "removedId"))["removedId"] == key
        assert [point["value"] for point in await points(ask, one) if point["isPrimary"]] == [primary]
    await act(ask, "removeContactPoint", one, keys[1], "removedId")
    await act(ask, "removeContactPoint", one, keys[3], "removedId")
    assert await points(ask, one) == []


async def test_old_points_have_ids(ask: Asking, make: Makers) -> None:
    """Contact points from before there were ids have some that stay; one of each type is primary once they change."""
    one = await make.customer()
    for n in "abc":
        await contact_point(make, one, f"{n}@example.com")
    before = {point["value"]: point["id"] for point in await points(ask, one, "id value")}
    assert len(set(before.values())) == 3
    await act(ask, "removeContactPoint", one, before["a@example.com"], "removedId")
    added = (await add(ask, one, "d@example.com"))["contactPoint"]["id"]
    after = {point["value"]: point["id"] for point in await points(ask, one, "id value")}
    assert after == {name: key for name, key in before.items() if name != "a@example.com"} | {"d@example.com": added}
    assert len({*before.values(), added}) == 4
    assert [point["isPrimary"] for point in await points(ask, one)] == [True, False, False]


async def test_ids_carry_nothing(ask: Asking, make: Makers) -> None:
    """The ids of two customers' equal contact points differ: nobody finds a number by trying."""
    keys = set()
    for _ in range(2):
        one = await make.customer(contact_points=[{"type": "EMAIL", "value": "a@example.com", "postal": None, **SEEN}])
        keys |= {point["id"] for point in await points(ask, one, "id")}
        keys.add((await add(ask, one, "b@example.com"))["contactPoint"]["id"])
    assert len(keys) == 4


async def test_point_unknown(ask: Asking, make: Makers) -> None:
    """A contact point of another customer, or none, is not found."""
    one, two = await make.customer(), await make.customer()
    others = (await add(ask, two, "a@example.com"))["contactPoint"]["id"]
    for mutation in ("editContactPoint", "verifyContactPoint", "choosePrimaryContactPoint", "removeContactPoint"):
        for given in ({"id": others}, {"id": UNKNOWN}, {"id": "junk"}):
            assert (await refused(ask, mutation, customerId=one.id, version=1, **given)) == ("NOT_FOUND", "input.id")
        gone = await refused(ask, mutation, customerId=GONE, version=1, id=others)
        assert gone == ("NOT_FOUND", "input.customerId")
        assert await may(ask, mutation, customerId=GONE, version=1, id=others) == STAFF
    assert await may(ask, "addContactPoint", customerId=GONE, type="EMAIL", value="a@example.com") == STAFF


async def test_staff_hidden_from_visitor(ask: Asking, make: Makers) -> None:
    """A visitor sees the own contact points, and not who of the staff had to do with them; a partner the reverse."""
    one = await make.customer()
    await add(ask, one, "a@example.com", isVerified=True)
    fields = "value isVerified verifiedBy observedBy hiddenFields"
    (own,) = await points(ask, one, fields, **visitor(one))
    unseen = {"verifiedBy": None, "observedBy": None, "hiddenFields": ["verifiedBy", "observedBy"]}
    assert own == {"value": "a@example.com", "isVerified": True} | unseen
    (theirs,) = await points(ask, one, fields, **PARTNER)
    assert (theirs["value"], theirs["verifiedBy"], theirs["hiddenFields"]) == (None, "agent", ["value"])


# What a source says again


async def test_removed_point_stays_away(ask: Asking, store: Store) -> None:
    """What people removed or replaced does not come back by a source, until people add it again."""
    said = replace(PERSON, reaches=tuple(Reach(type="EMAIL", value=f"{n}@example.com") for n in "abc"))
    await bring(store, said)
    one = Made((await the_customer(store))["_id"])
    a, b, c = (point["id"] for point in await points(ask, one, "id"))
    await act(ask, "removeContactPoint", one, a, "removedId")
    await act(ask, "editContactPoint", one, b, value="new@example.com")
    await act(ask, "choosePrimaryContactPoint", one, c)
    assert outcomes(await bring(store, said, at=AT + DAY)) == ["unchanged"]
    found = await points(ask, one, "id value isPrimary")
    assert found == [
        {"id": c, "value": "c@example.com", "isPrimary": True},
        {"id": b, "value": "new@example.com", "isPrimary": False},
    ]
    await add(ask, one, "A@example.com")
    assert (await the_customer(store))["removed"]["contact_points"] == ["EMAIL:b@example.com"]


async def test_source_adds_to_people(ask: Asking, store: Store) -> None:
    """What a source says newly is added; what it says of people's own value changes neither address nor doubt."""
    await bring(store, PERSON)
    one = Made((await the_customer(store))["_id"])
    parts = {"street": "Main Street 1", "city": "Ulm"}
    await add(ask, one, None, "POSTAL", postal=parts)
    key = (await add(ask, one, "a@example.com"))["contactPoint"]["id"]
    reaches = (
        Reach(type="POSTAL", value="Main Street 1, Ulm", postal={"city": "Bonn"}),
        Reach(type="EMAIL", value="a@example.com", is_verified=True),
        Reach(type="EMAIL", value="b@example.com"),
    )
    await bring(store, replace(PERSON, reaches=reaches), at=AT + DAY)
    found = await points(ask, one, "value isVerified postal { city }")
    assert [point["isVerified"] for point in found] == [True, False, False]
    assert found[2]["postal"] == {"city": "Ulm"}
    await act(ask, "verifyContactPoint", one, key, isVerified=False)
    assert outcomes(await bring(store, replace(PERSON, reaches=reaches), at=AT + DAY)) == ["unchanged"]
