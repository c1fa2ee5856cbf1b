"""Do suggestions tell nothing of values that the viewer may not see: neither the score, nor who is there at all?"""

import time
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers.attribute_schema import SYSTEM_DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.matching import Base, naming_definitions, sounds_kept
from resolvers.matching_base import keep_base
from resolvers.scanning import scan
from tests import crowd
from tests.changing import change
from tests.conftest import NOW, Asking
from tests.makers import Made, Makers

FEW = {"visible_to": ["supervisor"], "editable_by": ["supervisor"]}
HOME = "17 Zwetschgenweg Oberammergau"
PHONE = "+573115550187"
NAMES = ("Theodelinde", "Quackenbos")
OF_ONE = """query ($id: ID!) { customer(id: $id) { suggestions(first: 20) {
  id score isSure foundAt customers { id } reasons { role level weight } } } }"""
OF_MANY = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { suggestions { id } } } }"
LIST = """query ($isDismissed: Boolean! = false) { duplicateSuggestions(isDismissed: $isDismissed) {
  totalCount nodes { id score } } }"""
DISMISS = """mutation ($input: DismissDuplicateInput!) { dismissDuplicate(input: $input) {
  ... on Refusal { code } } }"""
NODE = "query ($id: ID!) { node(id: $id) { ... on DuplicateSuggestion { score isSure reasons { role } } } }"


async def _person(make: Makers, *names: str | None) -> Made:
    """A customer who is found by the sound of these names."""
    values = dict(zip(("firstName", "lastName"), names, strict=True))
    sounds = sounds_kept(values, naming_definitions(SYSTEM_DEFINITIONS))
    return await make.customer(*names, **({"sounds": sounds} if sounds else {}))


async def _seen(ask: Asking, one: Made, role: Role = Role.AGENT) -> list[dict[str, Any]]:
    answer = await ask(OF_ONE, as_=role, id=one.id)
    assert not answer.errors
    found: list[dict[str, Any]] = answer.data["customer"]["suggestions"]
    return found


async def _phones_are_for_few(ask: Asking) -> None:
    found = (await ask("{ attributeDefinitions { id name } }")).data["attributeDefinitions"]
    key = next(one["id"] for one in found if one["name"] == "phoneNumber")
    rules = {"isSearchable": False, "visibleTo": ["SUPERVISOR"], "editableBy": ["SUPERVISOR"]}
    await change(ask, "changeAttributeDefinition", "definition { id }", Role.ADMINISTRATOR, id=key, rules=rules)


@pytest.fixture
async def victim(ask: Asking, make: Makers) -> Made:
    """A customer of whom number and home are for supervisors."""
    await _phones_are_for_few(ask)
    await crowd.definition(make, "secretHome", matching_role="ADDRESS", **FEW)
    await keep_base(make.store, Base(size=1_000, people=1_000), NOW)
    one = await _person(make, *NAMES)
    await crowd.attributes(make, one, phoneNumber=PHONE, secretHome=HOME)
    return one


@pytest.mark.parametrize(
    ("type", "value", "names"),
    [("PHONE", PHONE, (None, None)), ("PHONE", PHONE, NAMES), ("POSTAL", HOME, NAMES)],
    ids=["number alone", "number and names", "home and names"],
)
async def test_guess_tells_nothing(
    ask: Asking, make: Makers, victim: Made, type: str, value: str, names: tuple[str | None, str | None]
) -> None:
    """A right guess of a hidden value, in a contact point of one's own, gives what no guess does."""
    told = {}
    for guess in (value, None):
        probe = await _person(make, *names)
        if guess:
            await crowd.contact_point(make, probe, guess, type=type)
        found = [one for one in await _seen(ask, probe) if victim.id in {who["id"] for who in one["customers"]}]
        told[guess] = [(one["score"], one["isSure"], one["reasons"]) for one in found]
    assert told[value] == told[None]
    assert len(told[None]) == (names[0] is not None)
    seen = [who["id"] for one in await _seen(ask, probe, Role.SUPERVISOR) for who in one["customers"]]
    assert (victim.id in seen) == bool(names[0])


async def test_right_guess_for_few(ask: Asking, make: Makers, victim: Made) -> None:
    """Whoever may see the values is told by them."""
    probe = await make.customer(None, None)
    await crowd.contact_point(make, probe, PHONE, type="PHONE")
    assert await _seen(ask, probe) == []
    (found,) = await _seen(ask, probe, Role.SUPERVISOR)
    assert {who["id"] for who in found["customers"]} == {probe.id, victim.id}
    assert await _seen(ask, probe) == []


async def test_identity_guess(ask: Asking, make: Makers, victim: Made) -> None:
    """Neither does an identity tell by whose hidden number it is, nor a number whose identity."""
    probe = await make.customer(None, None)
    await make.identity(probe, "whatsapp", PHONE)
    assert await _seen(ask, probe) == []
    assert await _seen(ask, victim) == []
    assert len(await _seen(ask, probe, Role.SUPERVISOR)) == 1


async def _pair(make: Makers) -> tuple[Made, Made]:
    """Two who are alike in their names and, for those who may see it, in number and home."""
    both = [await _person(make, *NAMES) for _ in range(2)]
    for one in both:
        await crowd.attributes(make, one, phoneNumber=PHONE, secretHome=HOME)
    return both[0], both[1]


async def test_kept_by_those_who_see(ask: Asking, make: Makers, store: Store, victim: Made) -> None:
    """What a scan has kept is shown by what the viewer's evidence gives, and stays as it was kept."""
    await store.delete(CUSTOMERS, {"_id": victim.key})
    one, _ = await _pair(make)
    await scan(store, at=NOW)
    (before,) = await store.find(PAIRS, {})
    (few,) = await _seen(ask, one)
    (all_,) = await _seen(ask, one, Role.SUPERVISOR)
    assert {reason["role"] for reason in few["reasons"]} == {"GIVEN_NAME", "FAMILY_NAME"}
    assert (few["score"] < all_["score"], few["isSure"], all_["isSure"]) == (True, False, True)
    assert await store.find(PAIRS, {}) == [before]


async def test_kept_for_few(ask: Asking, make: Makers, store: Store, victim: Made) -> None:
    """What was kept for a viewer who sees less is kept anew for one who sees more, under the same id."""
    await store.delete(CUSTOMERS, {"_id": victim.key})
    one, _ = await _pair(make)
    seen = []
    for role in (Role.AGENT, Role.SUPERVISOR, Role.AGENT):
        (told,) = await _seen(ask, one, role)
        (kept,) = await store.find(PAIRS, {})
        seen.append((told["id"], kept["probability"]))
        assert told["id"] == global_id("DuplicateSuggestion", kept["_id"])
    assert seen[0] != seen[1] == seen[2]


async def test_lists_leave_out(ask: Asking, make: Makers, victim: Made) -> None:
    """Lists whose pairs are not compared anew, and their counts, leave out those that hidden evidence speaks of."""
    reasons = [{"role": role, "level": "EXACT", "weight": 9.0} for role in ("PHONE", "EMAIL")]
    await crowd.double(make, one_id=victim.key, reasons=reasons)
    plain = await crowd.double(make, one_id=victim.key, reasons=reasons[1:])
    others = [await make.customer(f"Ann{n}") for n in range(11)]
    expected = {Role.AGENT: 1, Role.SUPERVISOR: 2}
    for role, count in expected.items():
        found = (await ask(LIST, as_=role)).data["duplicateSuggestions"]
        assert (found["totalCount"], len(found["nodes"])) == (count, count)
        nodes = (await ask(OF_MANY, as_=role, ids=[one.id for one in (victim, *others)])).data["nodes"]
        assert len(nodes[0]["suggestions"]) == count
        assert global_id("DuplicateSuggestion", plain) in {one["id"] for one in nodes[0]["suggestions"]}


@pytest.mark.usefixtures("victim")
async def test_node_tells_nothing(ask: Asking, make: Makers, store: Store) -> None:
    """By its id a pair is told to whom visible evidence speaks of it, and to nobody else; nor can it be dismissed."""
    probe = await make.customer(None, None)
    await crowd.attributes(make, probe, phoneNumber=PHONE, secretHome=HOME)
    (kept,) = await _seen(ask, probe, Role.SUPERVISOR)
    assert (await ask(NODE, id=kept["id"])).data["node"] is None
    dismiss = {"id": kept["id"]}
    assert (await change(ask, "dismissDuplicate", "suggestion { id }", **dismiss))["code"] == "NOT_FOUND"
    assert (await ask(NODE, as_=Role.SUPERVISOR, id=kept["id"])).data["node"]["score"] == kept["score"]
    await store.update(CUSTOMERS, {"_id": probe.key}, {"$set": {"attributes.firstName": NAMES[0]}})
    await store.update(CUSTOMERS, {"_id": probe.key}, {"$set": {"attributes.lastName": NAMES[1]}})
    told = (await ask(NODE, id=kept["id"])).data["node"]
    assert {one["role"] for one in told["reasons"]} == {"GIVEN_NAME", "FAMILY_NAME"}
    said = await change(ask, "dismissDuplicate", "suggestion { score }", **dismiss)
    assert said["suggestion"]["score"] == told["score"]


async def test_told_apart_stays_told(ask: Asking, make: Makers, victim: Made) -> None:
    """That somebody said of two that they are two is told whatever spoke for one, without a word of hidden evidence."""
    probe = await make.customer(None, None)
    await crowd.attributes(make, probe, phoneNumber=PHONE, secretHome=HOME)
    (kept,) = await _seen(ask, probe, Role.SUPERVISOR)
    await change(ask, "dismissDuplicate", "suggestion { id }", Role.SUPERVISOR, id=kept["id"])
    text = """query ($input: MergeCustomersInput!) { previewMerge(input: $input) { toldApart {
      dismissedBy score isSure reasons { role } } } }"""
    given = {"survivorId": victim.id, "otherIds": [probe.id]}
    (said,) = (await ask(text, input=given)).data["previewMerge"]["toldApart"]
    assert (said["dismissedBy"], said["isSure"]) == ("supervisor", False)
    assert said["score"] < 0.5 < kept["score"]
    assert said["reasons"] == []


async def test_hidden_names_find_nobody(ask: Asking, make: Makers, store: Store) -> None:
    """By the sound of a name that only some may see nobody is found, and by it again when everybody may."""
    key = await crowd.definition(make, "maidenName", matching_role="FAMILY_NAME", is_personal=False)
    one = await make.customer("Ann", None)
    await crowd.attributes(make, one, maidenName="Quackenbos")
    kept = []
    for roles in (["SUPERVISOR"], ["SUPERVISOR", "AGENT"]):
        given = {"id": global_id("AttributeDefinition", key), "rules": {"visibleTo": roles, "editableBy": []}}
        await change(ask, "changeAttributeDefinition", "definition { id }", Role.ADMINISTRATOR, **given)
        document = await store.first(CUSTOMERS, {"_id": one.key})
        assert document
        kept.append(any("|" in sound for sound in document.get("sounds") or ()))
    assert kept == [False, True]


@pytest.mark.parametrize("is_there", [True, False])
async def test_time_tells_nothing(ask: Asking, make: Makers, is_there: bool) -> None:
    """A pair that is hidden takes as long to be told unknown as one that is not there."""
    await _phones_are_for_few(ask)
    one, other = await make.customer("Ann", "Lee"), await make.customer("Bob", "Okafor")
    ends = dict(zip(("one_id", "other_id"), sorted((one.key, other.key)), strict=True))
    if is_there:
        await crowd.double(make, **ends)
    key = global_id("DuplicateSuggestion", PAIRS.id_of(ends))
    began = time.monotonic()
    answer = await ask(DISMISS, input={"id": key})
    assert answer.data["dismissDuplicate"] == {"code": "NOT_FOUND"}
    # More than finding out takes in either case.
    assert time.monotonic() - began >= 0.2
