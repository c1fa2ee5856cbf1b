"""Is what cannot be done refused as data, in words that say what to do and tell nobody's values?"""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.records import new_id
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import GONE, change
from tests.conftest import Asking
from tests.crowd import contact_point, definition, double, label
from tests.makers import Makers
from tests.merging.conftest import MERGE, undoing

PERSONAL = ("Annabel", "Zimmermann", "Hannah", "+4915112345678", "ann@example.com", "gold-4711")
ADMINISTRATOR = {"role": Role.ADMINISTRATOR}
NUMBER = {"channel": "whatsapp", "account": "main", "value": "+4915112345678"}
WORD = {"purpose": "news", "status": "GRANTED", "means": "FORM"}


@pytest.fixture
async def ids(ask: Asking, make: Makers) -> Mapping[str, str]:
    """A world in which much has been done already, and the ids of what it holds, by word."""
    await make.channel("whatsapp")
    ann, anna, old, both, others = [
        await make.customer(*names)
        for names in (("Annabel", "Zimmermann"), ("Hannah", None), ("Old", None), ("Both", None), ("Others", None))
    ]
    tier = await definition(make, "tier")
    await make.store.update(CUSTOMERS, {"_id": ann.key}, {"$set": {"attributes.tier": "gold-4711"}})
    await contact_point(make, ann, "ann@example.com")
    bob = await make.agent("Bob")
    await make.store.update(CUSTOMERS, {"_id": anna.key}, {"$set": {"assigned_agent_id": bob}})
    vip = await label(make)
    done: list[tuple[str, str, dict[str, Any]]] = [
        ("PARENT", "addRelationType relationType", {"name": "parent of", "inverseName": "child of", **ADMINISTRATOR}),
        ("IDENTITY", "linkIdentity identity", NUMBER | {"customerId": ann.id}),
        ("ACCOUNT", "addCustomerAccount customerAccount", {"customerId": ann.id, "name": "gas", "number": "G1"}),
        ("EARLY", "mergeCustomers merge", {"survivorId": both.id, "otherIds": [old.id]}),
        ("LATER", "mergeCustomers merge", {"survivorId": ann.id, "otherIds": [both.id]}),
        ("UNDONE", "mergeCustomers merge", {"survivorId": anna.id, "otherIds": [others.id]}),
    ]
    found = {"ANN": ann.id, "ANNA": anna.id, "OLD": old.id, "BOTH": both.id, "OTHERS": others.id, "GONE": GONE}
    found |= {"VIP": global_id("Label", vip), "TIER": global_id("AttributeDefinition", tier)}
    found["FIRST"] = global_id("AttributeDefinition", DEFINITIONS.id_of({"name": "firstName"}))
    found["DISMISSED"] = global_id("DuplicateSuggestion", await double(make, is_dismissed=True))
    found["NOBODY"] = global_id("Customer", new_id())
    for name, what, given in done:
        mutation, field = what.split()
        role = given.pop("role", Role.AGENT)
        found[name] = (await change(ask, mutation, f"{field} {{ id }}", role, **given))[field]["id"]
    again: list[tuple[str, dict[str, Any]]] = [
        ("unmergeCustomers", await undoing(ask, found["UNDONE"])),
        ("relateCustomers", {"customerId": ann.id, "otherId": anna.id, "typeId": found["PARENT"]}),
        ("labelCustomer", {"customerId": ann.id, "labelId": found["VIP"]}),
        ("addTag", {"customerId": ann.id, "word": "golf"}),
        ("addCustomData", {"customerId": ann.id, "name": "size", "value": "gold-4711"}),
        ("recordConsent", {"customerId": ann.id, **WORD, "status": "DENIED", "at": "2026-01-01T00:00:00Z"}),
        ("verifyIdentity", {"id": found["IDENTITY"]}),
    ]
    for mutation, given in again:
        assert "code" not in await change(ask, mutation, "__typename", **given)
    return found


def _merge(*others: str, into: str = "ANN", **more: Any) -> dict[str, Any]:
    return {"survivorId": into, "otherIds": list(others), **more}


def _undo(merge: str, *choices: str) -> dict[str, Any]:
    return {"mergeId": merge, "version": 0, "resolutions": [{"field": "nose", "choice": one} for one in choices]}


def _choice(choice: str, name: str = "firstName", **more: Any) -> dict[str, Any]:
    return {"attributes": [{"name": name, "choice": choice, **more}]}


def _rules(of: str, **rules: Any) -> dict[str, Any]:
    return {"id": of, "rules": rules, **ADMINISTRATOR}


def _edit(value: Any, name: str = "tier", version: int = 0) -> dict[str, Any]:
    return {"id": "ANN", "version": version, "attributes": [{"name": name, "value": value}]}


CASES: list[tuple[str, dict[str, Any], str, str, tuple[str, ...]]] = [
    # Merging
    ("mergeCustomers", _merge("ANN"), "CONFLICT", "otherIds", ("ANN", "the survivor", "into itself", "Leave it out")),
    ("mergeCustomers", _merge("OLD"), "CONFLICT", "otherIds", ("OLD", "ANN", "one customer already", "Leave it out")),
    ("mergeCustomers", _merge("ANNA", into="OLD") | {"otherIds": ["BOTH"]}, "CONFLICT", "otherIds", ("BOTH", "OLD")),
    ("mergeCustomers", _merge("ANN", "OLD", into="ANNA"), "CONFLICT", "otherIds", ("OLD", "ANN", "Leave it out")),
    ("mergeCustomers", _merge("ANNA", "ANNA"), "CONFLICT", "otherIds", ("ANNA", "named twice", "once")),
    ("mergeCustomers", _merge(), "INVALID_INPUT", "otherIds", ("empty", "Name at least one")),
    ("mergeCustomers", _merge(*["ANNA"] * 11), "INVALID_INPUT", "otherIds", ("11", "1 to 10", "several steps")),
    ("mergeCustomers", _merge("NOBODY"), "NOT_FOUND", "otherIds", ("Check the id",)),
    ("mergeCustomers", _merge("ANNA", into="GONE"), "NOT_FOUND", "survivorId", ("Check the id",)),
    ("mergeCustomers", _merge("VIP"), "NOT_FOUND", "otherIds", ("belong to another type",)),
    (
        "mergeCustomers",
        _merge("ANNA", **_choice("KEEP", "nose")),
        "INVALID_INPUT",
        "attributes",
        ("'nose'", "names those"),
    ),
    ("mergeCustomers", _merge("ANNA", **_choice("COMBINE")), "INVALID_INPUT", "attributes", ("NAME", "Take one")),
    (
        "mergeCustomers",
        _merge("ANNA", **_choice("TAKE", "tier")),
        "INVALID_INPUT",
        "attributes",
        ("Keep the survivor",),
    ),
    (
        "mergeCustomers",
        _merge("ANNA", **_choice("TAKE", fromId="OTHERS")),
        "INVALID_INPUT",
        "attributes",
        ("none of `otherIds`", "Name one"),
    ),
    (
        "mergeCustomers",
        _merge("ANNA", **_choice("KEEP", fromId="ANNA")),
        "INVALID_INPUT",
        "attributes.fromId",
        ("KEEP", "Leave it out"),
    ),
    ("mergeCustomers", _merge("ANNA", reason="x" * 1001), "INVALID_INPUT", "reason", ("1001", "1 to 1000")),
    (
        "mergeCustomers",
        _merge("ANNA", versions=[{"id": "ANNA", "version": 77}]),
        "CONFLICT",
        "versions",
        ("77", "Look at the preview"),
    ),
    (
        "mergeCustomers",
        _merge("ANNA", versions=[{"id": "OTHERS", "version": 1}]),
        "INVALID_INPUT",
        "versions",
        ("OTHERS", "Leave that one out"),
    ),
    # Unmerging
    ("unmergeCustomers", _undo("UNDONE"), "CONFLICT", "mergeId", ("undone on 2026-11-21", "nothing to do")),
    ("unmergeCustomers", _undo("EARLY"), "CONFLICT", "mergeId", ("LATER", "Undo that one first")),
    ("unmergeCustomers", _undo("ANN"), "NOT_FOUND", "mergeId", ("Check the id",)),
    ("unmergeCustomers", _undo("nonsense"), "NOT_FOUND", "mergeId", ("Check the id",)),
    ("unmergeCustomers", _undo("LATER", "KEEP"), "INVALID_INPUT", "resolutions.0", ("'nose'", "Leave it out")),
    ("unmergeCustomers", _undo("LATER", "KEEP", "KEEP"), "INVALID_INPUT", "resolutions.1", ("twice", "once for each")),
    # The schema, and values against it
    (
        "removeAttributeDefinition",
        {"id": "FIRST", **ADMINISTRATOR},
        "CONFLICT",
        "id",
        ("'firstName'", "Leave its values"),
    ),
    (
        "removeAttributeDefinition",
        {"id": "TIER", **ADMINISTRATOR},
        "CONFLICT",
        "withValues",
        ("1 customers", "withValues"),
    ),
    ("changeAttributeDefinition", _rules("FIRST", pattern="[0-9]+"), "CONFLICT", "rules", ("break", "Mend those")),
    ("changeAttributeDefinition", _rules("TIER", maxLength=3), "CONFLICT", "rules", ("1 customers", "widen the rules")),
    (
        "changeAttributeDefinition",
        _rules("TIER", isRequired=True),
        "CONFLICT",
        "rules.isRequired",
        ("`default`", "import"),
    ),
    (
        "addAttributeDefinition",
        {"name": "size", "type": "STRING", "rules": {"isRequired": True}, **ADMINISTRATOR},
        "CONFLICT",
        "rules.isRequired",
        ("`default`", "add it without `isRequired`, give its values, then change it"),
    ),
    ("changeAttributeDefinition", _rules("TIER", choices=["a"]), "INVALID_INPUT", "rules.choices", ("type CHOICE",)),
    (
        "changeAttributeDefinition",
        _rules("TIER", pattern="(?=a)b"),
        "INVALID_INPUT",
        "rules.pattern",
        ("(?=a)b", "Write it"),
    ),
    (
        "changeAttributeDefinition",
        _rules("TIER", pattern="(a{50}){50}"),
        "INVALID_INPUT",
        "rules.pattern",
        ("(a{50}){50}", "Write it"),
    ),
    (
        "addAttributeDefinition",
        {"name": "firstName", "type": "STRING", **ADMINISTRATOR},
        "CONFLICT",
        "name",
        ("'firstName'", "Change that one"),
    ),
    (
        "editCustomer",
        _edit("gold", version=77),
        "STALE_VERSION",
        "version",
        ("77", "Compare with", "send the edit again"),
    ),
    ("editCustomer", _edit("gold", "nose"), "INVALID_INPUT", "attributes.0.name", ("'nose'", "says which there are")),
    ("editCustomer", _edit("+49 nonsense", "phoneNumber"), "INVALID_INPUT", "attributes.0.value", ("Send it with",)),
    ("editCustomer", _edit("g" * 4001), "INVALID_INPUT", "attributes.0.value", ("4001", "at most 4000")),
    # What hangs on a customer
    (
        "relateCustomers",
        {"customerId": "ANN", "otherId": "ANN", "typeId": "PARENT"},
        "CONFLICT",
        "otherId",
        ("another one",),
    ),
    (
        "relateCustomers",
        {"customerId": "ANN", "otherId": "OLD", "typeId": "PARENT"},
        "CONFLICT",
        "otherId",
        ("another one",),
    ),
    (
        "relateCustomers",
        {"customerId": "ANN", "otherId": "ANNA", "typeId": "PARENT"},
        "CONFLICT",
        "otherId",
        ("nothing to do",),
    ),
    ("removeRelationType", {"id": "PARENT", **ADMINISTRATOR}, "CONFLICT", "id", ("1", "Remove them first")),
    (
        "recordConsent",
        {"customerId": "ANN", **WORD, "at": "2999-01-01T00:00:00Z"},
        "INVALID_INPUT",
        "at",
        ("2999-01-01", "leave it out"),
    ),
    (
        "recordConsent",
        {"customerId": "ANN", **WORD, "at": "2026-01-01T00:00:00Z"},
        "CONFLICT",
        "at",
        ("DENIED", "Send the moment"),
    ),
    (
        "recordConsent",
        {"customerId": "ANN", **WORD, "channel": "pigeon"},
        "INVALID_INPUT",
        "channel",
        ("'pigeon'", "one of"),
    ),
    ("labelCustomer", {"customerId": "ANN", "labelId": "VIP"}, "CONFLICT", "labelId", ("nothing to do",)),
    ("addLabel", {"name": "vip", **ADMINISTRATOR}, "CONFLICT", "name", ("'VIP'", "Choose another")),
    ("addLabel", {"name": "New", "color": "red", **ADMINISTRATOR}, "INVALID_INPUT", "color", ("'red'", "as #ffcc00")),
    ("addTag", {"customerId": "ANN", "word": "Golf"}, "CONFLICT", "word", ("nothing to do",)),
    ("addTag", {"customerId": "ANN", "word": "two words"}, "INVALID_INPUT", "word", ("Join words",)),
    (
        "addCustomData",
        {"customerId": "ANN", "name": "size", "value": "gold-4711"},
        "CONFLICT",
        "name",
        ("'size'", "Change it with `editCustomData`"),
    ),
    (
        "assignCustomer",
        {"customerId": "ANNA", "agentId": None, "version": 0},
        "NOT_PERMITTED",
        "agentId",
        ("Ask that agent",),
    ),
    (
        "assignCustomer",
        {"customerId": "ANNA", "agentId": None, "version": 99},
        "STALE_VERSION",
        "version",
        ("99", "again"),
    ),
    ("linkIdentity", NUMBER | {"customerId": "ANNA"}, "CONFLICT", "value", ("another customer", "merge them")),
    ("linkIdentity", NUMBER | {"customerId": "ANN"}, "CONFLICT", "value", ("ASSERTED", "already")),
    (
        "linkIdentity",
        NUMBER | {"customerId": "ANN", "claim": "VERIFIED"},
        "INVALID_INPUT",
        "claim",
        ("verifyIdentity",),
    ),
    (
        "linkIdentity",
        NUMBER | {"customerId": "ANN", "channel": "pigeon"},
        "INVALID_INPUT",
        "channel",
        ("'pigeon'", "Known"),
    ),
    ("verifyIdentity", {"id": "IDENTITY"}, "CONFLICT", "id", ("confirmMerge",)),
    ("identifyCustomer", NUMBER | {"value": "Annabel"}, "INVALID_INPUT", "value", ("Send it with its country code",)),
    (
        "addContactPoint",
        {"customerId": "ANN", "type": "EMAIL", "value": "ANN@example.com"},
        "CONFLICT",
        "value",
        ("already", "says which"),
    ),
    (
        "setChannelPreference",
        {"customerId": "ANN", "version": 1, "channel": "email", "wish": "REFUSED", "isPreferred": True},
        "INVALID_INPUT",
        "isPreferred",
        ("Send one of the two",),
    ),
    (
        "addCustomerAccount",
        {"customerId": "ANNA", "name": "gas", "number": "G1"},
        "CONFLICT",
        "number",
        ("linkCustomerAccount",),
    ),
    ("linkCustomerAccount", {"customerId": "ANN", "number": "G1"}, "CONFLICT", "number", ("nothing to do",)),
    (
        "editCustomerAccount",
        {"id": "ACCOUNT", "version": 9, "name": "x"},
        "STALE_VERSION",
        "version",
        ("version 9", "version 1", "Compare with"),
    ),
    ("dismissDuplicate", {"id": "DISMISSED"}, "CONFLICT", "id", ("nothing to do",)),
]


@pytest.mark.parametrize("mutation", dict.fromkeys(case[0] for case in CASES))
async def test_refusal_says_what_to_do(ask: Asking, make: Makers, ids: Mapping[str, str], mutation: str) -> None:
    """Bad input is refused with the place, the value unless it is personal, and what to do; nothing is changed."""
    before = await _everything(make)
    for given, code, path, said in [case[1:] for case in CASES if case[0] == mutation]:
        sent = {name: value for name, value in given.items() if name != "role"}
        if sent.get("version") == 0:
            sent["version"] = await _version(make, ids[sent.get("customerId") or sent.get("id", "ANN")])
        role = given.get("role", Role.AGENT)
        found = await change(ask, mutation, "__typename", role, **_with_ids(sent, ids))
        assert (found["code"], found["inputPath"]) == (code, ["input", *path.split(".")]), found["message"]
        assert [words for words in said if ids.get(words, words) not in found["message"]] == [], found["message"]
        assert [value for value in PERSONAL if value.casefold() in found["message"].casefold()] == []
    assert await _everything(make) == before


def _with_ids(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_ids(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_ids(one, ids) for one in value]
    return ids.get(value, value) if isinstance(value, str) else value


async def _everything(make: Makers) -> Any:
    store = make.store
    return {name: await store.find(record, {}, order=[("_id", 1)]) for name, record in store.records.items()}


async def _version(make: Makers, of: str) -> int:
    documents = await make.store.find(CUSTOMERS, {})
    return int(next(one["version"] for one in documents if global_id("Customer", one["_id"]) == of))


async def test_unknown_element(ask: Asking, ids: Mapping[str, str]) -> None:
    """A kind of record that there is not is named, with those that there may be meant."""
    answer = await ask(MERGE, input=_with_ids(_merge("ANNA", elements=["NOTE"]), ids))
    assert answer.data is None
    assert "'NOTE' does not exist" in answer.errors[0].message
    assert "NOTES" in answer.errors[0].message


async def test_visitors_merge_nobody(ask: Asking, ids: Mapping[str, str]) -> None:
    """Neither visitors nor partners are told whether somebody could be merged."""
    for role in (Role.VISITOR, Role.PARTNER):
        for pair in (_merge("ANNA"), _merge("NOBODY")):
            assert (await ask(MERGE, as_=role, input=_with_ids(pair, ids))).codes == ["FORBIDDEN"]
