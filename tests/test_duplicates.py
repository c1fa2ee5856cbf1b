"""Are customers who are one person suggested, with reasons that tell no values, and people's word on them kept?"""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from adapters.mongo import Store
from gateway import doubles
from gateway.doubles import MACHINE, search
from gateway.settings import Settings
from resolvers.customers import CUSTOMERS
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.merging.ledger import MERGES
from resolvers.scanning import Scanned, scan
from tests.conftest import NOW, Asking, Commands
from tests.crowd import contact_point, double
from tests.makers import Made, Makers
from tests.merging.conftest import MERGE, undoing

LIST = """query ($isDismissed: Boolean! = false, $first: Int, $after: String) {
  duplicateSuggestions(isDismissed: $isDismissed, first: $first, after: $after) { totalCount
    nodes { id score isSure customers { id } reasons { role level weight } dismissedBy } pageInfo { endCursor } } }"""
OF_ONE = "query ($id: ID!) { customer(id: $id) { suggestions { id score customers { id } } } }"
OF_MANY = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { suggestions { id } } } }"
DISMISS = """mutation ($input: DismissDuplicateInput!) { dismissDuplicate(input: $input) {
  ... on DismissDuplicatePayload { suggestion { dismissedAt dismissedBy } } ... on Refusal { code } } }"""
RECONSIDER = """mutation ($input: ReconsiderDuplicateInput!) { reconsiderDuplicate(input: $input) {
  ... on ReconsiderDuplicatePayload { suggestion { dismissedAt } } ... on Refusal { code } } }"""
NAMES = (("Annabel", "Zimmermann"), ("Konrad", "Hammerstein"), ("Wilhelmina", "Sommerfeld"))


async def _double(make: Makers, n: int = 0) -> tuple[Made, Made]:
    """Two records of one person, with a slip in the name."""
    first, last = NAMES[n]
    both = await make.customer(first, last), await make.customer(first, last.replace("mm", "m"))
    for one in both:
        await contact_point(make, one, f"{first}.{n}@example.com".lower())
        await contact_point(make, one, f"+4915112345{n:03}", type="PHONE")
    return both


async def _scan(store: Store, days: int = 0) -> Scanned:
    return await scan(store, at=NOW + timedelta(days=days))


async def _search(store: Store) -> Any:
    """What the command does when it may merge."""
    return await search(store, Settings(secret=SecretStr("s" * 40)), Console(quiet=True), merges=True)


async def _listed(ask: Asking, **more: Any) -> Any:
    answer = await ask(LIST, **more)
    assert not answer.errors
    return answer.data["duplicateSuggestions"]


async def _of(ask: Asking, one: Made) -> Any:
    return (await ask(OF_ONE, id=one.id)).data["customer"]["suggestions"]


async def test_suggests(ask: Asking, make: Makers, store: Store) -> None:
    """A double is suggested with its score and reasons, on the list and on both customers; strangers are not."""
    one, other = await _double(make)
    stranger = await make.customer("Bob", "Okafor")
    found = await _scan(store)
    assert (found.customers, found.suggested, found.sure) == (3, 1, 1)
    (node,) = (await _listed(ask))["nodes"]
    assert {who["id"] for who in node["customers"]} == {one.id, other.id}
    assert (node["score"] > 0.99, node["isSure"]) == (True, True)
    told = {reason["role"]: reason["level"] for reason in node["reasons"]}
    assert (told["FAMILY_NAME"], told["PHONE"]) == ("NEAR", "EXACT")
    assert [len(await _of(ask, who)) for who in (one, other, stranger)] == [1, 1, 0]


async def test_beside_identified(ask: Asking, make: Makers, store: Store) -> None:
    """Who is looked up by an identity comes with whoever is probably the same person."""
    one, other = await _double(make)
    await make.identity(one, "whatsapp", "+14155550000")
    await _scan(store)
    query = """{ customerByIdentity(channel: "whatsapp", account: "main", value: "+1 415 555 0000") {
      suggestions { customers { id } } } }"""
    (found,) = (await ask(query)).data["customerByIdentity"]["suggestions"]
    assert {who["id"] for who in found["customers"]} == {one.id, other.id}


async def test_tells_no_values(ask: Asking, make: Makers, store: Store) -> None:
    """Neither what is kept of a pair nor what is answered holds a name, number or address."""
    await _double(make)
    await _scan(store)
    told = f"{await store.find(PAIRS, {})} {await _listed(ask)}".lower()
    assert [word for word in ("annabel", "zimmer", "example.com", "4915112345") if word in told] == []
    assert "phone" in told


async def test_dismissed_stays(ask: Asking, make: Makers, store: Store) -> None:
    """Of whom somebody said that they are two, no scan suggests and no machine merges them."""
    one, _ = await _double(make)
    await _scan(store)
    (node,) = (await _listed(ask))["nodes"]
    said = (await ask(DISMISS, input={"id": node["id"]})).data["dismissDuplicate"]["suggestion"]
    assert said["dismissedBy"] == "agent"
    assert (await ask(DISMISS, input={"id": node["id"]})).data["dismissDuplicate"] == {"code": "CONFLICT"}
    assert (await ask(DISMISS, input={"id": one.id})).data["dismissDuplicate"] == {"code": "NOT_FOUND"}
    found = await _search(store)
    assert (found.scanned.suggested, found.scanned.sure, found.merged) == (0, 0, 0)
    assert await store.count(MERGES, {}) == 0
    assert (await _listed(ask))["totalCount"] == 0
    assert (await _listed(ask, isDismissed=True))["totalCount"] == 1
    assert await _of(ask, one) == []


async def test_reconsidered(ask: Asking, make: Makers, store: Store) -> None:
    """What was said in error is taken back: the two are suggested again."""
    await _double(make)
    await _scan(store)
    (node,) = (await _listed(ask))["nodes"]
    assert (await ask(RECONSIDER, input={"id": node["id"]})).data["reconsiderDuplicate"] == {"code": "CONFLICT"}
    await ask(DISMISS, input={"id": node["id"]})
    said = (await ask(RECONSIDER, input={"id": node["id"]})).data["reconsiderDuplicate"]
    assert said == {"suggestion": {"dismissedAt": None}}
    assert (await _search(store)).merged == 1


async def test_dismissed_meanwhile(ask: Asking, make: Makers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is said to be two while all customers are compared is not merged by that search."""
    await _double(make)
    await _scan(store)
    (node,) = (await _listed(ask))["nodes"]

    async def scanning(*given: Any, **more: Any) -> Scanned:
        found = await scan(*given, **more)
        await ask(DISMISS, input={"id": node["id"]})
        return found

    monkeypatch.setattr(doubles, "scan", scanning)
    found = await _search(store)
    assert (found.merged, found.refused) == (0, 1)


@pytest.mark.parametrize("first", [-1, 21])
async def test_how_many(ask: Asking, make: Makers, first: int) -> None:
    """More suggestions than are given of one are refused, as are fewer than none."""
    query = "query ($id: ID!, $first: Int!) { customer(id: $id) { suggestions(first: $first) { id } } }"
    answer = await ask(query, id=(await make.customer()).id, first=first)
    assert [str(first) in error.message for error in answer.errors] == [True]


async def test_scan_again(ask: Asking, make: Makers, store: Store) -> None:
    """A later scan takes back what is no longer so, and keeps the ids of what is."""
    one, other = await _double(make)
    await _double(make, 1)
    await _scan(store)
    before = {node["id"] for node in (await _listed(ask))["nodes"]}
    renamed = {"attributes": {"firstName": "Olaf", "lastName": "Brandt"}, "contact_points": []}
    await store.update(CUSTOMERS, {"_id": other.key}, {"$set": renamed})
    await _scan(store, 1)
    after = {node["id"] for node in (await _listed(ask))["nodes"]}
    assert (len(before), len(after)) == (2, 1)
    assert after < before
    assert await _of(ask, one) == []


async def test_merged_are_one(ask: Asking, make: Makers, store: Store) -> None:
    """Whoever was merged is suggested no more."""
    one, other = await _double(make)
    await _scan(store)
    await ask(MERGE, input={"survivorId": one.id, "otherIds": [other.id]})
    assert await _of(ask, one) == []
    await _scan(store, 1)
    assert (await _listed(ask))["totalCount"] == 0


async def test_machine_merges(ask: Asking, make: Makers, store: Store) -> None:
    """Asked to, the scan merges those beyond doubt into the oldest, as the machine, so that it can be undone."""
    one, _ = await _double(make)
    await make.customer("Bob", "Okafor")
    found = await _search(store)
    assert (found.merged, found.refused) == (1, 0)
    (entry,) = await store.find(MERGES, {})
    assert (entry["merged_by"], entry["survivor_id"]) == (MACHINE, one.key)
    assert (await ask("{ customers { totalCount } }")).data["customers"]["totalCount"] == 2


UNMERGE = """mutation ($input: UnmergeCustomersInput!) { unmergeCustomers(input: $input) {
  ... on UnmergeCustomersPayload { survivor { id } } ... on Refusal { message } } }"""


async def test_parted_stay_parted(ask: Asking, make: Makers, store: Store) -> None:
    """Whom a machine merged and people parted again, no machine merges and no scan suggests."""
    await _double(make)
    assert (await _search(store)).merged == 1
    assert (await _listed(ask))["totalCount"] == 0
    (entry,) = await store.find(MERGES, {})
    undone = await ask(UNMERGE, input=await undoing(ask, global_id("Merge", entry["_id"])))
    assert "survivor" in undone.data["unmergeCustomers"]
    found = await _search(store)
    assert (found.merged, found.scanned.suggested) == (0, 0)
    (said,) = (await _listed(ask, isDismissed=True))["nodes"]
    assert said["dismissedBy"] == "agent"


async def test_pages(ask: Asking, make: Makers, store: Store) -> None:
    """Suggestions come the likeliest first, each once over the pages."""
    for n in range(len(NAMES)):
        await _double(make, n)
    await _scan(store)
    seen: list[Any] = []
    after = None
    for _ in NAMES:
        page = await _listed(ask, first=1, after=after)
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
    assert len({node["id"] for node in seen}) == len(NAMES)
    assert [node["score"] for node in seen] == sorted((node["score"] for node in seen), reverse=True)


NAMED = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { suggestions { id customers { id } } } } }"


@pytest.mark.parametrize(("at_once", "expected"), [(1, 3), (3, 3), (11, 3)])
async def test_cost(ask: Asking, make: Makers, store: Store, commands: Commands, at_once: int, expected: int) -> None:
    """Suggestions cost one command however many are found, beside those for the customers and for whom they name."""
    people = [(await _double(make, n))[0] for n in range(len(NAMES))]
    people += [await make.customer(f"Bob{n}", "Okafor") for n in range(at_once - len(people))]
    await _scan(store)
    asked = [one.id for one in people[:at_once]]
    await ask(NAMED, ids=asked)
    with commands.counted() as sent:
        answer = await ask(NAMED, ids=asked)
    assert all(node["suggestions"] for node in answer.data["nodes"][: len(NAMES)])
    assert len(sent) == expected


async def test_each_own(ask: Asking, make: Makers, commands: Commands) -> None:
    """However many strong suggestions one customer has, others asked for beside it are given their own, at one cost."""
    busy, quiet, *rest = [await make.customer(f"Ann{n}") for n in range(50)]
    for n in range(200):
        await double(make, **{("one_id", "other_id")[n % 2]: busy.key, "bits": 20.0 + n})
    weak = await double(make, other_id=quiet.key, bits=0.5)
    # What is held in the process is there.
    await ask("{ attributeDefinitions { id } }")
    for asked in ([busy, quiet, *rest[:9]], [busy, quiet, *rest]):
        with commands.counted() as sent:
            answer = await ask(OF_MANY, ids=[one.id for one in asked])
        many, few, *none = [[one["id"] for one in node["suggestions"]] for node in answer.data["nodes"]]
        assert (len(many), few, any(none)) == (5, [global_id("DuplicateSuggestion", weak)], False)
        assert len(sent) == 2
    kind, command = sent[1]
    explained = await ask.store.explain({name: command[name] for name in (kind, "pipeline", "cursor")})
    joins = [stage for stage in explained["stages"] if "$lookup" in stage]
    # Twenty of the busy one's at each end, and one more each to see the end of others'.
    assert [(one["collectionScans"], int(one["totalDocsExamined"]) <= 21) for one in joins] == [(0, True)] * 2


async def test_inner_pairs_hide_none(ask: Asking, make: Makers) -> None:
    """Pairs of those who went into one customer push no pair with somebody else out of its suggestions."""
    people = [await make.customer(f"Ann{n}") for n in range(5)]
    for one, other in combinations(people, 2):
        await double(make, one_id=one.key, other_id=other.key, bits=30.0)
    strangers = [await make.customer(f"Weak{n}") for n in range(5)]
    for one, other in zip(people, strangers, strict=True):
        await double(make, one_id=one.key, other_id=other.key, bits=0.5)
    await ask(MERGE, input={"survivorId": people[0].id, "otherIds": [one.id for one in people[1:]]})
    asked = [people[0], *[await make.customer(f"Bob{n}") for n in range(10)]]
    found = (await ask(NAMED, ids=[one.id for one in asked])).data["nodes"][0]["suggestions"]
    assert [len(one["customers"]) for one in found] == [2] * 5
    assert {who["id"] for one in found for who in one["customers"]} == {people[0].id, *(one.id for one in strangers)}


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_staff_alone(ask: Asking, make: Makers, store: Store, role: Role) -> None:
    """Nobody but the staff is told who might be whom."""
    one, _ = await _double(make)
    await _scan(store)
    (node,) = (await _listed(ask))["nodes"]
    viewer = {"customer_id": one.key} if role is Role.VISITOR else {}
    asked: list[tuple[str, dict[str, Any]]] = [(LIST, {}), (OF_ONE, {"id": one.id})]
    for query, given in (*asked, (DISMISS, {"input": {"id": node["id"]}})):
        answer = await ask(query, as_=role, viewer=viewer, **given)
        assert answer.codes == ["FORBIDDEN"]
