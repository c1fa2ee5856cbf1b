"""Who read whose personal data, when, and as what: asked by administrators alone."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import Document, new_id
from resolvers.accesses import ACCESSES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.adapters.test_explain import Scans
from tests.conftest import Asking, Commands
from tests.crowd import access
from tests.makers import BEGIN, Makers
from tests.walking import read

ADMINISTRATOR: dict[str, Any] = {"as_": Role.ADMINISTRATOR}
LIST = """query ($filter: AccessFilter, $first: Int, $after: String, $last: Int) {
  accesses(filter: $filter, first: $first, after: $after, last: $last) {
    totalCount nodes { id } pageInfo { endCursor hasNextPage } } }"""


async def _ids(ask: Asking, **conditions: Any) -> list[Any]:
    answer = await ask(LIST, filter=conditions, **ADMINISTRATOR)
    assert answer.errors == []
    found = [one["id"] for one in answer.data["accesses"]["nodes"]]
    assert answer.data["accesses"]["totalCount"] == len(found)
    return found


def _named(*keys: Any) -> list[str]:
    return [global_id("Access", key) for key in keys]


async def test_entry_shown(ask: Asking, make: Makers) -> None:
    """An entry says who asked, as what, and which fields of whom were shown."""
    ann = await make.customer()
    place = {"channel": "whatsapp", "account": "main", "found": 1, "missed": 2}
    agent = await make.agent("Anna Agent")
    more = {"ways": ["looked_up", "read"], "look_ups": [place], "searched_by": ["Customer.search"], "agent_id": agent}
    key = await access(make, ann.key, **more)
    query = """{ accesses { nodes { id at viewer role keyHandle ways fields searchedBy operation questionHash
      customerIds agent { name } lookUps { channel account found missed } } } }"""
    (shown,) = (await ask(query, **ADMINISTRATOR)).data["accesses"]["nodes"]
    assert shown == {
        "id": global_id("Access", key),
        "at": shown["at"],
        "viewer": "anna",
        "role": "AGENT",
        "keyHandle": None,
        "ways": ["LOOKED_UP", "READ"],
        "fields": ["Note.text"],
        "searchedBy": ["Customer.search"],
        "operation": "Panel",
        "questionHash": "0" * 64,
        "customerIds": [ann.id],
        "agent": {"name": "Anna Agent"},
        "lookUps": [place],
    }


async def test_reading_leaves_none(ask: Asking, make: Makers) -> None:
    """To read the ledger shows nothing personal, and so is not written into it."""
    ann = await make.customer()
    await access(make, ann.key)
    await ask("{ accesses { nodes { viewer fields customerIds agent { name } } } }", **ADMINISTRATOR)
    assert ask.delivered.ways == set()


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AGENT, Role.PARTNER, Role.VISITOR])
async def test_administrators_alone(ask: Asking, make: Makers, role: Role) -> None:
    """Supervisors are among those of whom the ledger tells: only administrators read it, by whatever way."""
    ann = await make.customer()
    key = await access(make, ann.key)
    viewer = {"customer_id": ann.key} if role is Role.VISITOR else {}
    query = "query ($id: ID!) { customer(id: $id) { accesses { totalCount } } }"
    for text in ("{ accesses { totalCount } }", query):
        answer = await ask(text, as_=role, viewer=viewer, **({"id": ann.id} if "$id" in text else {}))
        assert answer.codes == ["FORBIDDEN"]
    node = await ask("query ($id: ID!) { node(id: $id) { id } }", as_=role, viewer=viewer, id=global_id("Access", key))
    assert node.data == {"node": None}


async def test_conditions(ask: Asking, make: Makers) -> None:
    """Each condition leaves what fulfils it, newest first; several hold together."""
    ann, eve = await make.customer("Ann"), await make.customer("Eve")
    one = await access(make, ann.key)
    two = await access(make, ann.key, eve.key, viewer="berta", ways=["looked_up", "read"])
    three = await access(make, viewer="berta", ways=["searched"])
    assert await _ids(ask) == _named(three, two, one)
    assert await _ids(ask, customerId=ann.id) == _named(two, one)
    assert await _ids(ask, customerId=eve.id) == _named(two)
    assert await _ids(ask, viewer="berta") == _named(three, two)
    assert await _ids(ask, way="LOOKED_UP") == _named(two)
    assert await _ids(ask, customerId=ann.id, viewer="anna") == _named(one)
    assert await _ids(ask, customerId=ann.id, way="SEARCHED") == []


async def test_span(ask: Asking, make: Makers) -> None:
    """`since` takes its moment in, `until` does not."""
    keys = [await access(make, at=BEGIN + timedelta(hours=n)) for n in range(4)]
    since, until = [(BEGIN + timedelta(hours=n)).isoformat() for n in (1, 3)]
    assert await _ids(ask, since=since, until=until) == _named(keys[2], keys[1])
    answer = await ask(LIST, filter={"since": until, "until": since}, **ADMINISTRATOR)
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_merged_customers(ask: Asking, make: Makers) -> None:
    """A merged customer's entries are the survivor's, by whichever id they are asked for, and each stands once."""
    old, ann = await make.customer("Old"), await make.customer("Ann")
    one, both = await access(make, old.key), await access(make, ann.key, old.key)
    await make.merged(old, ann)
    for asked in (old, ann):
        assert await _ids(ask, customerId=asked.id) == _named(both, one)
        found = await read(ask, asked, "accesses { totalCount nodes { id } }", **ADMINISTRATOR)
        assert found["accesses"] == {"totalCount": 2, "nodes": [{"id": key} for key in _named(both, one)]}


async def test_customer_is_gone(ask: Asking, make: Makers) -> None:
    """Entries stay when their customer goes, and are found by the id."""
    gone = new_id()
    key = await access(make, gone)
    assert await _ids(ask, customerId=global_id("Customer", gone)) == _named(key)


async def test_pages(ask: Asking, make: Makers) -> None:
    """Pages give every entry once, also those of one moment, of a list with and without conditions."""
    ann = await make.customer()
    keys = [await access(make, ann.key, at=BEGIN + timedelta(minutes=n // 3)) for n in range(10)]
    for conditions in ({}, {"customerId": ann.id}, {"viewer": "anna", "way": "READ"}):
        seen: list[str] = []
        after = None
        while True:
            answer = await ask(LIST, filter=conditions, first=3, after=after, **ADMINISTRATOR)
            page = answer.data["accesses"]
            seen += [one["id"] for one in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert sorted(seen) == sorted(_named(*keys))
        assert set(seen[-3:]) >= set(_named(keys[0]))
        last = (await ask(LIST, filter=conditions, last=2, **ADMINISTRATOR)).data["accesses"]["nodes"]
        assert [one["id"] for one in last] == seen[-2:]


async def test_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """Many customers' entries cost one command, and their counts one more."""
    for _ in range(5):
        ann, old = await make.customer(), await make.customer("Old")
        await make.merged(old, ann)
        await access(make, ann.key, old.key)
    query = (
        "query ($first: Int!) { customers(first: $first) { nodes { accesses(first: 2) { totalCount nodes { id } } } } }"
    )
    for first in (1, 5):
        with commands.counted() as sent:
            answer = await ask(query, first=first, **ADMINISTRATOR)
        assert answer.errors == []
        assert [len(one["accesses"]["nodes"]) for one in answer.data["customers"]["nodes"]] == [1] * first
        assert [name for name, _ in sent] == ["aggregate"] * 3


@pytest.mark.parametrize(
    "condition",
    ["", "customerId: $id", 'viewer: "anna"', "way: SEARCHED", 'customerId: $id, viewer: "anna", way: READ'],
)
async def test_indexed(ask: Asking, make: Makers, store: Store, commands: Commands, condition: str) -> None:
    """Every list and count of the ledger walks an index; a page examines what it shows, whatever lies behind it."""
    ann = await make.customer()
    for n in range(60):
        await access(make, ann.key, ways=["read", "searched"], viewer=("anna", "berta")[n % 2])
    scans = Scans(store, commands)
    given = {"id": ann.id} if "$id" in condition else {}
    head = "query ($id: ID)" if given else "query"
    for counted in ("totalCount", ""):
        query = f"{head} {{ accesses(first: 3, filter: {{ {condition} }}) {{ {counted} nodes {{ id }} }} }}"
        with commands.counted() as sent:
            answer = await ask(query, **ADMINISTRATOR, **given)
        assert answer.errors == []
        await scans.judge(condition, sent)
    assert (scans.found, scans.explained >= 3) == ([], True)
    (page,) = [command for name, command in sent if name == "aggregate" and command["aggregate"] == ACCESSES.name]
    plan = await store.explain({key: page[key] for key in ("aggregate", "pipeline", "cursor")})
    assert _examined(plan) <= 4 * (2 if "viewer" in condition else 1) + 2


def _examined(plan: Any) -> int:
    """How many documents a plan has looked at."""
    if isinstance(plan, dict):
        own: Document = plan.get("executionStats") or {}
        found = own.get("totalDocsExamined")
        return int(found) if found is not None else max([0, *map(_examined, plan.values())])
    return max([0, *map(_examined, plan)]) if isinstance(plan, list) else 0
