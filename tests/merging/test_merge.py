"""Do several customers become one: with everything they bring, at once, and for every way of asking?"""

import asyncio
from typing import Any

import pytest

from adapters.failures import StoreDown
from adapters.mongo import Store
from resolvers.contacts import CONTACT_POINTS
from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import Role
from resolvers.merging import bounds
from resolvers.merging.ledger import MERGES
from resolvers.tags import TAGS
from tests.conftest import Asking
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import MERGE, Do
from tests.walking import visitor


async def _read(ask: Asking, one: Made, fields: str) -> Any:
    answer = await ask(f"query ($id: ID!) {{ customer(id: $id) {{ {fields} }} }}", id=one.id)
    assert not answer.errors
    return answer.data["customer"]


def _point(value: str, *, is_primary: bool = True) -> dict[str, Any]:
    seen = {"observed_from": "shop/main", "observed_at": BEGIN, "is_verified": False}
    return {"type": "PHONE", "value": value, "postal": None, "is_primary": is_primary, **seen}


async def test_records_come_along(ask: Asking, make: Makers, merge: Do) -> None:
    """The survivor shows the records of all, whichever id is asked for, and lists show one customer."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    await make.note(ann, "one")
    await make.note(anna, "two")
    await make.conversation(anna, "Hello")
    assert (await merge(ann, anna))["customer"]["id"] == ann.id
    for asked in (ann, anna):
        found = await _read(ask, asked, "id notes { nodes { text } } conversations { totalCount }")
        assert found["id"] == ann.id
        assert [one["text"] for one in found["notes"]["nodes"]] == ["two", "one"]
        assert found["conversations"]["totalCount"] == 1
    assert (await ask("{ customers { totalCount } }")).data["customers"]["totalCount"] == 1


async def test_elements_are_chosen(ask: Asking, make: Makers, merge: Do) -> None:
    """What is not chosen stays behind; what slices of their own keep can be chosen too."""
    ann, anna = await make.customer("Ann", tags=[{"word": "a"}]), await make.customer("Anna", tags=[{"word": "b"}])
    await make.note(anna)
    await make.ticket(anna)
    await merge(ann, anna, elements=["TICKETS", "TOYS"])
    found = await _read(ask, ann, "notes { totalCount } tickets { totalCount } tags { word }")
    assert found == {"notes": {"totalCount": 0}, "tickets": {"totalCount": 1}, "tags": [{"word": "a"}]}


async def test_identities_bring_their_words(ask: Asking, make: Makers, merge: Do) -> None:
    """Identities come with whatever arrives by them, so that what is written next is shown with the survivor."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    found = await merge(ann, anna, elements=["IDENTITIES", "NOTES", "TAGS"])
    assert (found["code"], found["inputPath"]) == ("INVALID_INPUT", ["input", "elements"])
    missing = sorted(
        {one.record.element for one in ask.graph.declared.nodes.values() if one.record.arrives} - {"NOTES"}
    )
    assert missing == ["CONVERSATIONS", "INTERESTS", "PURCHASES", "TICKETS"]
    assert all(name in found["message"] for name in missing)
    assert "merge" in await merge(ann, anna, elements=["IDENTITIES", "NOTES", *missing])


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([], {"firstName": "Ann", "lastName": "Lee", "note": "x"}),
        ([("firstName", "TAKE"), ("note", "COMBINE")], {"firstName": "Anna", "lastName": "Lee", "note": "x; y"}),
        ([("lastName", "KEEP")], {"firstName": "Ann", "note": "x"}),
    ],
)
async def test_attributes_are_chosen(
    ask: Asking, make: Makers, merge: Do, choices: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    """Field by field the survivor's value is kept, another's taken, or texts combined; gaps are filled."""
    await _define(ask, "note")
    ann = await make.customer(attributes={"firstName": "Ann", "note": "x"})
    anna = await make.customer(attributes={"firstName": "Anna", "lastName": "Lee", "note": "y"})
    given = [{"name": name, "choice": choice} for name, choice in choices]
    assert "merge" in await merge(ann, anna, attributes=given)
    found = await _read(ask, ann, "displayName attributes { name value }")
    assert {one["name"]: one["value"] for one in found["attributes"]} == expected
    assert found["displayName"] == " ".join(expected[name] for name in ("firstName", "lastName") if name in expected)


async def test_taken_from_whom(ask: Asking, make: Makers, merge: Do) -> None:
    """A value is taken from the one named, with where it was observed."""
    ann, anna, ana = [await make.customer(name) for name in ("Ann", "Anna", "Ana")]
    taken = {"name": "firstName", "choice": "TAKE", "fromId": ana.id}
    await merge(ann, anna, ana, attributes=[taken])
    found = await _read(ask, ann, "firstName attributes { name observedAt }")
    assert found["firstName"] == "Ana"
    there = await make.store.first(CUSTOMERS, {"_id": ana.key})
    assert there is not None
    assert found["attributes"][0]["observedAt"][:16] == there["observed"]["firstName"]["observed_at"].isoformat()[:16]


async def test_parts_are_united(ask: Asking, make: Makers, merge: Do) -> None:
    """Entries that the survivor has do not come twice, and of a type one contact point is the primary one."""
    ann = await make.customer(tags=[{"word": "a"}], contact_points=[_point("+4915111")])
    points = [_point("+4915111"), _point("+4915222")]
    anna = await make.customer(tags=[{"word": "a"}, {"word": "b"}], contact_points=points)
    await merge(ann, anna)
    found = await _read(ask, ann, "tags { word } contactPoints { value isPrimary }")
    assert [one["word"] for one in found["tags"]] == ["a", "b"]
    expected = [{"value": "+4915111", "isPrimary": True}, {"value": "+4915222", "isPrimary": False}]
    assert found["contactPoints"] == expected
    listed = await ask('{ customers(search: "+4915222") { nodes { id } } }')
    assert [one["id"] for one in listed.data["customers"]["nodes"]] == [ann.id]


async def test_chain(ask: Asking, make: Makers, merge: Do) -> None:
    """A into B into C: C shows the records of all, and no element that one of the merges left behind."""
    a, b, c = [await make.customer(name) for name in "ABC"]
    for one in (a, b, c):
        await make.note(one)
        await make.ticket(one)
    await merge(b, a, elements=["NOTES", "TICKETS"])
    await merge(c, b, elements=["NOTES"])
    for asked in (a, b, c):
        found = await _read(ask, asked, "id notes { totalCount } tickets { totalCount } merges { totalCount }")
        assert found["id"] == c.id
        assert (found["notes"]["totalCount"], found["tickets"]["totalCount"]) == (3, 1)
        assert found["merges"]["totalCount"] == 2


async def test_old_id_is_told(ask: Asking, make: Makers, merge: Do) -> None:
    """`node` with an old id tells the merge; the id is the one that was asked for."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    await merge(ann, anna)
    query = "query ($id: ID!) { node(id: $id) { id ... on MergedCustomer { mergedInto { id } mergedAt } } }"
    answer = await ask(query, id=anna.id)
    assert not answer.errors
    found = answer.data["node"]
    assert found["id"] == anna.id
    assert found["mergedInto"] == {"id": ann.id}
    assert found["mergedAt"]


async def test_ledger(ask: Asking, make: Makers, merge: Do) -> None:
    """The ledger keeps who, when, why and what was."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna", None)
    taken = [{"name": "firstName", "choice": "TAKE"}]
    await merge(ann, anna, attributes=taken, reason="Same phone", elements=["NOTES"])
    fields = "merges { nodes { mergedBy mergedAt reason elements otherIds survivor { id } undoneAt "
    found = await _read(ask, ann, f"{fields} changes {{ name before after }} }} }}")
    (entry,) = found["merges"]["nodes"]
    assert entry.pop("mergedAt")
    assert entry == {
        "mergedBy": "agent",
        "reason": "Same phone",
        "elements": ["NOTES"],
        "otherIds": [anna.id],
        "survivor": {"id": ann.id},
        "undoneAt": None,
        "changes": [{"name": "firstName", "before": "Ann", "after": "Anna"}],
    }


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_staff_alone(ask: Asking, make: Makers, role: Role) -> None:
    """Only staff merge, look at previews and at the ledger."""
    one, other = await make.customer(), await make.customer()
    viewer = {"customer_id": one.key} if role is Role.VISITOR else {}
    given = {"survivorId": one.id, "otherIds": [other.id]}
    preview = "query ($input: MergeCustomersInput!) { previewMerge(input: $input) { moves { count } } }"
    for query in (MERGE, preview):
        assert (await ask(query, as_=role, viewer=viewer, input=given)).codes == ["FORBIDDEN"]
    ledger = "query ($id: ID!) { customer(id: $id) { merges { totalCount } } }"
    assert (await ask(ledger, as_=role, viewer=viewer, id=one.id)).codes == ["FORBIDDEN"]


async def test_refusals(make: Makers, merge: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input is refused with the place in the input, and nothing is changed."""
    ann, anna, old = [await make.customer(name) for name in ("Ann", "Anna", "Old")]
    await merge(ann, old)
    many = [await make.customer() for _ in range(11)]
    nobody = Made(MERGES.id_of({}))
    cases: list[tuple[Any, str, list[str]]] = [
        (merge(ann, ann), "CONFLICT", ["input", "otherIds"]),
        (merge(ann, old), "CONFLICT", ["input", "otherIds"]),
        (merge(old, ann), "CONFLICT", ["input", "otherIds"]),
        (merge(anna, ann, old), "CONFLICT", ["input", "otherIds"]),
        (merge(ann), "INVALID_INPUT", ["input", "otherIds"]),
        (merge(ann, *many), "INVALID_INPUT", ["input", "otherIds"]),
        (merge(ann, nobody), "NOT_FOUND", ["input", "otherIds"]),
        (merge(nobody, ann), "NOT_FOUND", ["input", "survivorId"]),
        (merge(ann, anna, attributes=[{"name": "nose", "choice": "KEEP"}]), "INVALID_INPUT", ["input", "attributes"]),
        (
            merge(ann, anna, attributes=[{"name": "firstName", "choice": "COMBINE"}]),
            "INVALID_INPUT",
            ["input", "attributes"],
        ),
        (
            merge(ann, anna, attributes=[{"name": "phoneNumber", "choice": "TAKE"}]),
            "INVALID_INPUT",
            ["input", "attributes"],
        ),
        (merge(ann, anna, reason="x" * 1001), "INVALID_INPUT", ["input", "reason"]),
        (merge(ann, anna, versions=[{"id": anna.id, "version": 7}]), "CONFLICT", ["input", "versions"]),
        (merge(ann, anna, versions=[{"id": old.id, "version": 1}]), "INVALID_INPUT", ["input", "versions"]),
        (merge(ann, anna, versions=[{"id": anna.id, "version": 1}] * 2), "INVALID_INPUT", ["input", "versions"]),
    ]
    before = await make.store.find(CUSTOMERS, {}, order=[("_id", 1)])
    for doing, code, path in cases:
        found = await doing
        assert (found["code"], found["inputPath"]) == (code, path)
    monkeypatch.setattr(bounds, "MOST_ALIASES", 1)
    assert (await merge(ann, anna))["code"] == "CONFLICT"
    assert await make.store.find(CUSTOMERS, {}, order=[("_id", 1)]) == before


@pytest.mark.parametrize("is_seen", [True, False])
async def test_others_stay_out(ask: Asking, make: Makers, merge: Do, *, is_seen: bool) -> None:
    """Who went into somebody meanwhile is merged no further by the old id, and it is told into whom."""
    ann, bob, cleo = [await make.customer(name) for name in ("Ann", "Bob", "Cleo")]
    versions = [{"id": one.id, "version": 1} for one in (bob, cleo)] if is_seen else []
    await merge(ann, bob)
    for found, path in (
        (await merge(cleo, bob, versions=versions), "otherIds"),
        (await merge(bob, cleo, versions=versions), "survivorId"),
    ):
        assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", path])
        assert ann.id in found["message"]
    assert (await _read(ask, ann, "id"))["id"] == ann.id


async def test_too_many_entries(make: Makers, merge: Do) -> None:
    """More entries than a customer may have block a merge; without that element it is done."""
    ann, anna = [
        await make.customer(tags=[{"word": f"{name}{n}"} for n in range(TAGS.at_most // 2 + 1)]) for name in "ab"
    ]
    assert "TAGS" in (await merge(ann, anna))["message"]
    assert "merge" in await merge(ann, anna, elements=["CONTACT_POINTS"])
    assert CONTACT_POINTS.element == "CONTACT_POINTS"


async def test_at_once(make: Makers, merge: Do, store: Store) -> None:
    """Of those who merge the same people at the same time one does it, and the others are told."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    pairs = [(ann, anna), (anna, ann)] * 5
    found = await asyncio.gather(*[merge(one, other) for one, other in pairs])
    assert sorted("merge" if "merge" in one else one["code"] for one in found) == ["CONFLICT"] * 9 + ["merge"]
    assert await store.count(MERGES, {}) == 1
    assert await store.count(CUSTOMERS, {"merged_into": None}) == 1


async def test_edit_meanwhile(ask: Asking, make: Makers, merge: Do) -> None:
    """Tags that are put on both while they are merged are all there: on whoever the customer is by then."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna")
    add = "mutation ($input: TagInput!) { addTag(input: $input) { __typename } }"
    tags = [ask(add, input={"customerId": one.id, "word": f"t{n}"}) for n, one in enumerate([ann, anna] * 10)]
    await asyncio.gather(*tags[:6], merge(ann, anna), *tags[6:])
    found = await _read(ask, ann, "tags { word }")
    assert {one["word"] for one in found["tags"]} == {f"t{n}" for n in range(20)}


async def test_visitor_keeps_own(ask: Asking, make: Makers, merge: Do) -> None:
    """A visitor who was merged into somebody sees the visitor's own things as before, and nothing of that one's."""
    bob, guest = await make.customer("Bob"), await make.customer("Guest")
    await make.conversation(bob, "My card number is ...")
    talk = await make.conversation(guest, "Hello")
    await merge(bob, guest)
    await make.message(guest, talk, "Still there?")
    query = "query ($id: ID!) { customer(id: $id) { id firstName history { totalCount } } }"
    found = (await ask(query, id=guest.id, **visitor(guest))).data["customer"]
    assert found == {"id": guest.id, "firstName": "Guest", "history": {"totalCount": 2}}
    assert (await ask(query, id=bob.id, **visitor(guest))).data["customer"] is None


@pytest.mark.parametrize("fails", ["replace", "update_each", "insert"])
async def test_all_or_nothing(
    ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """Wherever the writing breaks off, everything is as before."""
    ann, anna = await make.customer("Ann"), await make.customer("Anna", tags=[{"word": "b"}])
    before = await store.find(CUSTOMERS, {}, order=[("_id", 1)])

    async def fail(*_: Any, **__: Any) -> None:
        raise StoreDown("The database is gone.")

    monkeypatch.setattr(store, fails, fail)
    answer = await ask(MERGE, input={"survivorId": ann.id, "otherIds": [anna.id]})
    monkeypatch.undo()
    assert answer.errors
    assert await store.find(CUSTOMERS, {}, order=[("_id", 1)]) == before
    assert await store.count(MERGES, {}) == 0


async def _define(ask: Asking, name: str) -> None:
    define = """mutation ($input: AddAttributeDefinitionInput!) { addAttributeDefinition(input: $input) {
      __typename } }"""
    given = {"name": name, "type": "STRING", "rules": {"label": name}}
    answer = await ask(define, as_=Role.ADMINISTRATOR, input=given)
    assert answer.data["addAttributeDefinition"]["__typename"] == "AttributeDefinitionPayload", answer
