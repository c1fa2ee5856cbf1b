"""Which customers belong together, and how?"""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from adapters.records import new_id
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.viewer import STAFF, Role
from resolvers.relations import MOST_TAGS, RELATIONS
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.merging.conftest import undoing
from tests.walking import PARTNER, costs, forbidden, nodes, visitor

ADMIN = Role.ADMINISTRATOR
ROW = "name isInverse tags createdBy type { name } other { displayName }"


async def a_type(ask: Asking, name: str = "parent of", inverse: str | None = "child of") -> str:
    """A type of relation that the company defines."""
    shown = "relationType { id name inverseName }"
    found = await change(ask, "addRelationType", shown, ADMIN, name=name, inverseName=inverse)
    return found["relationType"]["id"]  # type: ignore[no-any-return]


async def relate(ask: Asking, one: Made, other: Made, kind: str, **more: Any) -> dict[str, Any]:
    """What the mutation answers that relates two customers."""
    given = {"customerId": one.id, "otherId": other.id, "typeId": kind, **more}
    return await change(ask, "relateCustomers", f"relation {{ id {ROW} }}", **given)


async def _rows(ask: Asking, of: Made, row: str = ROW, **who: Any) -> list[Any]:
    return await nodes(ask, of, "relations", row, **who)


async def test_read_from_both_ends(ask: Asking, make: Makers) -> None:
    """A relation reads by its name from where it begins and by its inverse name from the other end."""
    ann, ben = await make.customer("Ann", None), await make.customer("Ben", None)
    made = (await relate(ask, ann, ben, await a_type(ask), tags=["Legal"]))["relation"]
    usual = {"tags": ["legal"], "createdBy": "agent", "type": {"name": "parent of"}}
    there = {"name": "parent of", "isInverse": False, "other": {"displayName": "Ben"}, **usual}
    back = {"name": "child of", "isInverse": True, "other": {"displayName": "Ann"}, **usual}
    assert made == {"id": made["id"], **there}
    assert (await _rows(ask, ann), await _rows(ask, ben)) == ([there], [back])


async def test_without_direction(ask: Asking, make: Makers) -> None:
    """A relation without direction is the same from either end, and is noted once from whichever."""
    ann, ben = await make.customer(), await make.customer()
    kind = await a_type(ask, "spouse of", None)
    await relate(ask, ann, ben, kind)
    assert [row["name"] for of in (ann, ben) for row in await _rows(ask, of)] == ["spouse of"] * 2
    for one, other in ((ann, ben), (ben, ann)):
        assert (await relate(ask, one, other, kind))["code"] == "CONFLICT"
    assert await make.store.count(RELATIONS, {}) == 2


async def test_related_at_once(ask: Asking, make: Makers) -> None:
    """Of several who note one relation at once one does."""
    ann, ben = await make.customer(), await make.customer()
    kind = await a_type(ask)
    answers = await asyncio.gather(*(relate(ask, ann, ben, kind) for _ in range(5)))
    assert sorted(answer.get("code", "") for answer in answers) == ["", *["CONFLICT"] * 4]
    assert [len(await _rows(ask, of)) for of in (ann, ben)] == [1, 1]


async def test_not_both_ways(ask: Asking, make: Makers) -> None:
    """Nobody is the parent of the own parent: refused with the relation that is there, of this pair and type alone."""
    ann, ben, cleo = await make.customer(), await make.customer(), await make.customer()
    kind, other = await a_type(ask), await a_type(ask, "employs", "employed by")
    await relate(ask, ann, ben, kind)
    found = await relate(ask, ben, ann, kind)
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "otherId"])
    assert "`otherId` is 'parent of' `customerId`, which is 'child of' `otherId`" in found["message"]
    for one, two, of in ((ben, ann, other), (ben, cleo, kind), (cleo, ann, kind)):
        assert "relation" in await relate(ask, one, two, of)
    key = (await _rows(ask, ben, "id isInverse"))[-1]["id"]
    await change(ask, "removeRelation", "removedId", id=key)
    assert "relation" in await relate(ask, ben, ann, kind)


async def test_both_ways_at_once(ask: Asking, make: Makers) -> None:
    """Of two who note a relation both ways at once one does; after a merge the survivor's is noted one way, too."""
    ann, ben, gone = await make.customer(), await make.customer(), await make.customer()
    kind = await a_type(ask)
    both = await asyncio.gather(*(relate(ask, *pair, kind) for pair in [(ann, ben), (ben, ann)] * 3))
    assert [one["code"] for one in both if "code" in one] == ["CONFLICT"] * 5
    await relate(ask, gone, ben, other := await a_type(ask, "employs", "employed by"))
    await _merge(ask, ann, gone)
    assert "'employed by' `otherId`" in (await relate(ask, ben, ann, other))["message"]


async def test_relation_tagged(ask: Asking, make: Makers) -> None:
    """Words are put on a relation and taken off it, at both ends, whoever else does so at once."""
    ann, ben = await make.customer(), await make.customer()
    key = (await relate(ask, ann, ben, await a_type(ask), tags=["a"]))["relation"]["id"]
    tag = (change(ask, "tagRelation", "__typename", id=key, add=[f"W{n}"]) for n in range(6))
    await asyncio.gather(*tag)
    back = (await _rows(ask, ben, "id"))[0]["id"]
    found = await change(ask, "tagRelation", "relation { tags }", id=back, add=["z"], remove=["a", "w0"])
    expected = sorted(["w1", "w2", "w3", "w4", "w5", "z"])
    assert sorted(found["relation"]["tags"]) == expected
    assert [sorted(row["tags"]) for of in (ann, ben) for row in await _rows(ask, of)] == [expected] * 2
    many = [f"t{n}" for n in range(MOST_TAGS)]
    assert await refused(ask, "tagRelation", id=key, add=many) == ("CONFLICT", "input.add")
    assert await refused(ask, "tagRelation", id=key, add=["two words"]) == ("INVALID_INPUT", "input.add.0")


async def test_relation_removed(ask: Asking, make: Makers) -> None:
    """A relation is removed at both ends, from whichever."""
    ann, ben = await make.customer(), await make.customer()
    await relate(ask, ann, ben, await a_type(ask))
    back = (await _rows(ask, ben, "id"))[0]["id"]
    assert (await change(ask, "removeRelation", "removedId", id=back))["removedId"] == back
    assert await make.store.count(RELATIONS, {}) == 0
    assert await refused(ask, "removeRelation", id=back) == ("NOT_FOUND", "input.id")
    assert await refused(ask, "tagRelation", id=back) == ("NOT_FOUND", "input.id")


async def test_relation_after_merge(ask: Asking, make: Makers) -> None:
    """A relation of a customer who went into another is the survivor's, and is not noted a second time."""
    gone, ann, ben = (
        await make.customer("Old", None),
        await make.customer("Ann", None),
        await make.customer("Ben", None),
    )
    kind = await a_type(ask)
    await relate(ask, gone, ben, kind)
    aliases = [{"id": gone.key, "elements": ["RELATIONS"]}]
    await make.store.update(CUSTOMERS, {"_id": ann.key}, {"$set": {"aliases": aliases}})
    await make.store.update(CUSTOMERS, {"_id": gone.key}, {"$set": {"merged_into": ann.key}})
    assert [row["other"]["displayName"] for of in (ann, ben) for row in await _rows(ask, of)] == ["Ben", "Ann"]
    assert (await relate(ask, ann, ben, kind))["code"] == "CONFLICT"
    assert (await relate(ask, gone, ann, kind))["code"] == "CONFLICT"


async def _merge(ask: Asking, survivor: Made, *others: Made) -> None:
    given = {"survivorId": survivor.id, "otherIds": [one.id for one in others], "elements": ["RELATIONS"]}
    assert "merge" in await change(ask, "mergeCustomers", "merge { id }", **given)


async def test_no_relation_to_oneself(ask: Asking, make: Makers) -> None:
    """Two related customers who become one are not related to themselves; put back, they are related again."""
    ann, ben, cleo = (
        await make.customer("Ann", None),
        await make.customer("Ben", None),
        await make.customer("Cleo", None),
    )
    kind, friends = await a_type(ask), await a_type(ask, "friend of", None)
    await relate(ask, ann, ben, kind)
    for one in (ann, ben):
        await relate(ask, one, cleo, friends, tags=["old"])
    await _merge(ask, ann, ben)
    count = "query($id: ID!) { customer(id: $id) { relations(first: 1) { totalCount nodes { other { id } } } } }"
    for of, other in ((ann, cleo), (cleo, ann)):
        answer = await ask(count, id=of.id)
        expected = {"totalCount": 1, "nodes": [{"other": {"id": other.id}}]}
        assert answer.data["customer"]["relations"] == expected
    key = (await _rows(ask, cleo, "id"))[0]["id"]
    await change(ask, "tagRelation", "relation { tags }", id=key, add=["new"])
    merge = (await ask("query($id: ID!) { customer(id: $id) { merges { nodes { id } } } }", id=ann.id)).data
    given = await undoing(ask, merge["customer"]["merges"]["nodes"][0]["id"])
    await change(ask, "unmergeCustomers", "__typename", **given)
    assert len(await _rows(ask, ann)) == len(await _rows(ask, ben)) == 2
    assert [row["tags"] for row in await _rows(ask, cleo)] == [["old", "new"]] * 2


async def test_one_relation_removed(ask: Asking, make: Makers) -> None:
    """A relation that a merge made of two is removed as one."""
    ann, ben, cleo = await make.customer(), await make.customer(), await make.customer()
    kind = await a_type(ask)
    for one in (ann, ben):
        await relate(ask, one, cleo, kind)
    await _merge(ask, ann, ben)
    await change(ask, "removeRelation", "removedId", id=(await _rows(ask, cleo, "id"))[0]["id"])
    assert (await _rows(ask, ann), await _rows(ask, cleo)) == ([], [])


async def test_relations_in_pages(ask: Asking, make: Makers) -> None:
    """Pages of a customer's relations follow one another, the newest first, and lose and repeat none."""
    people = [await make.customer(f"P{n}", None) for n in range(6)]
    kind = await a_type(ask)
    for other in people[1:]:
        await relate(ask, people[0], other, kind)
    query = """query($id: ID!, $after: String) { customer(id: $id) { relations(first: 2, after: $after) {
      totalCount nodes { other { displayName } } pageInfo { hasNextPage endCursor } } } }"""
    names, after = [], None
    for _ in range(3):
        page = (await ask(query, id=people[0].id, after=after)).data["customer"]["relations"]
        names += [row["other"]["displayName"] for row in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert names == ["P5", "P4", "P3", "P2", "P1"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, False)


async def _many(make: Makers, of: Made, kind: str, count: int) -> None:
    """Relations of one customer with as many who are not there, one each moment."""
    key = key_of(kind, "RelationType")
    said = {"customer_id": of.key, "type_id": key, "is_inverse": False, "name": "employs", "tags": []}
    rows = [
        {"_id": new_id(), "other_id": new_id(), "back_id": new_id(), "created_at": make.moment(), "created_by": "maker"}
        for _ in range(count)
    ]
    await make.store.insert(RELATIONS, *({**one, **said} for one in rows))


async def test_page_of_thousands(ask: Asking, make: Makers, commands: Commands) -> None:
    """A page of a company with thousands of people reads as much as one of a company with few; all are counted."""
    firm, ann = await make.customer("Firm", None), await make.customer("Ann", None)
    kind = await a_type(ask, "employs", "works for")
    await _many(make, firm, kind, 3_000)
    await relate(ask, firm, ann, kind)
    page = "query($id: ID!) { customer(id: $id) { relations(first: 2) { nodes { createdBy } } } }"
    with commands.counted() as sent:
        (newest, _) = (await ask(page, id=firm.id)).data["customer"]["relations"]["nodes"]
    assert newest == {"createdBy": "agent"}
    (pipeline,) = [command["pipeline"] for name, command in sent if command.get("aggregate") == RELATIONS.name]
    told = await make.store._database.command(
        "explain", {"aggregate": RELATIONS.name, "pipeline": pipeline, "cursor": {}}, verbosity="executionStats"
    )
    assert told["stages"][0]["$cursor"]["executionStats"]["totalDocsExamined"] == 3
    looked = [
        sum(one[name] for name in one if name.endswith("sExamined")) for one in told["stages"] if "$lookup" in one
    ]
    assert (len(looked), max(looked) < 20) == (3, True)
    count = "query($id: ID!) { customer(id: $id) { relations(last: 1) { totalCount nodes { createdBy } } } }"
    found = (await ask(count, id=firm.id)).data["customer"]["relations"]
    assert found == {"totalCount": 3_001, "nodes": [{"createdBy": "maker"}]}


async def test_pages_after_merges(ask: Asking, make: Makers) -> None:
    """Whatever was merged at either end, pages of any size show what one page of all shows, both ways."""
    people = [await make.customer(f"P{n}", None) for n in range(9)]
    kind, other = await a_type(ask), await a_type(ask, "friend of", None)
    for one in people[:3]:
        for two in people[3:]:
            await relate(ask, one, two, kind)
            await relate(ask, two, one, other)
    await _merge(ask, people[0], people[1])
    await _merge(ask, people[3], people[4], people[5])
    await _merge(ask, people[6], people[2])
    query = """query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { customer(id: $id) {
      relations(first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
    for of in (people[0], people[3], people[6], people[8]):
        whole = (await ask(query, id=of.id, first=100)).data["customer"]["relations"]
        ids = [one["id"] for one in whole["nodes"]]
        assert len(ids) == len(set(ids)) == whole["totalCount"] > 0
        for way, cursor, more, at in (
            ("first", "after", "hasNextPage", "endCursor"),
            ("last", "before", "hasPreviousPage", "startCursor"),
        ):
            seen: list[str] = []
            given: dict[str, Any] = {way: 1}
            is_more = True
            while is_more:
                page = (await ask(query, id=of.id, **given)).data["customer"]["relations"]
                found = [one["id"] for one in page["nodes"]]
                seen = seen + found if way == "first" else found + seen
                is_more, given = page["pageInfo"][more], {way: 1, cursor: page["pageInfo"][at]}
            assert seen == ids


async def test_other_erased(ask: Asking, make: Makers) -> None:
    """The other customer is null once erased."""
    ann, ben = await make.customer(), await make.customer()
    await relate(ask, ann, ben, await a_type(ask))
    await make.store.delete(CUSTOMERS, {"_id": ben.key})
    assert [row["other"] for row in await _rows(ask, ann)] == [None]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"otherId": GONE}, ("NOT_FOUND", "input.otherId")),
        ({"typeId": global_id("RelationType", new_id())}, ("NOT_FOUND", "input.typeId")),
        ({"tags": ["two words"]}, ("INVALID_INPUT", "input.tags.0")),
        ({"tags": [f"t{n}" for n in range(MOST_TAGS + 1)]}, ("CONFLICT", "input.tags")),
    ],
)
async def test_relation_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Both customers and the type must be there, and words are tags."""
    ids = [(await make.customer()).id for _ in range(2)]
    usual = {"customerId": ids[0], "otherId": ids[1], "typeId": await a_type(ask)}
    assert await refused(ask, "relateCustomers", **(usual | given)) == refusal
    assert await make.store.count(RELATIONS, {}) == 0


async def test_relations_by_role(ask: Asking, make: Makers) -> None:
    """The staff relates customers, administrators define how; partners read it, and no visitor meets others."""
    ann, ben = await make.customer("Ann", None), await make.customer("Ben", None)
    await relate(ask, ann, ben, await a_type(ask))
    row = {"name": "parent of", "other": {"displayName": None}}
    assert await _rows(ask, ann, "name other { displayName }", **PARTNER) == [row]
    assert await forbidden(ask, ann, "relations { nodes { id } }", **visitor(ann))
    assert await may(ask, "relateCustomers", customerId=GONE, otherId=GONE, typeId="x") == STAFF
    assert await may(ask, "tagRelation", id="x") == await may(ask, "removeRelation", id="x") == STAFF


async def test_relations_cost(ask: Asking, make: Makers, commands: Commands) -> None:
    """The relations of any number of customers cost one command, and the others at their ends one more."""
    kind = await a_type(ask)
    people = [await make.customer() for _ in range(4)]
    for one, other in pairwise(people):
        await relate(ask, one, other, kind)
    assert await costs(ask, commands, "relations { nodes { name } }", 1, 4) == [2, 2]
    assert await costs(ask, commands, "relations { nodes { other { displayName } } }", 1, 4) == [3, 3]
