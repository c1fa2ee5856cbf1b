"""Which thing has this id?"""

import pytest
from graphql import is_object_type

from adapters.records import derived_id, new_id
from resolvers.identities import IDENTITY_KEYS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.crowd import crowd, everything, small_things
from tests.makers import Makers
from tests.walking import PARTNER, visitor

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def _every_id(ask: Asking) -> dict[str, str]:
    """An id of each type that is there."""
    found = {}
    for name, keeping in ask.graph.declared.nodes.items():
        stored = await ask.store.find(keeping.record, {}, limit=1)
        found[name] = global_id(name, stored[0]["_id"])
    return found


async def test_every_type_found(ask: Asking, make: Makers) -> None:
    """Whatever has an id is found again by it, whatever its type."""
    await crowd(make, 1)
    await small_things(make)
    ids = await _every_id(ask)
    answer = await ask(NODES, ids=list(ids.values()), as_=Role.ADMINISTRATOR)
    assert answer.data["nodes"] == [{"__typename": name, "id": key} for name, key in ids.items()]
    assert len(ids) >= 17


async def test_nobody_gets_more(ask: Asking, make: Makers) -> None:
    """By its id nobody meets what is not theirs to see: a visitor only the visitor's own, and nothing of the staff."""
    other, own = await make.customer("Eve"), await make.customer("Ann")
    await make.identity(other, "whatsapp", "+14155550000")
    await everything(make, other, 1)
    await small_things(make)
    ids = await _every_id(ask)
    answer = await ask(NODES, ids=list(ids.values()), **visitor(own))
    assert answer.errors == []
    assert answer.data["nodes"][list(ids).index("Customer")] is None
    assert [one for one in answer.data["nodes"] if one] == []


async def test_node_hidden_values(ask: Asking, make: Makers) -> None:
    """Personal values are hidden by whatever way a thing is found."""
    one = await make.customer("Ann", "Lee")
    ticket = await make.ticket(one)
    query = (
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { firstName } ... on Redacted { hiddenFields } } }"
    )
    answer = await ask(query, ids=[one.id, global_id("Ticket", ticket)], **PARTNER)  # type: ignore[arg-type]
    assert answer.data["nodes"] == [
        {"firstName": None, "hiddenFields": ["displayName", "firstName", "lastName"]},
        {"hiddenFields": ["subject"]},
    ]


async def test_node_gone(ask: Asking) -> None:
    """Null when the thing is no longer there."""
    for name in ask.graph.declared.nodes:
        answer = await ask(NODE, id=global_id(name, new_id()))
        assert (answer.data, answer.errors) == ({"node": None}, [])


@pytest.mark.parametrize(
    "text", ["", "junk", "\0", global_id("Nothing", derived_id("sample")), global_id("Tag", derived_id("sample"))]
)
async def test_wrong_ids(ask: Asking, text: str) -> None:
    """What is no id of this gateway is refused with what to send, where it is asked for alone."""
    answer = await ask(NODE, id=text)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "Send an `id` as it was answered, unchanged" in answer.errors[0].message


async def test_wrong_id_loses_none(ask: Asking, make: Makers) -> None:
    """Among several, what is no id of this gateway is null in its place, and the others are found."""
    one = await make.customer()
    wrong = ["junk", "", "\0", global_id("Nothing", derived_id("sample"))]
    answer = await ask(NODES, ids=[wrong[0], one.id, *wrong[1:]])
    assert answer.errors == []
    assert answer.data["nodes"] == [None, {"__typename": "Customer", "id": one.id}, None, None, None]


async def test_nodes_in_order(ask: Asking, make: Makers) -> None:
    """The things in their ids' order; null for those that are not there; twice for those asked for twice."""
    one, two = await make.customer(), await make.customer()
    note = global_id("Note", await make.note(one))
    gone = global_id("Customer", new_id())
    ids = [two.id, note, gone, one.id, two.id]
    answer = await ask(NODES, ids=ids)
    assert [found and found["id"] for found in answer.data["nodes"]] == [two.id, note, None, one.id, two.id]


async def test_most_nodes(ask: Asking) -> None:
    """At most a page of things is found at once."""
    answer = await ask(NODES, ids=[global_id("Note", new_id())] * 101)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "`ids` has 101 ids; at most 100" in answer.errors[0].message
    assert (await ask(NODES, ids=[])).data == {"nodes": []}


async def test_node_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """Things cost one command per type among them, however many there are."""
    customers = [await make.customer() for _ in range(30)]
    notes = [global_id("Note", await make.note(one)) for one in customers]
    await ask(NODES, ids=notes)
    for count in (2, 30):
        ids = [one.id for one in customers[:count]] + notes[:count]
        with commands.counted() as sent:
            answer = await ask(NODES, ids=ids, as_=Role.ADMINISTRATOR)
        assert None not in answer.data["nodes"]
        assert sorted(str(command[name]) for name, command in sent) == ["customers", "notes"]
    assert IDENTITY_KEYS.name not in ask.graph.declared.nodes


async def test_no_borrowed_ids(ask: Asking) -> None:
    """What has an `id` is a thing that `node` finds; contact points alone have ids of their own among a customer's.

    Relay keeps whatever has one by that alone: what bore another's id would be taken for it.
    """
    owners = {one for one in ask.graph._schema.type_map.values() if is_object_type(one) and "id" in one.fields}
    borrowing = {one.name for one in owners if not any(face.name == "Node" for face in one.interfaces)}
    assert borrowing == {"ContactPoint"}
