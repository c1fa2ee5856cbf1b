"""Does every value know where it was observed, when, and whether it is verified?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.company import Class
from adapters.contract.records import Reach
from adapters.mongo import Store
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made
from tests.taking_in import LEANING, PERSON, PLACE, bring, the_customer
from tests.walking import read

SOURCE = "shop/main"
# Of each kind of value, what says where it is from, when, and whether it is verified.
TOLD = {
    "attributes": "observedFrom observedAt isVerified",
    "contactPoints": "observedFrom observedAt isVerified",
    "identities": "claimedBy firstSeenAt claim",
    "tags": "observedFrom addedAt",
    "customData": "observedFrom addedAt",
    "interests { nodes": "observedFrom observedAt",
    "consents": "means at recordedAt",
    "channelPreferences": "setBy setAt",
}
BY_SOURCE = replace(
    PERSON,
    tags=("golf",),
    labels=("VIP",),
    custom_data={"size": "M"},
    reaches=(Reach(type="EMAIL", value="ann@example.com"),),
)


@pytest.fixture
async def known(ask: Asking, store: Store) -> Made:
    """Somebody of whom a source said one thing of each kind, and an agent another."""
    await bring(store, Class(name="VIP"), Class(name="Gold"), PLACE, BY_SOURCE, LEANING)
    one = Made((await the_customer(store))["_id"])
    of = {"customerId": one.id}
    gold = next(label for label in await store.find(store.records["labels"], {}) if label["name"] == "Gold")
    steps: list[tuple[str, dict[str, Any]]] = [
        ("addTag", of | {"word": "silver"}),
        ("addCustomData", of | {"name": "shoe", "value": "9"}),
        ("labelCustomer", of | {"labelId": global_id("Label", gold["_id"])}),
        ("addContactPoint", of | {"type": "EMAIL", "value": "lee@example.com", "isVerified": True}),
        ("linkIdentity", of | {"channel": "shop", "account": "main", "value": "agent's"}),
        ("recordConsent", of | {"purpose": "news", "status": "GRANTED", "means": "AGENT"}),
        ("setChannelPreference", of | {"channel": "email", "version": 7}),
    ]
    for mutation, given in steps:
        assert "code" not in await change(ask, mutation, "__typename", **given), mutation
    version = (await the_customer(store))["version"]
    values = [{"name": "lastName", "value": "Leigh", "isVerified": True}]
    assert "code" not in await change(ask, "editCustomer", "__typename", id=one.id, version=version, attributes=values)
    return one


@pytest.mark.parametrize("kind", TOLD)
async def test_told_of_each(ask: Asking, known: Made, kind: str) -> None:
    """Whoever reads a value reads where it is from and when, and where somebody can make sure of it whether one did."""
    found = (await read(ask, known, f"list: {kind} {{ {TOLD[kind]} }} {'}' * kind.count('{')}"))["list"]
    entries = found["nodes"] if isinstance(found, dict) else found
    assert entries
    assert [one for one in entries if None in one.values()] == []


async def test_source_and_staff_apart(ask: Asking, known: Made) -> None:
    """A source's value tells the channel account, and an agent's that it is of the staff; only the latter are sure."""
    shown = {
        "attributes": ("name", {"firstName": (SOURCE, False), "lastName": ("staff", True)}),
        "contactPoints": ("value", {"ann@example.com": (SOURCE, False), "lee@example.com": ("staff", True)}),
        "tags": ("word", {"golf": (SOURCE,), "silver": ("staff",)}),
        "customData": ("name", {"size": (SOURCE,), "shoe": ("staff",)}),
    }
    for kind, (key, expected) in shown.items():
        sure = "isVerified" if "isVerified" in TOLD[kind] else ""
        entries = (await read(ask, known, f"list: {kind} {{ {key} observedFrom {sure} }}"))["list"]
        assert {one.pop(key): tuple(one.values()) for one in entries} == expected, kind


async def test_facts_tell(ask: Asking, known: Made) -> None:
    """Among all facts there is none without where and when it was observed."""
    found = (await read(ask, known, "facts(first: 50) { nodes { category name observedFrom observedAt } }"))["facts"]
    facts = {(one["category"], one["name"]): one for one in found["nodes"]}
    assert {category for category, _ in facts} >= {"Tags", "Labels", "Custom data", "Contact points", "Consents"}
    # A consent says on which channel it was given, where it was on one.
    lacking = [name for name, one in facts.items() if not (one["observedFrom"] and one["observedAt"])]
    assert lacking == [("Consents", "news")]
    of_labels = {name: facts["Labels", name]["observedFrom"] for name in ("VIP", "Gold")}
    assert of_labels == {"VIP": SOURCE, "Gold": "staff"}


async def test_partners_are_told_no_names(ask: Asking, known: Made) -> None:
    """That a value is of the staff is told to partners, too; who of them said so stands beside it."""
    query = "query ($id: ID!) { customer(id: $id) { tags { observedFrom addedBy } } }"
    found = (await ask(query, id=known.id, as_=Role.PARTNER)).data["customer"]["tags"]
    assert [one["observedFrom"] for one in found] == [SOURCE, "staff"]
