"""A column that need not wait is answered at once; what it needs is loaded first where it is not held."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import parse

from adapters.held import of_latest
from adapters.mongo import Store
from gateway.execution import Known, Plans
from gateway.mongod import Mongod
from resolvers.agents import AGENTS, GROUPS, agent_document
from resolvers.customers import Customer
from resolvers.kit.context import Info, NotAtHand
from resolvers.kit.graph import Graph
from resolvers.kit.ids import global_id
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import EVERYONE, Role
from resolvers.labels import LABELS
from resolvers.schema import SLICES
from tests.conftest import Asking, Commands
from tests.crowd import attachment, label
from tests.makers import BEGIN, Makers
from tests.waiting import until

QUESTION = (
    "{ customers { nodes { displayName labels { name } assignedAgent { name groups { name } } tags { word } } } }"
)


async def _labelled(make: Makers) -> None:
    entry = {"label_id": await label(make), "added_by": "maker", "added_at": BEGIN}
    for name in ("Ann", "Ben"):
        agent = await make.agent(f"Of {name}")
        await make.customer(name, labels=[entry], tags=[{"word": "new"}], assigned_agent_id=agent)


async def test_no_task_for_it(ask: Asking, make: Makers) -> None:
    """Labels, agents and tags are there without one more task."""
    await _labelled(make)
    await ask(QUESTION)
    begun: list[str] = []
    loop = asyncio.get_running_loop()

    def noted(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> "asyncio.Task[Any]":
        begun.append(coro.__qualname__)
        return asyncio.Task(coro, loop=loop, **more)

    known, plans = Known(parse(QUESTION)), Plans(ask.graph, compile_at=1)
    loop.set_task_factory(noted)
    try:
        answer = await plans.execute(known, context=ask.context())
    finally:
        loop.set_task_factory(None)
    assert answer.result.errors is None
    assert [name for name in begun if "pymongo" not in name.casefold() and name.startswith("Running")] == []


@pytest.fixture
async def deaf(ask: Asking, mongod: Mongod, commands: Commands) -> AsyncIterator[Asking]:
    """Asks through a store that hears of no change, and so holds nothing."""
    store = await Store.open(mongod.url, ask.store.database, list(ask.store.records.values()), observer=commands)
    yield Asking(ask.graph, store, ask.agent_id, commands)
    await store.close()


async def test_loaded_where_not_held(ask: Asking, deaf: Asking, make: Makers, commands: Commands) -> None:
    """While nothing may be held, each request loads what it needs once, and answers the same."""
    await _labelled(make)
    held = await ask(QUESTION)
    with commands.counted() as sent:
        answer = await deaf(QUESTION)
    assert (answer.data, answer.errors) == (held.data, [])
    assert answer.data["customers"]["nodes"][0]["labels"] == [{"name": "VIP"}]
    found = sorted(str(command["find"]) for name, command in sent if name == "find")
    assert found == ["agent_groups", "agents", "labels"]


async def test_change_in_same_request(deaf: Asking, make: Makers) -> None:
    """What one mutation of a request changed, the next one's answer shows, also where nothing is held."""
    one, first, second = await make.customer("Ann"), await label(make, "VIP"), await label(make, "New")
    shown = "{ ... on CustomerLabelPayload { customer { labels { name } } } }"
    ids = [global_id("Label", key) for key in (first, second)]
    changes = [f'labelCustomer(input: {{ customerId: "{one.id}", labelId: "{key}" }}) {shown}' for key in ids]
    gone = f'removeLabel(input: {{ id: "{ids[0]}" }}) {{ __typename }}'
    answer = await deaf(f"mutation {{ a: {changes[0]} b: {gone} c: {changes[1]} }}", as_=Role.ADMINISTRATOR)
    assert answer.errors == []
    found = [answer.data[key]["customer"]["labels"] for key in ("a", "c")]
    assert found == [[{"name": "VIP"}], [{"name": "New"}]]


async def test_raises_for_all(ask: Asking, make: Makers) -> None:
    """What such a function raises is the field's error for each parent, and its neighbours' answers stay."""
    strange = Slice("strange")

    @strange.column(Customer, reads=())
    def broken(customers: list[Customer], info: Any) -> list[str | None]:
        """Something that breaks."""
        del info
        raise ValueError(f"broken for {len(customers)}")

    @strange.column(Customer, reads=())
    def short(customers: list[Customer], info: Any) -> list[str | None]:
        """Something that forgets one."""
        del info
        return [one.display_name for one in customers[1:]]

    for name in ("Ann", "Ben"):
        await make.customer(name)
    graph = Graph((*SLICES, strange))
    text = "{ customers { nodes { displayName broken short } } }"
    found = []
    for plans in (Plans(graph, compile_at=1), Plans(graph, is_on=False)):
        result = (await plans.execute(Known(parse(text)), context=ask.context())).result
        found.append((result.data, sorted((one.message, str(one.path)) for one in result.errors or [])))
    assert found[0] == found[1]
    assert len(found[0][1]) == 4
    assert found[0][0]["customers"]["nodes"][0]["displayName"] is not None


async def test_decorated(ask: Asking, make: Makers) -> None:
    """What a decorator stands around is waited for where the decorator says what it wraps; else that is told."""
    strange = Slice("strange")

    def said(customers: list[Customer], info: Any) -> list[str]:
        """Something that waits."""
        return _names(customers, info)  # type: ignore[return-value]

    def unsaid(customers: list[Customer], info: Any) -> list[str]:
        """Something that waits, too."""
        return _names(customers, info)  # type: ignore[return-value]

    said.__wrapped__ = _names  # type: ignore[attr-defined]
    for one in (said, unsaid):
        strange.column(Customer, reads=())(one)
    await make.customer("Ann", "Lee")
    graph = Graph((*SLICES, strange))
    for plans in (Plans(graph, compile_at=1), Plans(graph, is_on=False)):
        known = Known(parse("{ customers { nodes { said unsaid } } }"))
        result = (await plans.execute(known, context=ask.context())).result
        (error,) = result.errors or []
        assert "Write it `async def`" in str(error.original_error)
        assert result.data == {"customers": {"nodes": [{"said": "one", "unsaid": None}]}}


async def _names(customers: list[Customer], info: Any) -> list[str]:
    """Something that waits."""
    del info
    await asyncio.sleep(0)
    return ["one" for _ in customers]


async def test_empty_is_held(ask: Asking) -> None:
    """That there are none is known, too."""
    context = ask.context()
    await until(lambda: context.store.held.is_fresh)
    await context.store.held.all(LABELS)
    assert context.store.held.at_hand(LABELS) == {}
    assert context.held(LABELS) == {}


async def test_whole_answer_null_at_once(ask: Asking) -> None:
    """Where a null takes the whole answer, nobody waits for what is slow."""
    strange, begun, ended = Slice("strange"), asyncio.Event(), []

    @strange.query(may=EVERYONE)
    async def slow(info: Info) -> str | None:
        """Something that takes long."""
        del info
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("slow")
        return None

    # A field that is not for everyone may be null.
    @strange.query(may=EVERYONE)
    async def broken(info: Info) -> str:
        """Something that breaks."""
        del info
        await begun.wait()
        raise ValueError("broken")

    graph = Graph((*SLICES, strange))
    async with asyncio.timeout(10):
        result = (
            await Plans(graph, compile_at=1).execute(Known(parse("{ slow broken }")), context=ask.context())
        ).result
    assert (result.data, [one.message for one in result.errors or []]) == (None, ["broken"])
    assert ended == ["slow"]


async def test_not_at_hand_is_told(deaf: Asking) -> None:
    """Who asks for what is not held is told so, until it was loaded for the request."""
    context = deaf.context()
    with pytest.raises(NotAtHand, match="'labels' is not held"):
        context.held(LABELS)
    await context.hold(LABELS)
    assert context.held(LABELS) == {}
    context.forget()
    with pytest.raises(NotAtHand):
        context.held(LABELS)


def test_made_once_for_a_copy() -> None:
    """What follows from a copy is made once for it, and anew for another, also of the same content."""
    made: list[int] = []

    @of_latest
    def length(copy: dict[str, int]) -> int:
        made.append(len(copy))
        return len(copy)

    one, same = {"a": 1}, {"a": 1}
    assert [length(one), length(one), length(same), length(one)] == [1] * 4
    assert made == [1, 1, 1]


async def test_agent_of_elsewhere(ask: Asking, deaf: Asking) -> None:
    """An agent whom the copy at hand does not hold yet tells address and groups of its own document."""
    group = GROUPS.id_of({"name": "Night"})
    await ask.store.held.all(AGENTS)
    await deaf.store.insert(GROUPS, {"_id": group, "name": "Night"})
    agent = agent_document(subject="b", name="Ben", role=Role.AGENT, at=BEGIN, email="ben@example.com")
    await deaf.store.insert(AGENTS, dict(agent) | {"group_ids": [group]})
    answer = await ask(
        "query($id: ID!) { node(id: $id) { ... on Agent { email groups { name } } } }",
        id=global_id("Agent", agent["_id"]),
    )
    assert (answer.data, answer.errors) == ({"node": {"email": "ben@example.com", "groups": [{"name": "Night"}]}}, [])


async def test_attachments_of_many(ask: Asking, make: Makers) -> None:
    """Each ticket has its own files, in order, however many tickets there are; of none there is an empty list."""
    one = await make.customer("Ann")
    tickets = [await make.ticket(one) for _ in range(40)]
    for n, ticket in enumerate(tickets[:-1]):
        for k in range(n % 3):
            await attachment(make, one, ticket, name=f"{n}-{k}")
    answer = await ask("{ customers { nodes { tickets(last: 40) { nodes { attachments { name } } } } } }")
    assert answer.errors == []
    (shown,) = answer.data["customers"]["nodes"]
    found = [[file["name"] for file in ticket["attachments"]] for ticket in shown["tickets"]["nodes"]]
    wanted = [[f"{n}-{k}" for k in range(n % 3)] for n in range(39)] + [[]]
    assert sorted(found) == sorted(wanted)
