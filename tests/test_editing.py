"""How do the staff set and clear what the configurable schema holds of one customer?"""

import asyncio
from typing import Any

import pytest

from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.crowd import attributes, definition
from tests.makers import Made, Makers
from tests.walking import PARTNER, read

ADMIN = Role.ADMINISTRATOR
VALUES = "attributes { name value observedFrom observedAt observedBy isVerified }"
EDITED = f"customer {{ displayName version isAnonymous updatedBy {VALUES} }}"
STALE = "... on StaleVersion { sentVersion storedVersion changedAttributes customer { version displayName } }"


async def edit(
    ask: Asking, of: Made, *given: dict[str, Any], version: int = 1, as_: Role = Role.AGENT, shown: str = EDITED
) -> dict[str, Any]:
    """What an edit of the customer's attributes answers."""
    return await change(ask, "editCustomer", shown, as_, id=of.id, version=version, attributes=list(given))


async def stale(ask: Asking, mutation: str, **input: Any) -> dict[str, Any]:
    """What a stale edit is told, with the customer beside it."""
    name = mutation[0].upper() + mutation[1:]
    query = f"mutation($input: {name}Input!) {{ answer: {mutation}(input: $input) {{ __typename {STALE} }} }}"
    answer = await ask(query, input=input)
    assert answer.errors == []
    return answer.data["answer"]  # type: ignore[no-any-return]


def value(name: str, value: Any, **more: Any) -> dict[str, Any]:
    """A value for an attribute."""
    return {"name": name, "value": value, **more}


async def test_values_set_and_cleared(ask: Asking, make: Makers) -> None:
    """An edit sets and clears values; names, the moment and the editor follow, and the version counts."""
    one = await make.customer("Ann", "Lee")
    customer = (await edit(ask, one, value("firstName", " Anna "), value("lastName", None)))["customer"]
    assert (customer["displayName"], customer["version"], customer["updatedBy"]) == ("Anna", 2, "agent")
    (shown,) = customer["attributes"]
    assert shown.pop("observedAt") > "2026-11-21T09:30:00Z"
    word = {"observedFrom": "staff", "observedBy": "agent", "isVerified": False}
    assert shown == {"name": "firstName", "value": "Anna", **word}


async def test_edited_found(ask: Asking, make: Makers) -> None:
    """Who was renamed is found by the new name and no longer by the old one."""
    one = await make.customer("Ann", "Lee", search=["ann", "lee"])
    await edit(ask, one, value("firstName", "Zoë"))
    for word, expected in (("zoe", 1), ("lee", 1), ("ann", 0)):
        answer = await ask("query($s: String) { customers(search: $s) { totalCount } }", s=word)
        assert answer.data["customers"]["totalCount"] == expected


async def test_nameless_anonymous(ask: Asking, make: Makers) -> None:
    """Whose name is cleared is anonymous, unless there is a contact point."""
    point = {"type": "EMAIL", "value": "a@example.com", "postal": None, "is_primary": True}
    for more, is_anonymous in (({}, True), ({"contact_points": [point]}, False)):
        one = await make.customer("Ann", None, **more)
        customer = (await edit(ask, one, value("firstName", None)))["customer"]
        assert (customer["displayName"], customer["isAnonymous"]) == (None, is_anonymous)


async def test_value_verified(ask: Asking, make: Makers) -> None:
    """A value is verified by whoever made sure of it, with or without sending it again."""
    one = await make.customer("Ann", "Lee")
    given = {"name": "firstName", "isVerified": True}, value("lastName", "Poe", isVerified=True)
    shown = (await edit(ask, one, *given))["customer"]["attributes"]
    assert [(x["value"], x["isVerified"], x["observedBy"]) for x in shown] == [
        ("Ann", True, "agent"),
        ("Poe", True, "agent"),
    ]


async def test_sent_again_unchanged(ask: Asking, make: Makers) -> None:
    """A value that is only sent again stays its source's, and what is not there is not cleared."""
    one = await make.customer("Ann", "Lee")
    customer = (await edit(ask, one, value("firstName", "Ann"), value("phoneNumber", None)))["customer"]
    assert customer["version"] == 1
    assert {shown["observedFrom"] for shown in customer["attributes"]} == {"shop/main"}
    assert "removed" not in await _stored(make, one)


async def test_numbers_normalised(ask: Asking, make: Makers) -> None:
    """A value is kept in the one form of its type."""
    one = await make.customer()
    shown = (await edit(ask, one, value("phoneNumber", "+1 (415) 555-0123")))["customer"]["attributes"]
    assert shown[-1]["value"] == "+14155550123"


async def test_stale_edit_refused(ask: Asking, make: Makers) -> None:
    """A lost update is refused with both versions, the attributes changed since by name, and the customer."""
    one = await make.customer("Ann", "Lee")
    await edit(ask, one, value("firstName", "Anna"))
    await change(ask, "addTag", "__typename", customerId=one.id, word="vip")
    await edit(ask, one, value("phoneNumber", "+14155550123"), version=3)
    found = await stale(ask, "editCustomer", id=one.id, version=2, attributes=[value("firstName", "Eve")])
    assert found == {
        "__typename": "StaleVersion",
        "sentVersion": 2,
        "storedVersion": 4,
        "changedAttributes": ["phoneNumber"],
        "customer": {"version": 4, "displayName": "Anna Lee"},
    }


@pytest.mark.parametrize(("version", "words"), [(1, "Since then were changed: firstName."), (9, "no such version")])
async def test_stale_message(ask: Asking, make: Makers, version: int, words: str) -> None:
    """The refusal says what to do, and tells names of attributes and never values."""
    one = await make.customer("Ann", "Lee")
    await edit(ask, one, value("firstName", "Secretname"))
    found = await edit(ask, one, value("firstName", "Othername"), version=version)
    assert (found["code"], found["inputPath"]) == ("STALE_VERSION", ["input", "version"])
    assert words in found["message"]
    assert found["message"].endswith("send the edit again with version 2.")
    assert "name." not in found["message"].replace("firstName.", "")


async def test_fifty_edits_at_once(ask: Asking, make: Makers) -> None:
    """Of 50 concurrent edits upon one version one is applied, and 49 are told of it."""
    one = await make.customer("Ann", "Lee")
    names = [f"Ann{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}" for n in range(50)]
    answers = await asyncio.gather(*(edit(ask, one, value("firstName", name)) for name in names))
    applied = [name for name, answer in zip(names, answers, strict=True) if answer["__typename"] != "StaleVersion"]
    assert [answer["code"] for answer in answers if "code" in answer] == ["STALE_VERSION"] * 49
    found = await read(ask, one, "firstName version")
    assert [found] == [{"firstName": applied[0], "version": 2}]


@pytest.mark.deep
async def test_fifty_edits_kept(ask: Asking, make: Makers) -> None:
    """Of 50 who each add a word to one value and send again what is refused, every word is kept."""
    await definition(make, "words", is_required=False)
    one = await make.customer()
    refusals = 0

    async def add(word: str) -> None:
        nonlocal refusals
        while True:
            seen = await _stored(make, one)
            said = seen["attributes"].get("words", "")
            answer = await edit(ask, one, value("words", f"{said} {word}"), version=seen["version"])
            if answer["__typename"] == "EditCustomerPayload":
                return
            assert answer["code"] == "STALE_VERSION"
            refusals += 1

    await asyncio.gather(*(add(f"w{n}") for n in range(50)))
    stored = await _stored(make, one)
    assert sorted(stored["attributes"]["words"].split()) == sorted(f"w{n}" for n in range(50))
    assert (stored["version"], stored["changed"]["words"]) == (51, 51)
    assert refusals > 0


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ([], "attributes"),
        ([value("shoe", 1)], "attributes.0.name"),
        ([value("firstName", "A"), value("firstName", "B")], "attributes.1.name"),
        ([value("firstName", 7)], "attributes.0.value"),
        ([value("firstName", "A"), value("phoneNumber", "secret 12")], "attributes.1.value"),
        ([value("work", "secret(12)@x")], "attributes.0.value"),
        ([value("tier", None)], "attributes.0.value"),
        ([value("firstName", None, isVerified=True)], "attributes.0.isVerified"),
        ([{"name": "firstName"}], "attributes.0.value"),
        ([{"name": "phoneNumber", "isVerified": True}], "attributes.0.value"),
    ],
)
async def test_edit_refused(ask: Asking, make: Makers, given: list[dict[str, Any]], refusal: str) -> None:
    """What breaks a rule is refused with its place and without the value, and nothing is changed."""
    await definition(make, "tier", is_required=True, default="new")
    await definition(make, "work", type=AttributeType.EMAIL)
    one = await make.customer()
    before = await _stored(make, one)
    found = await edit(ask, one, *given)
    assert (found["code"], ".".join(found["inputPath"])) == ("INVALID_INPUT", f"input.{refusal}")
    assert "secret" not in found["message"]
    assert await _stored(make, one) == before


async def test_nobody_edited(ask: Asking) -> None:
    """A customer who is not there is not edited."""
    given: dict[str, Any] = {"id": GONE, "version": 1, "attributes": [value("firstName", "A")]}
    assert await refused(ask, "editCustomer", **given) == ("NOT_FOUND", "input.id")


async def test_required_filled(ask: Asking, make: Makers) -> None:
    """Whoever is edited without a required value is given its default, or it is asked for."""
    await definition(make, "tier", is_required=True, default="new")
    one = await make.customer()
    shown = (await edit(ask, one, value("firstName", "Anna")))["customer"]["attributes"]
    assert [(x["name"], x["value"], x["observedFrom"]) for x in shown][-1] == ("tier", "new", "default")
    await definition(make, "club", is_required=True)
    found = await edit(ask, one, value("firstName", "Eve"), version=2)
    assert found["code"] == "INVALID_INPUT"
    assert "requires 'club'" in found["message"]
    answer = await edit(ask, one, value("firstName", "Eve"), value("club", "a"), version=2)
    assert answer["customer"]["version"] == 3


async def test_edit_by_role(ask: Asking, make: Makers) -> None:
    """The staff edits customers, each role the attributes that it may; administrators may always."""
    assert await may(ask, "editCustomer", id=GONE, version=1, attributes=[]) == STAFF
    for n, (roles, allowed) in enumerate(((["SUPERVISOR"], {Role.SUPERVISOR, ADMIN}), ([], {ADMIN}))):
        made = await definition(make, f"a{n}")
        rules = {"editableBy": roles}
        key = global_id("AttributeDefinition", made)
        await change(ask, "changeAttributeDefinition", "__typename", ADMIN, id=key, rules=rules)
        for role in STAFF:
            answer = await edit(ask, await make.customer(), value(f"a{n}", "x"), as_=role)
            assert answer.get("code") == (None if role in allowed else "NOT_PERMITTED")


async def test_required_of_others(ask: Asking, make: Makers) -> None:
    """A required value that the editor may not give does not stand in the way of others."""
    await definition(make, "tier", is_required=True, editable_by=["administrator"])
    one = await make.customer()
    assert (await edit(ask, one, value("firstName", "Anna")))["customer"]["version"] == 2
    assert (await edit(ask, one, value("firstName", "Eve"), version=2, as_=ADMIN))["code"] == "INVALID_INPUT"


async def test_editors_shown(ask: Asking, make: Makers) -> None:
    """The whole staff edits an attribute of which nothing else is said; nobody outside the staff ever does."""
    made = await definition(make, "tier")
    await make.store.update(DEFINITIONS, {"_id": made}, {"$unset": {"editable_by": ""}})
    answer = await ask("{ attributeDefinitions { editableBy } }")
    everyone = ["ADMINISTRATOR", "SUPERVISOR", "AGENT"]
    assert [one["editableBy"] for one in answer.data["attributeDefinitions"]] == [everyone] * 4
    key = global_id("AttributeDefinition", made)
    given: dict[str, Any] = {"id": key, "rules": {"editableBy": ["PARTNER"]}}
    assert await refused(ask, "changeAttributeDefinition", ADMIN, **given) == (
        "INVALID_INPUT",
        "input.rules.editableBy",
    )


async def test_secret_never_guessed(ask: Asking, make: Makers) -> None:
    """A secret is written, never read, and the answer does not tell whether it was the same before."""
    await definition(make, "pin", type=AttributeType.PASSWORD)
    one = await make.customer(None, None)
    for version in (1, 2):
        customer = (await edit(ask, one, value("pin", "hush-hush"), version=version))["customer"]
        assert customer["version"] == version + 1
        assert customer["attributes"][0]["value"] is None
    assert "hush-hush" not in str(await _stored(make, one))


async def test_cleared_of_removed_attribute(ask: Asking, make: Makers) -> None:
    """An attribute that bears the name of a removed one is another: that the first was cleared does not count."""
    made = await definition(make, "tier")
    one = await make.customer()
    await attributes(make, one, tier="gold")
    await edit(ask, one, value("tier", None))
    assert (await _stored(make, one))["removed"] == {"attributes": ["tier"]}
    key = global_id("AttributeDefinition", made)
    await change(ask, "removeAttributeDefinition", "__typename", ADMIN, id=key, withValues=True)
    stored = await _stored(make, one)
    assert (stored["removed"], stored["changed"]) == ({"attributes": []}, {})


async def test_editor_of_personal_values(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees that a value was edited, and not the value."""
    one = await make.customer(None, None)
    await edit(ask, one, value("firstName", "Anna"))
    found = await read(ask, one, "attributes { name value isHidden observedBy }", **PARTNER)
    assert found["attributes"] == [{"name": "firstName", "value": None, "isHidden": True, "observedBy": "agent"}]


async def _stored(make: Makers, one: Made) -> Any:
    return await make.store.first(CUSTOMERS, {"_id": one.key})
