"""Does a key that is limited to fields come by no other, whichever way it asks?"""

import re

import pytest
from graphql import parse

from adapters.mongo import Store
from gateway.keys import BadKey, list_keys, make_key
from gateway.touching import known_fields, touched_fields
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from tests.conftest import NOW
from tests.gateway.conftest import GRAPHQL, Gate, data_of
from tests.makers import Made, Makers

ALLOWED = "Query.customer Query.node Query.viewer Customer.id Customer.tags Tag.* Customer.history Note.id"


async def _key(store: Store, graph: Graph, fields: str = ALLOWED, *scopes: str) -> dict[str, str]:
    """The header of a new key."""
    known = known_fields(graph._schema, [fields])
    return {"X-API-Key": await make_key(store, name="shop", scopes=scopes, at=NOW, fields=known)}


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer."""
    return await make.customer()


def _beyond(response: object) -> list[str]:
    """The fields that a refusal names."""
    (error,) = response.json()["errors"]  # type: ignore[attr-defined]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    named = str(error["message"]).partition("among them: ")[2].partition(". Leave")[0]
    return named.split(", ")


async def test_allowed_is_answered(gate: Gate, house: Graph, make: Makers, ann: Made) -> None:
    """What the key has is answered, `__typename` and all fields of a type that it has whole."""
    text = f'{{ __typename customer(id: "{ann.id}") {{ __typename id tags {{ word addedAt }} }} }}'
    response = await gate.ask(text, headers=await _key(make.store, house))
    customer = {"__typename": "Customer", "id": ann.id, "tags": []}
    assert data_of(response) == {"__typename": "Query", "customer": customer}


ASKED = {
    "plainly": ("{ customer(id: $id) { id displayName createdAt } }", ["Customer.createdAt", "Customer.displayName"]),
    "by another name": ("{ me: customer(id: $id) { id: displayName } }", ["Customer.displayName"]),
    "by fragments": (
        "{ customer(id: $id) { ...F } } fragment F on Customer { ... on Redacted { hiddenFields } ... on Node { id } }",
        ["Customer.hiddenFields"],
    ),
    "by an interface": ("{ node(id: $id) { ... on Customer { id isAnonymous } } }", ["Customer.isAnonymous"]),
    "by a node": ("{ nodes(ids: [$id]) { ... on Customer { id } } }", ["Query.nodes"]),
    "by entities": (
        '{ _entities(representations: [{__typename: "Customer", id: $id}]) { ... on Customer { version } } }',
        ["Customer.version", "Query._entities"],
    ),
    "by the history": (
        "{ customer(id: $id) { history { nodes { item { ... on Note { id text } } } } } }",
        ["HistoryEntry.item", "HistoryEntryConnection.nodes", "Note.text"],
    ),
    "by a change": (
        'mutation { addTag(input: {customerId: $id, word: "x"}) { ... on TagPayload { customer { id } } } }',
        ["Mutation.addTag", "TagInput.customerId", "TagInput.word", "TagPayload.customer"],
    ),
    "by a condition": (
        '{ customers(filter: {tagged: ["x"]}) { totalCount } }',
        ["CustomerConnection.totalCount", "CustomerFilter.tagged", "Query.customers"],
    ),
    "where it is skipped": ("{ customer(id: $id) { id version @skip(if: true) } }", ["Customer.version"]),
}


@pytest.mark.parametrize("way", ASKED)
async def test_beyond_is_refused(gate: Gate, house: Graph, make: Makers, ann: Made, way: str) -> None:
    """A question that touches another field is FORBIDDEN as a whole, and told which fields those are."""
    text, wanted = ASKED[way]
    headers = await _key(make.store, house) | {"Accept": GRAPHQL}
    response = await gate.ask(text.replace("$id", f'"{ann.id}"'), headers=headers)
    assert (response.status_code, _beyond(response)) == (403, wanted)


async def test_every_type_behind_interface(gate: Gate, house: Graph, make: Makers, ann: Made) -> None:
    """A field of an interface is one of every type that may stand there, and that many are not all named."""
    response = await gate.ask(f'{{ node(id: "{ann.id}") {{ id }} }}', headers=await _key(make.store, house))
    named = _beyond(response)
    assert "Agent.id" in named
    assert "Customer.id" not in named
    assert len(named) == 20


async def test_variables_are_looked_at(gate: Gate, house: Graph, make: Makers) -> None:
    """The fields of an input count wherever they come from: the question, a default, or each time's variables."""
    fields = "Query.customers CustomerConnection.totalCount CustomerFilter.tagged"
    headers = await _key(make.store, house, fields)
    text = "query Q($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    may = await gate.ask(text, headers=headers, variables={"f": {"tagged": ["x"]}})
    may_not = await gate.ask(text, headers=headers, variables={"f": {"tagged": ["x"], "isAnonymous": True}})
    defaulted = await gate.ask(text.replace("Filter)", "Filter = {isAnonymous: true})"), headers=headers)
    assert data_of(may) == {"customers": {"totalCount": 0}}
    assert _beyond(may_not) == _beyond(defaulted) == ["CustomerFilter.isAnonymous"]


@pytest.mark.parametrize(
    "asked",
    ['search: "ann"', "orderBy: {field: NAME}", 'filter: {attributes: [{name: "firstName", anyOf: ["Ann"]}]}'],
)
async def test_no_way_around(gate: Gate, house: Graph, make: Makers, ann: Made, asked: str) -> None:
    """A key that may see personal values, but not ask for names, does not come by them through search or order."""
    fields = "Query.customers, CustomerConnection.totalCount, CustomerFilter.*, CustomerOrder.*, AttributeCondition.*"
    text = f"{{ customers({asked}) {{ totalCount }} }}"
    limited = await gate.ask(text, headers=await _key(make.store, house, fields, "personal"))
    more = f"{fields}, Customer.displayName, ContactPoint.value, AttributeValue.value"
    free = await gate.ask(text, headers=await _key(make.store, house, more, "personal"))
    assert [one["extensions"]["code"] for one in limited.json()["errors"]] == ["FORBIDDEN"]
    assert free.json()["data"]["customers"] in ({"totalCount": 1}, {"totalCount": 0})
    assert ann.id


async def test_introspection_is_free(gate: Gate, house: Graph, store: Store) -> None:
    """The schema that is shown is the whole one."""
    text = '{ __schema { queryType { name } } __type(name: "Note") { fields { name } } }'
    response = await gate.ask(text, headers=await _key(store, house))
    assert "errors" not in response.json()


async def test_key_tells_its_fields(gate: Gate, house: Graph, store: Store) -> None:
    """`viewer`, free for every key, and the list of keys say to which fields a key is limited; one without has all."""
    headers = await _key(store, house, "Query.customer Customer.id")
    response = await gate.ask("{ viewer { role subject maySeePersonal fields } }", headers=headers)
    await _key(store, house, "")
    told = {"role": "PARTNER", "subject": "shop", "maySeePersonal": False, "fields": ["Customer.id", "Query.customer"]}
    assert data_of(response) == {"viewer": told}
    assert sorted(len(one.fields) for one in await list_keys(store)) == [0, 2]


async def test_beyond_viewer(gate: Gate, house: Graph, store: Store) -> None:
    """What stands behind `viewer` is no freer than elsewhere."""
    headers = await _key(store, house, "Query.customer Customer.id")
    assert _beyond(await gate.ask("{ viewer { agent { name } customer { id version } } }", headers=headers)) == [
        "Agent.name",
        "Customer.version",
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("Query.customer Custmer.id", "Did you mean 'Customer'?"),
        ("Query.customer Customer.dispayName", "Did you mean 'displayName'?"),
        ("Query.customer Node.id", "stands for several types"),
        ("Query.customer Customer", "There is no field '' on Customer."),
        ("Query.customer __Type.name", "There is no type '__Type'"),
        ("Customer.id", "questions begin at Query"),
    ],
)
def test_unknown_field_is_refused(house: Graph, given: str, words: str) -> None:
    """No key is made with a field that there is not, and what was probably meant is told."""
    with pytest.raises(BadKey, match=re.escape(words)):
        known_fields(house._schema, [given])


@pytest.mark.parametrize(("claim", "codes"), [("Query.channels Channel.name", []), (["Query.customer"], ["FORBIDDEN"])])
async def test_token_is_limited(gate: Gate, claim: object, codes: list[str]) -> None:
    """A partner's token can be limited to fields, too, by the claim `fields`."""
    response = await gate.ask("{ channels { name } }", headers=gate.bearer(Role.PARTNER, fields=claim))
    assert [one["extensions"]["code"] for one in response.json().get("errors", [])] == codes


@pytest.mark.parametrize("claim", [{}, [], [1], True, "", None])
async def test_odd_limit_is_no_limit_lifted(gate: Gate, claim: object) -> None:
    """A token whose limit cannot be understood signs nobody in."""
    response = await gate.ask("{ viewer { role } }", headers=gate.bearer(Role.PARTNER, fields=claim))
    assert response.status_code == 401


def test_nested_fragments_are_cheap(house: Graph) -> None:
    """Fragments that spread each other twice, thirty deep, are walked once each."""
    spreads = " ".join(f"fragment F{n} on Customer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    document = parse(f'{{ customer(id: "x") {{ ...F0 }} }} {spreads} fragment F30 on Customer {{ id }}')
    found = touched_fields(house._schema, document, document.definitions[0])  # type: ignore[arg-type]
    assert found == {"Query.customer", "Customer.id"}
