"""Every question is covered by an index: whatever is asked, no collection is scanned."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import Document
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.labels import LABELS
from tests.changing import change
from tests.conftest import Asking, Commands
from tests.crowd import attributes, contact_point, crowd, small_things
from tests.makers import Made, Makers
from tests.workloads import W1, W2

# What the driver adds to a command, and an explanation does not take.
_DRIVERS = {"lsid", "$db", "$clusterTime", "txnNumber", "startTransaction", "autocommit", "$readPreference"}
_CONCERNS = {"writeConcern", "readConcern"}
_EXPLAINED = {"find", "aggregate", "count", "distinct", "update", "delete", "findAndModify"}


class Scans:
    """Runs questions and names those for which the database would scan a collection."""

    def __init__(self, store: Store, commands: Commands) -> None:
        self.store = store
        self.commands = commands
        self.explained = 0
        self.found: list[str] = []

    async def run(self, ask: Asking, name: str, query: str, **variables: Any) -> Any:
        """The answer to a question whose commands are explained."""
        with self.commands.counted() as sent:
            answer = await ask(query, **variables)
        assert answer.errors == [], name
        await self.judge(name, sent)
        return answer.data

    async def judge(self, name: str, sent: list[tuple[str, Document]]) -> None:
        """Explains what was sent."""
        for kind, command in list(sent):
            if kind not in _EXPLAINED or self._is_whole_load(kind, command):
                continue
            for part in _parts(_plain(command)):
                self.explained += 1
                if any(_scans(await self.store.explain(part))):
                    self.found.append(f"{name}: {part}")

    def _is_whole_load(self, kind: str, command: Document) -> bool:
        """Small records that are held are read whole: that is no scan for a few of many."""
        held = {record.name for record in self.store.records.values() if record.is_held}
        return kind == "find" and command["find"] in held and not command["filter"]


def _plain(command: Document) -> Document:
    """A command as a person would send it."""
    return {key: value for key, value in command.items() if key not in _DRIVERS | _CONCERNS}


def _parts(command: Document) -> Iterator[Document]:
    """A command and each pipeline that it unites: mongod 6.0.5 dies of explaining a join inside a union.

    Of several updates in one command each is explained apart.
    """
    if len(command.get("updates", ())) > 1:
        yield from ({**command, "updates": [one]} for one in command["updates"])
        return
    stages = command.get("pipeline", [])
    for union in [stage["$unionWith"] for stage in stages if "$unionWith" in stage]:
        yield from _parts({**command, "aggregate": union["coll"], "pipeline": union["pipeline"]})
    own = [one for one in stages if "$unionWith" not in one]
    if own == [{"$documents": []}]:
        return
    yield {**command, "pipeline": own} if stages else command


def _scans(plan: Any) -> Iterator[str]:
    """Every scan of a collection in a plan that was chosen, also inside joins and unions."""
    if isinstance(plan, Mapping):
        if plan.get("stage") == "COLLSCAN":
            yield "COLLSCAN"
        if int(plan.get("collectionScans", 0)):
            yield "in a join"
        for name, inner in plan.items():
            if name not in {"rejectedPlans", "command"}:
                yield from _scans(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from _scans(inner)


@pytest.fixture
async def people(ask: Asking, make: Makers) -> list[Made]:
    """A few customers of whom everything is known: an empty collection would hide how it is read."""
    found = await crowd(make, 4, 3)
    await small_things(make)
    await make.channel("shop")
    for one in found:
        await attributes(make, one, tier="gold")
        await contact_point(make, one, "a@example.com")
    empty = [one.name for one in ask.graph.declared.records if not await make.store.count(one, {})]
    assert empty == []
    return found


@pytest.fixture
def scans(store: Store, commands: Commands) -> Scans:
    """Where the scans are noted."""
    return Scans(store, commands)


async def test_scan_is_seen(store: Store, scans: Scans, commands: Commands, people: list[Made]) -> None:
    """This judge sees a scan where there is one: in a find, a join and a union."""
    notes = store.records["notes"]
    lookup = {"from": "notes", "localField": "n", "foreignField": "text", "as": "x"}
    union = {"coll": "notes", "pipeline": [{"$match": {"text": "a"}}]}
    for pipeline in ([{"$match": {"text": "a"}}], [{"$match": {"_id": people[0].key}}, {"$unionWith": union}]):
        with commands.counted() as sent:
            await store.aggregate(notes, pipeline)
        await scans.judge("scan", sent)
    with commands.counted() as sent:
        await store.aggregate(store.records["customers"], [{"$match": {"_id": people[0].key}}, {"$lookup": lookup}])
    await scans.judge("join", sent)
    assert (len(scans.found), scans.explained) == (3, 4)


async def test_workloads_indexed(ask: Asking, scans: Scans, people: list[Made]) -> None:
    """The agent panel and the inbox scan nothing."""
    await scans.run(ask, "W1", W1, channel="whatsapp", account="main", value="+14155550000")
    await scans.run(ask, "W2", W2, first=3)
    assert scans.found == []
    assert scans.explained >= 4
    assert people


WAYS = ("first: 2", "last: 2", 'first: 2, after: "CURSOR"', 'last: 2, before: "CURSOR"')
FILTERS = {
    "tickets": [
        "{ statuses: [OPEN, NEW] }",
        '{ since: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z" }',
        '{ agentId: "AGENT", campaignId: "CAMPAIGN" }',
    ],
    "purchases": ['{ statuses: [PAID], since: "2026-01-01T00:00:00Z" }'],
    "facts": ['{ categories: ["Sports"], since: "2026-01-01T00:00:00Z" }'],
    "history": [
        "{ kinds: [NOTE, MESSAGE] }",
        '{ channels: ["shop", "whatsapp"], until: "2027-01-01T00:00:00Z" }',
        '{ since: "2026-01-01T00:00:00Z", kinds: [PURCHASE] }',
    ],
}
MORE = {"conversations": 'statuses: [OPEN], channels: ["whatsapp"]', "interests": 'categories: ["Sports"]'}


def _lists(ask: Asking) -> list[str]:
    customer = ask.graph._schema.type_map["Customer"]
    return sorted(name for name, field in customer.fields.items() if "after" in field.args)  # type: ignore[attr-defined]


async def test_lists_indexed(ask: Asking, scans: Scans, people: list[Made]) -> None:
    """Every list of a customer scans nothing: either way, behind a cursor, filtered, counted."""
    ids = {"AGENT": global_id("Agent", ask.agent_id), "CAMPAIGN": global_id("Campaign", people[0].key)}
    # An administrator sees every list.
    ask.role = Role.ADMINISTRATOR
    for field in _lists(ask):
        page = "{ edges { cursor } totalCount }"
        query = f"query($id: ID!) {{ customer(id: $id) {{ list: {field}(ARGUMENTS) {page} }} }}"
        first = await scans.run(ask, field, query.replace("ARGUMENTS", "first: 1"), id=people[0].id)
        cursor = first["customer"]["list"]["edges"][0]["cursor"]
        extra = [f"filter: {one}" for one in FILTERS.get(field, [])] + [
            more for name, more in MORE.items() if name == field
        ]
        for way, more in product(WAYS, ["", *extra]):
            arguments = f"{way}, {more}".replace("CURSOR", cursor)
            for word, key in ids.items():
                arguments = arguments.replace(word, key)
            await scans.run(ask, f"{field}({arguments})", query.replace("ARGUMENTS", arguments), id=people[0].id)
    assert scans.found == []


NESTED = """identities { value } purchaseTotals(per: MONTH) { orders } summary { factCount }
  conversations { nodes { messages(first: 2) { nodes { text attachments { name } conversation { id } } totalCount } } }
  tickets { nodes { attachments { name } campaign { name } } } purchases { nodes { lines { product { name } } } }"""


async def test_nested_indexed(ask: Asking, scans: Scans, people: list[Made]) -> None:
    """What hangs on rows scans nothing."""
    await scans.run(ask, "nested", f"{{ customers {{ nodes {{ {NESTED} }} }} }}")
    assert scans.found == []
    assert people


CONDITIONS = {
    "none": {},
    "onChannels": ["whatsapp"],
    "labelled": ["LABEL"],
    "tagged": ["golf"],
    "notedAs": ["size"],
    "withTickets": ["OPEN"],
    "bought": {"statuses": ["PAID"], "since": "2026-01-01T00:00:00Z"},
    "drawnTo": ["TOPIC"],
    "createdSince": "2026-01-01T00:00:00Z",
    "heardOfSince": "2026-01-01T00:00:00Z",
    "silentSince": "2027-01-01T00:00:00Z",
    "isAnonymous": False,
    "assignedTo": "AGENT",
    "attributes": [{"name": "tier", "anyOf": ["gold"]}, {"name": "lastName", "anyOf": ["Lee"]}],
    "givenToys": ["top"],
}
LIST = """query(
  $filter: CustomerFilter, $search: String, $order: CustomerOrderField!, $after: String, $before: String
) {
  up: customers(first: 1, filter: $filter, search: $search, orderBy: { field: $order, direction: ASCENDING }) {
    edges { cursor } totalCount }
  down: customers(first: 1, filter: $filter, search: $search, after: $after,
    orderBy: { field: $order, direction: DESCENDING }) { edges { cursor } }
  back: customers(last: 1, filter: $filter, search: $search, before: $before,
    orderBy: { field: $order, direction: DESCENDING }) { edges { cursor } } }"""


def _condition(ask: Asking, name: str, value: Any) -> dict[str, Any]:
    ids = {"AGENT": global_id("Agent", ask.agent_id)}
    for word, key in (("LABEL", "Label"), ("TOPIC", "Topic")):
        ids[word] = global_id(key, LABELS.id_of({"name": "VIP"}))
    if isinstance(value, list):
        value = [ids.get(one, one) if isinstance(one, str) else one for one in value]
    return {} if name == "none" else {name: ids.get(value, value) if isinstance(value, str) else value}


@pytest.mark.parametrize("order", ["LAST_INTERACTION", "CREATED", "NAME"])
async def test_directory_indexed(ask: Asking, scans: Scans, people: list[Made], order: str) -> None:
    """Customers filtered by any condition, in any order, behind a cursor, counted: nothing is scanned."""
    assert set(CONDITIONS) - {"none"} == set(ask.graph._schema.type_map["CustomerFilter"].fields)  # type: ignore[attr-defined]
    start = await scans.run(ask, order, LIST, order=order)
    for name, value in CONDITIONS.items():
        cursor = start["down"]["edges"][0]["cursor"]
        given = _condition(ask, name, value)
        places = {"after": cursor, "before": cursor}
        await scans.run(ask, f"{order} {name}", LIST, order=order, filter=given, **places)
    await scans.run(ask, f"{order} search", LIST, order=order, search="ann le")
    await scans.run(ask, f"{order} number", LIST, order=order, search="+14155550000")
    assert scans.found == []
    assert people


async def test_nodes_indexed(ask: Asking, scans: Scans, people: list[Made]) -> None:
    """Anything is found by its id without a scan, and so is an entity."""
    query = "query($id: ID!) { node(id: $id) { id } }"
    for name, keeping in ask.graph.declared.nodes.items():
        stored = await ask.store.find(keeping.record, {}, limit=1)
        await scans.run(ask, name, query, id=global_id(name, stored[0]["_id"]))
    references = [{"__typename": "Customer", "id": one.id} for one in people]
    for name, keeping in ask.graph.declared.entities.items():
        stored = await ask.store.find(keeping.record, {}, limit=1)
        references.append({"__typename": name, "id": global_id(name, stored[0]["_id"])})
    entities = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    await scans.run(ask, "_entities", entities, r=references)
    assert scans.found == []


async def test_changes_indexed(ask: Asking, make: Makers, scans: Scans, commands: Commands, people: list[Made]) -> None:
    """Mutations find what they change without a scan."""
    of = {"customerId": people[0].id}
    label = global_id("Label", LABELS.id_of({"name": "VIP"}))
    tier = next(iter(await ask.store.find(ask.store.records["attribute_definitions"], {"name": "tier"})))
    definition = {"id": global_id("AttributeDefinition", tier["_id"])}
    number = {"channel": "whatsapp", "account": "main", "value": "+14155559999"}
    (identity,) = await ask.store.find(ask.store.records["identities"], {"customer_id": people[1].key})
    stranger = await make.customer(None, None)
    talk = await make.conversation(stranger, "Hello")
    steps: list[tuple[str, dict[str, Any]]] = [
        ("identifyCustomer", number),
        ("linkIdentity", of | number | {"value": "+14155558888"}),
        ("unlinkIdentity", {"id": global_id("Identity", identity["_id"])}),
        ("relinkConversation", of | {"id": global_id("Conversation", talk)}),
        ("addTag", of | {"word": "golf"}),
        ("removeTag", of | {"word": "golf"}),
        ("addCustomData", of | {"name": "a", "value": "1"}),
        ("editCustomData", of | {"name": "a", "value": "2", "version": 6}),
        ("removeCustomData", of | {"name": "a", "version": 7}),
        ("labelCustomer", of | {"labelId": label}),
        ("unlabelCustomer", of | {"labelId": label}),
        ("removeLabel", {"id": label}),
        ("addNote", of | {"text": "a"}),
        ("changeAttributeDefinition", definition | {"rules": {"maxLength": 10, "pattern": "[a-z]+"}}),
        ("removeAttributeDefinition", definition | {"withValues": True}),
    ]
    for mutation, given in steps:
        with commands.counted() as sent:
            found = await change(ask, mutation, "__typename", Role.ADMINISTRATOR, **given)
        assert "code" not in found, mutation
        await scans.judge(mutation, sent)
    assert scans.found == []


def _examined(plan: Any) -> int:
    """How many documents the parts of a plan looked at."""
    if isinstance(plan, Mapping):
        own = int(plan.get("executionStats", {}).get("totalDocsExamined", 0)) if "executionStats" in plan else 0
        return own + sum(_examined(inner) for name, inner in plan.items() if name != "executionStats")
    return sum(_examined(inner) for inner in plan) if isinstance(plan, list) else 0


@pytest.mark.parametrize("order", ["last_interaction_at", "created_at", "sort_name"])
async def test_page_examines_page(ask: Asking, make: Makers, commands: Commands, order: str) -> None:
    """A page of the directory costs what the page has, not what the list has, also behind a cursor."""
    for n in range(300):
        await make.customer(f"Ann{n}")
    page = "customers(first: 5, after: $a, orderBy: { field: $o }) { pageInfo { endCursor } }"
    query = f"query($o: CustomerOrderField!, $a: String) {{ {page} }}"
    name = {"last_interaction_at": "LAST_INTERACTION", "sort_name": "NAME"}.get(
        order, order.split("_", maxsplit=1)[0].upper()
    )
    with commands.counted() as sent:
        first = await ask(query, o=name)
        await ask(query, o=name, a=first.data["customers"]["pageInfo"]["endCursor"])
    pages = [command for kind, command in sent if kind == "aggregate"]
    examined = [_examined(await ask.store.explain(part)) for page in pages for part in _parts(_plain(page))]
    assert examined == [6, 6, 0]
