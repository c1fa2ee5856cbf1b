"""A slice that lives in the tests alone appears everywhere without another edit."""

from adapters.records import Part, Record
from resolvers.kit.graph import Graph
from resolvers.kit.ids import global_id
from resolvers.kit.roots import Query
from resolvers.kit.slice import CUSTOMER_FILTER
from resolvers.kit.viewer import STAFF
from resolvers.schema import SLICES
from tests import toy
from tests.changing import change, may, refused
from tests.conftest import Asking
from tests.crowd import given_toy
from tests.makers import Makers
from tests.walking import PARTNER, nodes, read, visitor


async def test_toy_in_lists(ask: Asking, make: Makers) -> None:
    """The toy slice appears in the panel, the facts, the summary and the history without another edit."""
    one = await make.customer(None, None)
    await given_toy(make, one)
    fields = "summary { categories { category count } } history { nodes { kind item { ... on Toy { name } } } }"
    found = await read(ask, one, f"toys {{ nodes {{ name shelf }} }} facts {{ nodes {{ name value }} }} {fields}")
    assert found == {
        "toys": {"nodes": [{"name": "Bear", "shelf": "top"}]},
        "facts": {"nodes": [{"name": "Toy", "value": "Bear"}]},
        "summary": {"categories": [{"category": "top", "count": 1}]},
        "history": {"nodes": [{"kind": "TOY", "item": {"name": "Bear"}}]},
    }


async def test_toy_by_kind(ask: Asking, make: Makers) -> None:
    """The history is filtered by the toy's kind and channel."""
    one = await make.customer()
    await given_toy(make, one)
    await make.note(one)
    await make.channel("shop")
    assert await nodes(ask, one, "history(filter: { kinds: [TOY] })", "kind") == [{"kind": "TOY"}]
    assert await nodes(ask, one, 'history(filter: { channels: ["shop"] })', "kind channel") == [
        {"kind": "TOY", "channel": "shop"}
    ]


async def test_toy_hidden(ask: Asking, make: Makers) -> None:
    """What the toy slice declares personal is hidden, in the panel and in the history."""
    one = await make.customer()
    await given_toy(make, one)
    hidden = {"name": None, "hiddenFields": ["name"]}
    assert await nodes(ask, one, "toys", "name hiddenFields", **PARTNER) == [hidden]
    item = "item { ... on Toy { name hiddenFields } }"
    assert await nodes(ask, one, "history(filter: { kinds: [TOY] })", item, **PARTNER) == [{"item": hidden}]
    assert await nodes(ask, one, "history", "kind", **visitor(one)) == []


async def test_toy_filter(ask: Asking, make: Makers) -> None:
    """Customers are filtered by the toy slice's condition."""
    one = await make.customer()
    await given_toy(make, one, shelf="low")
    await given_toy(make, await make.customer(), shelf="high")
    answer = await ask('{ customers(filter: { givenToys: ["low"] }) { nodes { id } totalCount } }')
    assert answer.data["customers"] == {"nodes": [{"id": one.id}], "totalCount": 1}


async def test_toy_node(ask: Asking, make: Makers) -> None:
    """A toy is found by its id, and not by a visitor who may not see toys."""
    one = await make.customer()
    key = global_id("Toy", await given_toy(make, one))
    query = "query($id: ID!) { node(id: $id) { ... on Toy { name } } }"
    assert (await ask(query, id=key)).data == {"node": {"name": "Bear"}}
    assert (await ask(query, id=key, **visitor(one))).data == {"node": None}


async def test_toy_given(ask: Asking, make: Makers) -> None:
    """The toy slice's mutation is done, refused and forbidden like any other."""
    one = await make.customer()
    found = await change(ask, "giveToy", "toy { name shelf }", customerId=one.id, name="Ball")
    assert found["toy"] == {"name": "Ball", "shelf": "new"}
    assert await refused(ask, "giveToy", customerId="junk", name="Ball") == ("NOT_FOUND", "input.customerId")
    assert await may(ask, "giveToy", customerId="junk", name="Ball") == STAFF


def test_toy_exported(house: Graph) -> None:
    """The export of declarations tells what is stored, about whom, what is personal, and who reads it."""
    exported = {one["name"]: one for one in house.declared.export()}
    assert exported["toys"] == {
        "name": "toys",
        "type": "Toy",
        "stands": "in a collection",
        "personal": ["name"],
        "element": "TOYS",
        "read_by": ["administrator", "agent", "partner", "supervisor"],
        "customer": "customer_id",
        "key": [],
        "indexes": [
            ["shelf", "customer_id"],
            ["customer_id", "given_at", "_id"],
            ["customer_id", "channel", "given_at", "_id"],
        ],
        "facts": True,
        "timeline": "TOY",
        "news": [],
        "jobs": [],
        "retained_by": "given_at",
        "is_held": False,
        "arrives": False,
    }


def test_everything_exported(house: Graph) -> None:
    """The export names every collection, shown or not, and every part of the customer's document."""
    names = {one["name"] for one in house.declared.export()}
    assert {record.name for record in house.declared.records} <= names
    parts = {part.name for part in house.declared.customers.parts}
    kept = {"labels", "tags", "custom_data", "contact_points", "channel_preferences", "consents"}
    assert kept == parts <= names
    assert all(isinstance(one.what, Part | Record) for one in house.declared.keepings)


def test_toy_federated(house: Graph) -> None:
    """Fields added to an entity stand in the federated schema."""
    text = house.as_str()
    assert "toys(" in text.split("type Customer implements")[1].split("\n}\n")[0]


def test_bare_house(house: Graph) -> None:
    """Without the toy slice nothing of it is in the schema."""
    assert "Toy" not in Graph(SLICES).as_str()
    assert "Toy" in house.as_str()
    assert CUSTOMER_FILTER.name in house.as_str()
    assert toy.SLICE not in SLICES
    assert Query.__name__ == "Query"
