"""A plan reads of each document what its answer shows, and whoever reads more is told."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_object_type, is_required_argument, parse

from adapters.records import Document
from adapters.windows import excerpt, picked, worth
from gateway.execution import Known, Plans
from gateway.execution.plan import FieldPlan, Plan
from gateway.execution.reads import reads_of
from resolvers.customers import Customer
from resolvers.history import HistoryEntry
from resolvers.identities import Identity
from resolvers.interests import Interest
from resolvers.kit.graph import Graph
from resolvers.kit.reads import ANYTHING, Excerpt, Reads, Unread
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import Role
from resolvers.notes import Note
from resolvers.purchases import Purchase
from resolvers.schema import SLICES
from resolvers.tickets import Ticket
from tests.conftest import Asking, Commands
from tests.crowd import crowd, small_things
from tests.makers import Makers
from tests.workloads import W2, busy_customers

# Where objects of each type stand, as far from the root as lists lead.
_PLACES = {
    "Customer": "customers { nodes { %s } }",
    "Identity": "customers { nodes { identities { %s } } }",
    "Ticket": "customers { nodes { tickets { nodes { %s } } } }",
    "Purchase": "customers { nodes { purchases { nodes { %s } } } }",
    "PurchaseLine": "customers { nodes { purchases { nodes { lines { %s } } } } }",
    "Money": "customers { nodes { purchases { nodes { total { %s } } } } }",
    "Interest": "customers { nodes { interests { nodes { %s } } } }",
    "Fact": "customers { nodes { facts { nodes { %s } } } }",
    "Note": "customers { nodes { notes { nodes { %s } } } }",
    "Attachment": "customers { nodes { attachments { nodes { %s } } } }",
    "Conversation": "customers { nodes { conversations { nodes { %s } } } }",
    "Message": "customers { nodes { conversations { nodes { messages { nodes { %s } } } } } }",
    "HistoryEntry": "customers { nodes { history { nodes { %s } } } }",
    "Toy": "customers { nodes { toys { edges { node { %s } } } } }",
}


async def _plan(graph: Graph, text: str, asking: Asking) -> Plan:
    known, plans = Known(parse(text)), Plans(graph, compile_at=1)
    await plans.execute(known, context=asking.context(), variables={"first": 1})
    (plan,) = known.plans.values()
    assert isinstance(plan, Plan)
    return plan


def _below(graph: Graph, field: FieldPlan, *keys: str) -> Reads:
    """What is read below a field that is found by its keys."""
    for key in keys:
        assert field.below is not None
        selection = field.below(get_named_type(field.definition.type))  # type: ignore[arg-type]
        field = next(one for one in selection.fields if one.key == key)
    return reads_of(graph._schema, field)


async def test_inbox_reads_little(house: Graph, ask: Asking) -> None:
    """Of each kind the inbox reads what it shows, of lines their titles and quantities alone."""
    (customers,) = (await _plan(house, W2, ask)).root.fields
    assert _below(house, customers).of(Customer) == {
        "_id",
        "display_name",
        "last_interaction_at",
        "labels",
        "assigned_agent_id",
    }
    ticket = {"_id", "number", "status", "assigned_agent_id"}
    assert _below(house, customers, "nodes", "tickets").of(Ticket) == ticket
    purchase = {"_id", "number", "total", "lines.title", "lines.quantity"}
    assert _below(house, customers, "nodes", "purchases").of(Purchase) == purchase
    assert _below(house, customers, "nodes", "interests").of(Interest) == {"_id", "name", "score"}
    assert _below(house, customers, "nodes", "identities").of(Identity) == {"_id", "channel", "value"}


@pytest.mark.parametrize("shown", ["hiddenFields number", "number wholeOf"])
async def test_whole_where_unsaid(ask: Asking, shown: str) -> None:
    """Beside a field that does not say what it reads, whole documents are read."""
    strange = Slice("strange")

    @strange.column(Ticket)
    def whole_of(tickets: list[Ticket], info: Any) -> list[str]:
        """Something that may read whatever it likes."""
        del info
        return [one.number for one in tickets]

    graph = Graph((*SLICES, strange))
    text = f"{{ customers {{ nodes {{ tickets {{ nodes {{ {shown} }} }} }} }} }}"
    (customers,) = (await _plan(graph, text, ask)).root.fields
    assert _below(graph, customers, "nodes", "tickets").of(Ticket) is None


async def test_whole_on_unsaid_way(ask: Asking) -> None:
    """A function between the list and its rows that does not say what it reads may read anything of them."""
    strange = Slice("strange")

    @strange.reading(HistoryEntry)
    def words(entry: HistoryEntry) -> str:
        """Something of the thing itself."""
        return str(entry.thing)

    graph, way = Graph((*SLICES, strange)), ("nodes", "history")
    for shown, is_known in (("kind", True), ("words", False)):
        text = (
            f"{{ customers {{ nodes {{ history {{ nodes {{ {shown} item {{ ... on Ticket {{ number }} }} }} }} }} }} }}"
        )
        (customers,) = (await _plan(graph, text, ask)).root.fields
        found = _below(graph, customers, *way)
        assert found.of(Ticket) == ({"_id", "number"} if is_known else None)
        # Of notes nothing is shown.
        assert found.of(Note) == ({"_id"} if is_known else None)
        assert (found is ANYTHING) is not is_known


def _fields(graph: Graph, name: str) -> Iterator[str]:
    """Each field of a type as a selection of its own, its objects with all their leaves and beside another field."""
    kind = graph._schema.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    other = next(key for key, field in kind.fields.items() if is_leaf_type(get_named_type(field.type)))
    for key, field in kind.fields.items():
        if any(map(is_required_argument, field.args.values())):
            continue
        named = get_named_type(field.type)
        if is_leaf_type(named):
            yield key
        elif is_object_type(named):
            leaves = [n for n, one in named.fields.items() if is_leaf_type(get_named_type(one.type))]  # type: ignore[union-attr]
            yield f"{other} {key} {{ {' '.join(leaves) or '__typename'} }}"
        else:
            yield f"{key} {{ __typename }}"


@pytest.mark.parametrize("role", [Role.AGENT, Role.PARTNER])
async def test_each_field_alone(ask: Asking, make: Makers, role: Role) -> None:
    """Each field of each type of document, asked alone, is what it is when everything was read."""
    await crowd(make, 2, 3)
    await small_things(make)
    asked = 0
    for name, place in _PLACES.items():
        for field in _fields(ask.graph, name):
            answer = await ask(f"{{ {place % field} }}", as_=role)
            assert all("was not read" not in str(error) for error in answer.errors), field
            asked += 1
    assert asked > 120


async def test_excerpts_are_sent(ask: Asking, make: Makers, commands: Commands) -> None:
    """The database is asked for the fields that the inbox shows."""
    await busy_customers(make, 2, 2)
    with commands.counted() as sent:
        assert (await ask(W2, first=2)).errors == []
    first, loads = [command for name, command in sent if name == "aggregate"]
    assert {"subject", "search"}.isdisjoint(_named(first) | _named(loads))
    assert {"display_name", "aliases"} <= _named(first)
    assert {"number", "lines.title"} <= _named(loads)


def _named(command: Document) -> set[str]:
    """Every field that a command picks."""
    found: set[str] = set()
    waiting: list[Any] = [command["pipeline"]]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for name in ("$project", "input"):
                found |= set(one[name]) if isinstance(one.get(name), dict) else set()
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return found


def test_paths() -> None:
    """A stage names no field and what stands inside it at once, and picks by expression whole fields alone."""
    (stage,) = excerpt(frozenset({"a", "a.b", "c.d", "ab"}), "at")
    assert stage == {"$project": {"_id": 1, "a": 1, "ab": 1, "at": 1, "c.d": 1}}
    assert excerpt(None, "at") == ()
    assert picked(frozenset({"a"}), "at", "by") == ((), {"_id": "$_id", "a": "$a", "at": "$at"})
    assert picked(frozenset({"a.b"}), "at", "by") == (excerpt(frozenset({"a.b"}), "at", "by"), "$$ROOT")
    assert picked(None, "at", "by") == ((), "$$ROOT")


def test_few_documents_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of few documents all is read."""
    # Everywhere else a test's few documents count as many.
    monkeypatch.undo()
    assert worth(frozenset({"a"}), 5) is None
    assert worth(frozenset({"a"}), 300) == {"a"}
    assert worth(None, 300) is None


def test_unread_is_told() -> None:
    """Who reads what was not read is told by name, and never takes it for a value that is not there."""
    read = reader_of(Purchase).reading(only=frozenset({"_id", "lines.title", "total"}))
    line = {"title": "Lamp"}
    bought = read({"_id": 1, "lines": [line], "total": {"amount": "1", "currency": "USD"}})
    assert bought.key == 1
    assert bought.lines[0].title == "Lamp"
    with pytest.raises(Unread, match=r"'quantity' was not read.*title alone.*reads=\['quantity'\]"):
        _ = bought.lines[0].quantity
    with pytest.raises(Unread, match="'placed_at' was not read"):
        _ = bought.placed_at
    document = Excerpt({"_id": 1, "labels": []}, frozenset({"_id", "labels", "tags", "attributes.firstName"}))
    assert (document.get("labels"), document.get("tags", ()), document["_id"]) == ([], (), 1)
    for name in ("aliases", "attributes"):
        with pytest.raises(Unread):
            document.get(name)
        with pytest.raises(Unread):
            _ = document[name]
        with pytest.raises(Unread):
            _ = name in document
    assert "labels" in document
    with pytest.raises(Unread, match="the whole document"):
        dict(document)
