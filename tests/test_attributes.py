"""The configurable customer schema: definitions and values."""

import asyncio
from typing import Any

import pytest

from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import DEFINITIONS, MOST_DEFINITIONS, definition_document
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change, may, refused
from tests.conftest import Asking
from tests.crowd import attributes, definition
from tests.makers import Makers
from tests.walking import PARTNER, read

ADMIN = Role.ADMINISTRATOR
SHOWN = "definition { id name label type maxLength isRequired isPersonal order choices isSystem }"
VALUES = "attributes { name label category value isHidden observedFrom isVerified }"


async def _added(ask: Asking, name: str = "tier", type: str = "STRING", **rules: Any) -> dict[str, Any]:
    found = await change(ask, "addAttributeDefinition", SHOWN, ADMIN, name=name, type=type, rules=rules)
    return found["definition"]  # type: ignore[no-any-return]


async def test_system_definitions(ask: Asking) -> None:
    """`firstName`, `lastName` and the phone number are the system's own, and personal."""
    answer = await ask("{ attributeDefinitions { name isSystem isPersonal } }")
    assert answer.data["attributeDefinitions"] == [
        {"name": name, "isSystem": True, "isPersonal": True} for name in ("firstName", "lastName", "phoneNumber")
    ]


async def test_definitions_in_order(ask: Asking, make: Makers) -> None:
    """Every attribute definition, in its order, then by name."""
    for name, order in (("b", 50), ("a", 50), ("c", 0)):
        await definition(make, name, order=order)
    answer = await ask("{ attributeDefinitions { name } }", as_=Role.PARTNER)
    names = [one["name"] for one in answer.data["attributeDefinitions"]]
    assert names == ["c", "firstName", "lastName", "phoneNumber", "a", "b"]


async def test_definition_added(ask: Asking) -> None:
    """An administrator adds an attribute with its rules."""
    found = await _added(ask, label="Tier", maxLength=9, isRequired=True)
    assert found["id"]
    assert found | {"id": ""} == {
        "id": "",
        "name": "tier",
        "label": "Tier",
        "type": "STRING",
        "maxLength": 9,
        "isRequired": True,
        # Whoever forgets to say so has hidden it.
        "isPersonal": True,
        "order": 100,
        "choices": [],
        "isSystem": False,
    }


async def test_added_at_once(ask: Asking) -> None:
    """What was added is read at once, also by its id."""
    found = await _added(ask)
    answer = await ask("query($id: ID!) { node(id: $id) { ... on AttributeDefinition { name } } }", id=found["id"])
    assert answer.data["node"] == {"name": "tier"}


async def test_default_settled(ask: Asking) -> None:
    """A default is kept in the one form of its type, and a matching role by its name."""
    rules = {"default": "Ann@Example.com", "matchingRole": "EMAIL"}
    shown = "definition { default matchingRole }"
    given = {"name": "work", "type": "EMAIL", "rules": rules}
    found = await change(ask, "addAttributeDefinition", shown, ADMIN, **given)
    assert found["definition"] == {"default": "ann@example.com", "matchingRole": "EMAIL"}


@pytest.mark.parametrize("name", ["tier", "firstName"])
async def test_definition_twice(ask: Asking, name: str) -> None:
    """A name stands for one attribute, the system's own included."""
    await _added(ask)
    refusal = await refused(ask, "addAttributeDefinition", ADMIN, name=name, type="NUMBER")
    assert refusal == ("CONFLICT", "input.name")


async def test_definition_added_elsewhere(ask: Asking, make: Makers) -> None:
    """An attribute that another process added meanwhile is a conflict."""
    await ask("{ attributeDefinitions { name } }")
    await make.store._database[DEFINITIONS.name].insert_one(dict(definition_document(name="tier", label="Tier")))
    assert await refused(ask, "addAttributeDefinition", ADMIN, name="tier", type="NUMBER") == ("CONFLICT", "input.name")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"name": "Loyalty Tier"}, "name"),
        ({"type": "CHOICE"}, "rules.choices"),
        ({"rules": {"pattern": "("}}, "rules.pattern"),
        ({"rules": {"label": None}}, "rules.label"),
        ({"rules": {"isPersonal": None}}, "rules.isPersonal"),
    ],
)
async def test_definition_refused(ask: Asking, given: dict[str, Any], place: str) -> None:
    """A definition that contradicts itself is refused, with its place in the input."""
    refusal = await refused(ask, "addAttributeDefinition", ADMIN, **({"name": "tier", "type": "STRING"} | given))
    assert refusal == ("INVALID_INPUT", f"input.{place}")


async def test_most_definitions(ask: Asking, make: Makers) -> None:
    """The schema has a bounded number of attributes."""
    many = [definition_document(name=f"a{n}", label="A") for n in range(MOST_DEFINITIONS - 3)]
    await make.store.insert(DEFINITIONS, *many)
    assert (await refused(ask, "addAttributeDefinition", ADMIN, name="more", type="STRING"))[0] == "CONFLICT"


async def test_definition_changed(ask: Asking) -> None:
    """What is left out stays as it is; what is null is taken away."""
    old = await _added(ask, label="Tier", maxLength=9)
    rules = {"order": 1, "maxLength": None}
    found = await change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=old["id"], rules=rules)
    assert found["definition"] == old | {"order": 1, "maxLength": None}


async def test_system_changed(ask: Asking) -> None:
    """The system's own attributes take other rules."""
    key = global_id("AttributeDefinition", DEFINITIONS.id_of({"name": "firstName"}))
    found = await change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules={"label": "Given name"})
    assert found["definition"]["label"] == "Given name"
    assert found["definition"]["isSystem"] is True


@pytest.mark.parametrize(
    ("type", "value", "rules", "count"),
    [
        ("STRING", "golden", {"maxLength": 4}, 1),
        ("STRING", "gold", {"maxLength": 4}, 0),
        ("STRING", "gold", {"pattern": "[0-9]+|silver"}, 1),
        ("STRING", "123", {"pattern": "[0-9]+"}, 0),
        ("CHOICE", "Gold", {"choices": ["Silver"]}, 1),
        ("CHOICE", "Gold", {"choices": ["Silver", "Gold"]}, 0),
    ],
)
async def test_change_that_breaks(
    ask: Asking, make: Makers, type: str, value: str, rules: dict[str, Any], count: int
) -> None:
    """A change of the rules says how many stored values it would break, and is refused."""
    old = await _added(ask, type=type, **({"choices": ["Gold"]} if type == "CHOICE" else {}))
    await attributes(make, await make.customer(), tier=value)
    found = await change(ask, "changeAttributeDefinition", "__typename", ADMIN, id=old["id"], rules=rules)
    assert found.get("code") == ("CONFLICT" if count else None)
    assert found.get("message", "0 customers").startswith(f"{count} customers")


@pytest.mark.parametrize("pattern", ["[\\u00c0-\\u017f]+", "a\0b", "\\N{DASH}"])
async def test_pattern_of_database(ask: Asking, make: Makers, pattern: str) -> None:
    """A pattern that the database cannot read is refused, whether there are values or none."""
    refusal = ("INVALID_INPUT", "input.rules.pattern")
    given: dict[str, Any] = {"name": "tier", "type": "STRING", "rules": {"pattern": pattern}}
    assert await refused(ask, "addAttributeDefinition", ADMIN, **given) == refusal
    old = await _added(ask)
    await attributes(make, await make.customer(), tier="gold")
    assert await refused(ask, "changeAttributeDefinition", ADMIN, id=old["id"], rules={"pattern": pattern}) == refusal


async def test_changes_at_once_kept(ask: Asking) -> None:
    """Of several changes at once every one is kept, or its sender is told of a conflict."""
    old = await _added(ask, isPersonal=False)
    rules: list[dict[str, Any]] = [{"isPersonal": True}, {"order": 7}, {"maxLength": 33}, {"category": "Y"}]
    sent = [change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=old["id"], rules=one) for one in rules]
    for answer, rule in zip(await asyncio.gather(*sent), rules, strict=True):
        assert answer.get("code") in {None, "CONFLICT"}
        if "code" not in answer:
            (given,) = rule.items()
            found = await ask("{ attributeDefinitions { name isPersonal order maxLength category } }")
            assert given in next(one for one in found.data["attributeDefinitions"] if one["name"] == "tier").items()


async def test_system_changes_at_once_kept(ask: Asking) -> None:
    """The same of a definition of the system's own, which nobody had changed before."""
    key = global_id("AttributeDefinition", DEFINITIONS.id_of({"name": "lastName"}))
    rules: list[dict[str, Any]] = [{"isPersonal": False}, {"order": 7}, {"label": "Surname"}]
    await asyncio.gather(*(change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules=one) for one in rules))
    found = await change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules={})
    assert [found["definition"][name] for name in ("isPersonal", "order", "label")] == [False, 7, "Surname"]


async def test_change_of_held_copy(ask: Asking, make: Makers) -> None:
    """What another process changed a moment ago stays, also in a definition from before there were versions."""
    old = await _added(ask, isPersonal=False)
    await ask("{ attributeDefinitions { name } }")
    elsewhere = {"$set": {"is_personal": True}, "$unset": {"version": ""}}
    await make.store._database[DEFINITIONS.name].update_one({"name": "tier"}, elsewhere)
    found = await change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=old["id"], rules={"order": 1})
    assert (found["definition"]["isPersonal"], found["definition"]["order"]) == (True, 1)


async def test_removed_stays_removed(ask: Asking) -> None:
    """A definition that is removed while it is changed does not come back."""
    for n in range(8):
        key = (await _added(ask, f"gone{n}"))["id"]
        given = [change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules={"order": m}) for m in range(4)]
        removal = change(ask, "removeAttributeDefinition", "removedId", ADMIN, id=key)
        *_, removed = await asyncio.gather(*given, removal)
        assert removed["removedId"] == key
        answer = await ask("query($id: ID!) { node(id: $id) { id } }", id=key)
        assert answer.data["node"] is None
        assert await refused(ask, "changeAttributeDefinition", ADMIN, id=key, rules={}) == ("NOT_FOUND", "input.id")


async def test_bound_of_many_at_once(ask: Asking, make: Makers) -> None:
    """The bound on the number of definitions holds whoever adds at the same time."""
    many = [definition_document(name=f"a{n}", label="A") for n in range(MOST_DEFINITIONS - 5)]
    await make.store.insert(DEFINITIONS, *many)
    sent = [change(ask, "addAttributeDefinition", SHOWN, ADMIN, name=f"b{n}", type="STRING") for n in range(12)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.get("code", "") for answer in answers) == ["", ""] + ["CONFLICT"] * 10
    assert await make.store.count(DEFINITIONS, {}) == MOST_DEFINITIONS - 3


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("a(?i)b", "aB", "AB"),
        (r"\Qa.b\E", "a.b", "axb"),
        (r"\Qa.b", "a.b", "axb"),
        (r"(?i)[a-z].*", "Gold", "1"),
        ("(?i)gold|silver", "SILVER", "golden"),
        (r"\p{Greek}+", "βγ", "abc"),
        (r"[^\x00-\x{ff}]", "李", "a"),
    ],
)
async def test_pattern_of_both(ask: Asking, make: Makers, pattern: str, good: str, bad: str) -> None:
    """What RE2 and the database both read is a pattern, and both read it alike."""
    old = await _added(ask, pattern=pattern, default=good)
    await attributes(make, await make.customer(), tier=good)
    rules: dict[str, Any] = {"pattern": pattern}
    assert "definition" in await change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=old["id"], rules=rules)
    await attributes(make, await make.customer(), tier=bad)
    assert (await refused(ask, "changeAttributeDefinition", ADMIN, id=old["id"], rules=rules))[0] == "CONFLICT"
    rules = {"default": bad}
    answer = await refused(ask, "changeAttributeDefinition", ADMIN, id=old["id"], rules=rules)
    assert answer == ("INVALID_INPUT", "input.rules.default")


@pytest.mark.parametrize(("pattern", "words"), [("(?=a)", "RE2 cannot read"), ("(?P<1a>a)", "the database (PCRE)")])
async def test_pattern_of_one(ask: Asking, pattern: str, words: str) -> None:
    """A pattern that one of its two readers cannot read is refused in words that quote it and say which."""
    given: dict[str, Any] = {"name": "tier", "type": "STRING", "rules": {"pattern": pattern}}
    found = await change(ask, "addAttributeDefinition", SHOWN, ADMIN, **given)
    assert found["code"] == "INVALID_INPUT"
    assert words in found["message"]
    assert repr(pattern) in found["message"]


async def test_definition_removed(ask: Asking) -> None:
    """An attribute that nobody has a value of is removed."""
    old = await _added(ask)
    found = await change(ask, "removeAttributeDefinition", "removedId valuesRemoved", ADMIN, id=old["id"])
    assert (found["removedId"], found["valuesRemoved"]) == (old["id"], 0)
    assert len((await ask("{ attributeDefinitions { name } }")).data["attributeDefinitions"]) == 3


async def test_removed_with_values(ask: Asking, make: Makers) -> None:
    """An attribute that has values is removed with them or not at all."""
    old, one = await _added(ask), await make.customer()
    await attributes(make, one, tier="gold")
    assert await refused(ask, "removeAttributeDefinition", ADMIN, id=old["id"]) == ("CONFLICT", "input.withValues")
    found = await change(ask, "removeAttributeDefinition", "valuesRemoved", ADMIN, id=old["id"], withValues=True)
    assert found["valuesRemoved"] == 1
    stored = await make.store.first(CUSTOMERS, {"_id": one.key})
    assert "tier" not in stored["attributes"]
    assert "tier" not in stored["observed"]


async def test_system_stays(ask: Asking) -> None:
    """The system's own attributes cannot be removed."""
    key = global_id("AttributeDefinition", DEFINITIONS.id_of({"name": "firstName"}))
    assert await refused(ask, "removeAttributeDefinition", ADMIN, id=key, withValues=True) == ("CONFLICT", "input.id")


async def test_definition_unknown(ask: Asking) -> None:
    """A definition that is not there can be neither changed nor removed."""
    for key in (global_id("AttributeDefinition", CUSTOMERS.id_of({})), global_id("Label", CUSTOMERS.id_of({})), "x"):
        assert await refused(ask, "changeAttributeDefinition", ADMIN, id=key, rules={}) == ("NOT_FOUND", "input.id")
        assert await refused(ask, "removeAttributeDefinition", ADMIN, id=key) == ("NOT_FOUND", "input.id")


async def test_schema_by_role(ask: Asking) -> None:
    """Administrators alone shape the customer schema."""
    assert await may(ask, "addAttributeDefinition", name="tier", type="STRING") == {ADMIN}
    assert await may(ask, "changeAttributeDefinition", id="x", rules={}) == {ADMIN}
    assert await may(ask, "removeAttributeDefinition", id="x") == {ADMIN}


async def test_values_in_order(ask: Asking, make: Makers) -> None:
    """What the schema holds for the customer, in its order; empty ones are left out."""
    await definition(make, "tier", order=0)
    await definition(make, "unset")
    one = await make.customer("Ann", None)
    await attributes(make, one, tier="gold")
    usual = {"category": "Profile", "isHidden": False, "observedFrom": "shop/main", "isVerified": False}
    assert (await read(ask, one, VALUES))["attributes"] == [
        {"name": "tier", "label": "Tier", "value": "gold"} | usual,
        {"name": "firstName", "label": "First name", "value": "Ann"} | usual,
    ]


async def test_personal_values_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope is shown that there is a personal value, not which."""
    await definition(make, "tier", is_personal=False)
    one = await make.customer("Ann", None)
    await attributes(make, one, tier="gold")
    found = (await read(ask, one, "attributes { name value isHidden }", **PARTNER))["attributes"]
    assert {"name": "firstName", "value": None, "isHidden": True} in found
    assert {"name": "tier", "value": "gold", "isHidden": False} in found


async def test_secrets_unread(ask: Asking, make: Makers) -> None:
    """A PASSWORD is written and never read, by nobody."""
    await definition(make, "pin", type=AttributeType.PASSWORD)
    one = await make.customer(None, None)
    await attributes(make, one, pin="scrypt:00:00")
    for who in ({"as_": ADMIN}, PARTNER):
        found = await read(ask, one, "attributes { name value }", **who)
        assert found["attributes"] == [{"name": "pin", "value": None}]


async def test_required_of_those_there(ask: Asking, make: Makers) -> None:
    """An attribute that customers lack cannot be required of them."""
    await make.customer()
    answer = await refused(
        ask, "addAttributeDefinition", as_=ADMIN, name="must", type="STRING", rules={"isRequired": True}
    )
    assert answer == ("CONFLICT", "input.rules.isRequired")
    # With a default nobody lacks it for long.
    rules = {"isRequired": True, "default": "gold"}
    shown = await change(ask, "addAttributeDefinition", SHOWN, ADMIN, name="must", type="STRING", rules=rules)
    assert shown["definition"]["isRequired"]


@pytest.mark.parametrize(
    "rules", [{"isSearchable": True}, {"isChannelIdentifier": True}, {"matchingRole": "PHONE"}], ids=str
)
async def test_nobody_found_by_secret(ask: Asking, rules: dict[str, Any]) -> None:
    """A secret takes part in no search, no identity and no matching: its hash would be told bit by bit."""
    place = next(iter(rules))
    answer = await refused(ask, "addAttributeDefinition", as_=ADMIN, name="pin", type="PASSWORD", rules=rules)
    assert answer == ("INVALID_INPUT", f"input.rules.{place}")


async def test_pattern_costs_no_time(ask: Asking) -> None:
    """A pattern that would hold a backtracking engine for days is answered at once."""
    rules = {"pattern": "(a+)+", "default": "a" * 60 + "!"}
    answer = await asyncio.wait_for(
        refused(ask, "addAttributeDefinition", as_=ADMIN, name="slow", type="STRING", rules=rules), 5
    )
    assert answer == ("INVALID_INPUT", "input.rules.default")


async def test_unbalanced_pattern(ask: Asking) -> None:
    """A pattern that is one only with brackets around it is none."""
    rules = {"pattern": "a)|(?:b"}
    answer = await refused(ask, "addAttributeDefinition", as_=ADMIN, name="odd", type="STRING", rules=rules)
    assert answer == ("INVALID_INPUT", "input.rules.pattern")
