"""Is it written who read whose personal data: exactly what left, in every way of asking?"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import Document, RecordId
from gateway.keys import make_key
from resolvers.accesses import ACCESSES
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import LOOKUP_SCOPE, PERSONAL_SCOPE, VISITORS_SCOPE, Role
from tests.crowd import account, attributes, contact_point, definition, double
from tests.gateway.conftest import Gate, OpenGate
from tests.makers import Made, Makers

# What no document of the ledger may hold, in letters and in numbers.
MARK, NUMBER = "Zebrafink", "+14155550199"
NAME = {"Customer.displayName", "Customer.attributes.firstName"}


@pytest.fixture
def strict(open_gate: OpenGate) -> Gate:
    """A gate that writes before it answers, so that all is there then."""
    return open_gate(access_ledger="strict")


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer with personal values everywhere."""
    one = await make.customer(MARK, MARK, display_name=MARK)
    await make.identity(one, "whatsapp", NUMBER)
    await definition(make, "shoe", is_personal=False)
    await definition(make, "secretShoe", is_personal=True)
    await attributes(make, one, shoe="42", secretShoe=MARK)
    await contact_point(make, one, f"{MARK}@example.com")
    datum = {"name": "size", "value": MARK, "added_at": make.moment(), "added_by": "maker"}
    await make.store.update(make.store.records["customers"], {"_id": one.key}, {"$push": {"custom_data": datum}})
    await make.note(one, MARK)
    await make.ticket(one, subject=MARK)
    await make.conversation(one, MARK, subject=MARK)
    await make.purchase(one, "1.00")
    return one


async def entries(store: Store) -> list[Document]:
    """All of the ledger, the oldest first."""
    found = await store.find(ACCESSES, {}, order=[("at", 1), ("_id", 1)])
    assert MARK not in (text := json.dumps(found, default=str))
    assert NUMBER not in text
    return found


async def asked(gate: Gate, query: str, *, headers: Mapping[str, str] | None = None, **variables: Any) -> Any:
    """The data of an answer without errors."""
    found = (await gate.ask(query, headers=headers, variables=variables)).json()
    assert "errors" not in found, found["errors"]
    return found["data"]


HISTORY = """{ customer(id: $id) { history(last: 9) { edges { node { item {
  ... on Message { text } ... on Note { said: text } ... on Purchase { number } } } } } } }"""
NODES = (
    "{ node(id: $id) { id ... on Customer { displayName } } nodes(ids: [$id, $id]) { ... on Customer { firstName } } }"
)
FRAGMENTS = (
    "{ customer(id: $id) { ...F n: identities { v: value } } } fragment F on Customer { a: firstName b: firstName }"
)
ENTITIES = '{ _entities(representations: [{__typename: "Customer", id: $id}]) { ... on Customer { displayName } } }'
FACTS = "{ customer(id: $id) { summary(top: 9) { categories { top { value } } } facts(first: 9) { nodes { name } } } }"
READINGS: list[tuple[str, set[str]]] = [
    ("{ customer(id: $id) { displayName firstName } }", NAME),
    (FRAGMENTS, {"Customer.attributes.firstName", "Identity.value"}),
    ("{ customer(id: $id) { attributes { name value } } }", {
        "Customer.attributes.firstName", "Customer.attributes.lastName", "Customer.attributes.secretShoe"}),
    ("{ customer(id: $id) { contactPoints { value postal { city } } } }", {"ContactPoint.value"}),
    ("{ customer(id: $id) { customData { value } notes { nodes { text } } } }", {"CustomDatum.value", "Note.text"}),
    ("{ customer(id: $id) { tickets(first: 5) { edges { node { subject } } } } }", {"Ticket.subject"}),
    ("{ customer(id: $id) { conversations { nodes { subject messages { nodes { text } } } } } }", {
        "Conversation.subject", "Message.text"}),
    (HISTORY, {"Message.text", "Note.text"}),
    (FACTS, {"Customer.attributes.firstName", "Customer.attributes.lastName", "Customer.attributes.secretShoe",
             "ContactPoint.value", "CustomDatum.value"}),
    (NODES, NAME),
    (ENTITIES, {"Customer.displayName"}),
    ("{ customers { nodes { displayName } } }", {"Customer.displayName"}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "fields"), READINGS)
@pytest.mark.parametrize("plans", [True, False])
async def test_readings(
    open_gate: OpenGate, make: Makers, ann: Made, query: str, fields: set[str], plans: bool
) -> None:
    """Each way of reading gives the fields that were shown and the customer whose they are, planned and not."""
    gate = open_gate(access_ledger="strict", plans=plans)
    query = f"query Panel($id: ID!) {query}" if "$id" in query else f"query Panel {query}"
    # The third time there is a plan.
    for _ in range(3):
        await asked(gate, query, id=ann.id)
    found = await entries(make.store)
    assert len(found) == 3
    for one in found:
        assert set(one["fields"]) == fields
        assert (one["customers"], one["ways"]) == ([ann.key], ["read"])
        assert (one["viewer"], one["role"], one["operation"]) == ("anna", "agent", "Panel")
        assert isinstance(one["agent_id"], RecordId)
    assert len({one["question_hash"] for one in found}) == 1


NOTHING = [
    "query ($id: ID!) { customer(id: $id) { id isAnonymous createdAt version hiddenFields labels { name } } }",
    "query ($id: ID!) { customer(id: $id) { notes { nodes { id createdAt } } attributes { name isHidden } } }",
    "query ($id: ID!) { customer(id: $id) { lastName @skip(if: true) } }",
    "query ($id: ID!) { customer(id: $id) { entryPoint { channel } } viewer { subject } }",
]


@pytest.mark.parametrize("query", NOTHING)
async def test_nothing_personal(strict: Gate, make: Makers, ann: Made, query: str) -> None:
    """Where nothing personal is shown, nothing is written."""
    await asked(strict, query, id=ann.id)
    assert await entries(make.store) == []


async def test_page_is_noted(strict: Gate, make: Makers, ann: Made) -> None:
    """A personal value inside another object is noted by the name of that one's field."""
    came = {"channel": "web", "page": "/reset?mail=ann@example.org", "referrer": None}
    await make.store.update(CUSTOMERS, {"_id": ann.key}, {"$set": {"entry_point": came}})
    await asked(strict, "query ($id: ID!) { customer(id: $id) { entryPoint { channel page referrer } } }", id=ann.id)
    (found,) = await entries(make.store)
    assert (found["fields"], found["customers"]) == (["EntryPoint.page"], [ann.key])


@pytest.mark.usefixtures("ann")
async def test_attribute_made_free(strict: Gate, make: Makers) -> None:
    """What the administrators did not make personal is not: by its name, and among the attributes."""
    plain = await make.customer(None, None)
    await attributes(make, plain, shoe="42")
    query = "query ($id: ID!) { customer(id: $id) { attributes { value } firstName } }"
    await asked(strict, query, id=plain.id)
    assert await entries(make.store) == []


@pytest.mark.parametrize("query", [query for query, _ in READINGS])
async def test_hidden_leaves_none(strict: Gate, make: Makers, ann: Made, query: str) -> None:
    """A viewer to whom personal values are hidden leaves no entry for them."""
    query = f"query ($id: ID!) {query}" if "$id" in query else query
    response = await strict.ask(query, headers=strict.bearer(Role.PARTNER), variables={"id": ann.id})
    assert MARK not in response.text
    assert await entries(make.store) == []


async def test_visitor_reads_own(strict: Gate, make: Makers, ann: Made) -> None:
    """What visitors read of themselves is not written; who is given a token for them is."""
    visitor = strict.bearer(Role.VISITOR, subject="v", customer_id=ann.id)
    for _ in range(3):
        found = await asked(strict, "query ($id: ID!) { customer(id: $id) { firstName } }", headers=visitor, id=ann.id)
        assert found == {"customer": {"firstName": MARK}}
    assert await entries(make.store) == []
    mint = """mutation ($id: ID!) { mintVisitorToken(input: { customerId: $id }) { __typename } }"""
    await asked(strict, mint, headers=strict.bearer(Role.PARTNER, scope=VISITORS_SCOPE), id=ann.id)
    (one,) = await entries(make.store)
    assert (one["ways"], one["customers"], one["fields"], one["role"]) == (["opened"], [ann.key], [], "partner")


LOOK_UP = """query Who($value: String!) { customerByIdentity(channel: "whatsapp", account: "main", value: $value) {
  customer { id } } }"""
IDENTIFY = """mutation ($value: String!) { identifyCustomer(input: {
  channel: "whatsapp", account: "main", value: $value }) { ... on IdentifyCustomerPayload { isNew } } }"""


@pytest.mark.parametrize("query", [LOOK_UP, IDENTIFY])
async def test_look_ups(strict: Gate, make: Makers, ann: Made, query: str) -> None:
    """A look-up is written, also where nobody was found; by which value it was asked is not."""
    await asked(strict, query, value=NUMBER)
    await asked(strict, query, value="+14155550198")
    found, missed = await entries(make.store)
    place = {"channel": "whatsapp", "account": "main"}
    assert (found["ways"], found["customers"]) == (["looked_up"], [ann.key])
    assert found["look_ups"] == [{**place, "found": 1, "missed": 0}]
    assert (missed["ways"], missed["customers"]) == (["looked_up"], [])
    assert missed["look_ups"] == [{**place, "found": 0, "missed": 1}]
    assert "4155550198" not in json.dumps(missed, default=str)


@pytest.mark.usefixtures("ann")
async def test_literals_leave_no_trace(strict: Gate, make: Makers) -> None:
    """Two questions that differ in literal values alone have one hash: it could be guessed from a number else."""
    for value in (NUMBER, "+14155550198"):
        await asked(strict, LOOK_UP.replace("($value: String!)", "").replace("$value", json.dumps(value)))
    await asked(strict, LOOK_UP, value=NUMBER)
    one, other, third = await entries(make.store)
    assert one["question_hash"] == other["question_hash"] != third["question_hash"]


async def test_searches(strict: Gate, make: Makers, ann: Made) -> None:
    """Searching and filtering by personal values is written with what it went by and whom it found, not the value."""
    await asked(strict, f'{{ customers(search: "{MARK}") {{ totalCount }} }}')
    by = 'filter: { attributes: [{ name: "%s", anyOf: ["%s"] }] }'
    await asked(strict, f"{{ customers({by % ('secretShoe', MARK)}) {{ nodes {{ id }} }} }}")
    await asked(strict, f"{{ customers({by % ('shoe', 42)}) {{ nodes {{ id }} }} }}")
    found = [(one["ways"], one["searched_by"], one["customers"]) for one in await entries(make.store)]
    assert found == [
        (["searched"], ["Customer.search"], []),
        (["searched"], ["Customer.attributes.secretShoe"], [ann.key]),
    ]


async def test_mutations(strict: Gate, make: Makers, ann: Made) -> None:
    """What a mutation answers is read, too: things of one customer, and those of whom the payload tells."""
    note = f'addNote(input: {{ customerId: $id, text: "{MARK}" }}) {{ ... on AddNotePayload {{ note {{ text }} }} }}'
    point = (
        f'addContactPoint(input: {{ customerId: $id, type: EMAIL, value: "{MARK}2@example.com" }}) '
        "{ ... on ContactPointPayload { contactPoint { value } } }"
    )
    for n, fields in ((note, ["Note.text"]), (point, ["ContactPoint.value"])):
        await asked(strict, f"mutation ($id: ID!) {{ {n} }}", id=ann.id)
        *_, one = await entries(make.store)
        assert (one["fields"], one["customers"]) == (fields, [ann.key])


async def test_accounts_held(strict: Gate, make: Makers, ann: Made) -> None:
    """What several customers hold is everybody's who holds it, however it is found."""
    eve = await make.customer("Eve")
    key = await account(make, ann, MARK)
    holding = {"customer_id": eve.key, "account_id": key, "held_since": make.moment()}
    holdings = make.store.records["account_holdings"]
    await make.store.insert(holdings, {"_id": holdings.id_of(holding), **holding})
    query = "query ($id: ID!) { node(id: $id) { ... on CustomerAccount { number } } }"
    await asked(strict, query, id=global_id("CustomerAccount", key))
    (one,) = await entries(make.store)
    assert (one["fields"], set(one["customers"])) == (["CustomerAccount.number"], {ann.key, eve.key})


async def test_suggestions_and_previews(strict: Gate, make: Makers, ann: Made) -> None:
    """Both of a pair, and everybody of whom a preview shows a value."""
    eve, third = await make.customer("Eve"), await make.customer("Third")
    await double(make, one_id=ann.key, other_id=eve.key)
    await asked(strict, "{ duplicateSuggestions { nodes { customers { displayName } } } }")
    preview = """query ($one: ID!, $other: ID!) { previewMerge(input: { survivorId: $one, otherIds: [$other] }) {
      differences { name values { value } } survivor { id } } }"""
    await asked(strict, preview, one=ann.id, other=third.id)
    pair, both = await entries(make.store)
    assert set(pair["customers"]) == {ann.key, eve.key}
    assert set(both["customers"]) == {ann.key, third.key}
    assert "Customer.attributes.firstName" in both["fields"]


async def test_merged_customer(strict: Gate, make: Makers, ann: Made) -> None:
    """A merged customer's values may be anyone's who went into it: all of their ids are written."""
    old = await make.customer("Old")
    await make.merged(old, ann, "NOTES")
    await asked(strict, "query ($id: ID!) { customer(id: $id) { notes { nodes { text } } } }", id=old.id)
    (one,) = await entries(make.store)
    assert set(one["customers"]) == {ann.key, old.key}


@pytest.mark.usefixtures("ann")
async def test_key_is_named(strict: Gate, make: Makers) -> None:
    """A program is written by its key's name and handle."""
    scopes = [LOOKUP_SCOPE, PERSONAL_SCOPE]
    key = await make_key(make.store, name="newsletter", scopes=scopes, at=datetime.now(UTC))
    await asked(strict, "{ customers { nodes { displayName } } }", headers={"X-API-Key": key})
    (one,) = await entries(make.store)
    assert (one["viewer"], one["role"], one["agent_id"]) == ("newsletter", "partner", None)
    assert key.startswith(one["key_handle"] + "_")


async def test_many_customers(open_gate: OpenGate, make: Makers) -> None:
    """A request that shows more than a thousand customers is written in several entries; nobody is left out."""
    gate = open_gate(access_ledger="strict", largest_page=1_100)
    people = [await make.customer(f"Ann{n}") for n in range(1_100)]
    await asked(gate, "{ customers(first: 1100) { nodes { displayName } } }")
    found = await entries(make.store)
    assert [len(one["customers"]) for one in found] == [1_000, 100]
    assert {key for one in found for key in one["customers"]} == {one.key for one in people}
    assert len({(one["at"], one["question_hash"]) for one in found}) == 1


async def test_errors_leave_what_left(strict: Gate, make: Makers, ann: Made) -> None:
    """Where an error makes a part null, that part is not written, and no mark of ours leaves."""
    query = "query ($id: ID!) { customer(id: $id) { displayName notes(first: -1) { nodes { text } } } }"
    for _ in range(3):
        response = await strict.ask(query, variables={"id": ann.id})
        assert response.json()["data"] == {"customer": {"displayName": MARK, "notes": None}}
    assert {tuple(one["fields"]) for one in await entries(make.store)} == {("Customer.displayName",)}


@pytest.mark.usefixtures("ann")
async def test_off(open_gate: OpenGate, make: Makers) -> None:
    """Switched off, nothing is written."""
    await asked(open_gate(access_ledger="off"), LOOK_UP, value=NUMBER)
    assert await entries(make.store) == []
