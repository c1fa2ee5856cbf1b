"""Does another subgraph's reference become the thing that it means, for whoever may see it, in one load per type?"""

from typing import Any

import pytest

from adapters.records import derived_id, new_id
from resolvers.kit.context import GraphLimits
from resolvers.kit.erased import ERASING
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.crowd import crowd, everything, product, small_things
from tests.makers import Made, Makers
from tests.walking import PARTNER, visitor

ENTITIES = "query($r: [_Any!]!) { _entities(representations: $r) { %s } }"
NAMED = ENTITIES % "... on Customer { id displayName }"
ANYTHING = ENTITIES % "__typename ... on Node { id }"
MIXED = ENTITIES % (
    "__typename ... on Customer { displayName } ... on Ticket { subject hiddenFields } ... on Note { text } "
    "... on Product { name } ... on Purchase { number }"
)


def reference(type_name: str, key: Any) -> dict[str, Any]:
    """How another subgraph names a thing."""
    return {"__typename": type_name, "id": global_id(type_name, key)}


def references(*customers: Made) -> list[dict[str, Any]]:
    """How it names customers."""
    return [reference("Customer", one.key) for one in customers]


async def _every_entity(ask: Asking) -> list[dict[str, Any]]:
    """A reference to something of each type, as far as there is any."""
    found = []
    for name, keeping in ask.graph.declared.entities.items():
        found += [reference(name, one["_id"]) for one in await ask.store.find(keeping.record, {}, limit=2)]
    return found


async def test_federated_customer(ask: Asking, make: Makers) -> None:
    """A reference finds the customer; null when there is none, or none that you may see."""
    one, other = await make.customer("Ann", "Lee"), await make.customer("Eve", "Fox")
    answer = await ask(NAMED, r=[*references(one), reference("Customer", new_id())])
    assert answer.data["_entities"] == [{"id": one.id, "displayName": "Ann Lee"}, None]
    assert (await ask(NAMED, r=references(other), **visitor(one))).data["_entities"] == [None]
    hidden = await ask(NAMED, r=references(one), **PARTNER)
    assert hidden.data["_entities"][0]["displayName"] is None


async def test_every_entity_found(ask: Asking, make: Makers) -> None:
    """Whatever another subgraph may refer to is found, whatever its type."""
    await crowd(make, 1)
    await small_things(make)
    wanted = await _every_entity(ask)
    answer = await ask(ANYTHING, r=wanted, as_=Role.ADMINISTRATOR)
    assert answer.data["_entities"] == wanted
    assert {one["__typename"] for one in wanted} == set(ask.graph.declared.entities)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.PARTNER, Role.VISITOR])
async def test_entities_as_nodes(ask: Asking, make: Makers, role: Role) -> None:
    """By a reference nobody meets more than by its id, nor less."""
    own, other = await make.customer("Ann"), await make.customer("Eve")
    for one in (own, other):
        await everything(make, one, 1)
    await small_things(make)
    wanted = await _every_entity(ask)
    who: Any = {"as_": role, "viewer": {"customer_id": own.key} if role is Role.VISITOR else {}}
    nodes = await ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=[w["id"] for w in wanted], **who
    )
    answer = await ask(ANYTHING, r=wanted, **who)
    assert answer.errors == []
    assert answer.data["_entities"] == nodes.data["nodes"]
    assert (None in nodes.data["nodes"]) == (role is not Role.SUPERVISOR)


async def test_mixed_in_order(ask: Asking, make: Makers, commands: Commands) -> None:
    """References of several types are answered in their order, twice where they stand twice, with one load per type."""
    one, two = await make.customer("Ann", "Lee"), await make.customer("Eve", "Fox")
    tickets = [await make.ticket(of, subject=f"Of {n}") for n, of in enumerate((one, two))]
    note, bought = await make.note(one, "Likes blue"), await product(make)
    wanted = [reference("Ticket", tickets[1]), *references(two), reference("Note", note), reference("Product", bought)]
    wanted += [*references(one), reference("Ticket", tickets[0]), reference("Ticket", tickets[1])]
    with commands.counted() as sent:
        answer = await ask(MIXED, r=wanted)
    tell = [next(value for key, value in found.items() if key != "__typename") for found in answer.data["_entities"]]
    assert tell == ["Of 1", "Eve Fox", "Likes blue", "Lamp", "Ann Lee", "Of 0", "Of 1"]
    # What is held in the process may be read anew at any moment.
    held = {record.name for record in ask.store.records.values() if record.is_held}
    loads = sorted(str(command[name]) for name, command in sent if command[name] not in held)
    assert loads == ["customers", "notes", "products", "tickets"]


async def test_hidden_are_null(ask: Asking, make: Makers) -> None:
    """Null stands for what is not there or not the viewer's, and personal values are hidden as everywhere."""
    own, other = await make.customer("Ann", "Lee"), await make.customer("Eve", "Fox")
    ticket, note = reference("Ticket", await make.ticket(own)), reference("Note", await make.note(own))
    bought = [reference("Purchase", await make.purchase(of, "1.00", number="SO")) for of in (own, other)]
    gone = reference("Ticket", new_id())
    partner = await ask(MIXED, r=[note, gone, ticket], **PARTNER)
    assert partner.errors == []
    assert partner.data["_entities"] == [
        None,
        None,
        {"__typename": "Ticket", "subject": None, "hiddenFields": ["subject"]},
    ]
    seen = await ask(MIXED, r=[ticket, note, *bought, gone], **visitor(own))
    assert seen.data["_entities"] == [None, None, {"__typename": "Purchase", "number": "SO"}, None, None]


async def test_merged_entity(ask: Asking, make: Makers) -> None:
    """The id of a customer who was merged gives the survivor, for ever."""
    old, survivor = await make.customer("Ann", "Lee"), await make.customer("Anna", "Lee")
    await make.merged(old, survivor)
    answer = await ask(NAMED, r=references(old, survivor))
    assert answer.data["_entities"] == [{"id": survivor.id, "displayName": "Anna Lee"}] * 2


async def test_erased_entity(ask: Asking, make: Makers) -> None:
    """Nothing is found of a customer who is being erased, though it may still be there."""
    one = await make.customer()
    ticket = reference("Ticket", await make.ticket(one))
    assert (await ask(ANYTHING, r=[ticket])).data["_entities"] == [ticket]
    await make.store.insert(ERASING, {"_id": one.key, "erasure_id": new_id(), "due_at": make.moment()})
    assert (await ask(ANYTHING, r=[ticket])).data["_entities"] == [None]


WRONG: list[tuple[Any, str]] = [
    ({"__typename": "Customer", "id": "junk"}, "representation of Customer needs its `id`"),
    ({"__typename": "Customer", "id": 7}, "unchanged"),
    ({"__typename": "Ticket"}, "representation of Ticket needs its `id`"),
    ({"__typename": "Ticket", "id": global_id("Note", derived_id("sample"))}, "unchanged"),
    ({"__typename": "Access", "id": global_id("Access", derived_id("sample"))}, "the name of an entity"),
    ({"__typename": ["Customer"], "id": "x"}, "the name of an entity"),
    (5, "as an object"),
]


async def test_many_wrong_references(ask: Asking) -> None:
    """Where very many are wrong it is told once: an error for each would hold everybody up."""
    answer = await ask(NAMED, r=[{"__typename": "Customer", "id": "junk"}] * 1_000)
    (error,) = answer.errors
    assert (answer.codes, error.path, answer.data) == (["BAD_USER_INPUT"], ["_entities"], None)
    assert (
        "More than 20 of `representations` name nothing. The last: A representation of Customer needs its `id`"
        in error.message
    )
    assert len((await ask(NAMED, r=[{"__typename": "Customer", "id": "junk"}] * 20)).errors) == 20


@pytest.mark.parametrize(("wrong", "words"), WRONG)
async def test_wrong_references(ask: Asking, make: Makers, wrong: Any, words: str) -> None:
    """A reference that names nothing has an error in its place that says what was wrong; the others are answered."""
    one = await make.customer("Ann", "Lee")
    answer = await ask(NAMED, r=[*references(one), wrong, *references(one)])
    (error,) = answer.errors
    assert (answer.codes, error.path) == (["BAD_USER_INPUT"], ["_entities", 1])
    assert words in error.message
    assert [found and found["displayName"] for found in answer.data["_entities"]] == ["Ann Lee", None, "Ann Lee"]


async def test_most_references(ask: Asking, make: Makers) -> None:
    """All that a long page of another subgraph refers to is found at once; more than the setting allows is refused."""
    one = await make.customer("Ann", "Lee")
    ask.limits = GraphLimits(most_references=200)
    answer = await ask(NAMED, r=references(one) * 200)
    assert answer.data["_entities"] == [{"id": one.id, "displayName": "Ann Lee"}] * 200
    refused = await ask(NAMED, r=references(one) * 201)
    assert refused.codes == ["BAD_USER_INPUT"]
    assert "`representations` has 201; at most 200" in refused.errors[0].message


async def test_entity_rows_count(ask: Asking, make: Makers) -> None:
    """Each reference counts as a row that the question loads."""
    one = await make.customer()
    ask.limits = GraphLimits(most_rows=200)
    assert (await ask(NAMED, r=references(one) * 200)).errors == []
    assert (await ask(NAMED, r=references(one) * 201)).codes == ["LIMIT_EXCEEDED"]


async def test_entity_columns(ask: Asking, make: Makers, commands: Commands) -> None:
    """What hangs on entities is read for all of them at once: thirty cost as many commands as two."""
    people = [await make.customer() for _ in range(30)]
    for one in people:
        await make.note(one)
        await make.ticket(one)
    query = ENTITIES % "... on Customer { notes(first: 1) { nodes { text } } tickets(first: 1) { nodes { subject } } }"
    held = {record.name for record in ask.store.records.values() if record.is_held}
    counts = []
    for some in (people[:2], people):
        with commands.counted() as sent:
            answer = await ask(query, r=references(*some))
        assert all(found["notes"]["nodes"] and found["tickets"]["nodes"] for found in answer.data["_entities"])
        counts.append(sum(command[name] not in held for name, command in sent))
    assert counts[0] == counts[1] <= 3
