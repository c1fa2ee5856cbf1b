"""When is there a plan, and does whoever wants to know learn of it?"""

from typing import Any

import pytest
from graphql import parse

from gateway.execution import Documents, Known, Plans, Unplanned
from resolvers.kit.graph import Graph
from tests.execution.hostile import World, hostile_graph

QUESTION = "query Q($with: Boolean! = true) { someone { name nick @include(if: $with) } }"


@pytest.fixture(scope="module")
def hostile() -> Graph:
    """A graph with fields of every kind."""
    return hostile_graph()


async def _ways(plans: Plans, text: str, times: int, **variables: Any) -> list[str]:
    known = Known(parse(text, experimental_fragment_arguments=True))
    return [(await plans.execute(known, context=World(1, False), variables=variables)).way for _ in range(times)]


async def test_compiled_on_second_sight(hostile: Graph) -> None:
    """What is asked once is not compiled; what comes again is, once."""
    plans = Plans(hostile)
    assert await _ways(plans, QUESTION, 4) == ["first", "planned", "planned", "planned"]
    assert plans.counts == {"first": 1, "compiled": 1, "planned": 3}


async def test_switched_off(hostile: Graph) -> None:
    """A switch turns plans off."""
    assert await _ways(Plans(hostile, is_on=False), QUESTION, 3) == ["off"] * 3


async def test_plan_for_each_choice(hostile: Graph) -> None:
    """What @skip and @include leave out is another plan; both give what was asked for."""
    plans, known = Plans(hostile, compile_at=1), Known(parse(QUESTION))
    shown = [
        (await plans.execute(known, context=World(1, False), variables={"with": one})).result.data["someone"].keys()
        for one in (True, False, True)
    ]
    assert shown == [{"name", "nick"}, {"name"}, {"name", "nick"}]
    assert len(known.plans) == 2


async def test_no_values_are_kept(hostile: Graph) -> None:
    """A plan keeps the values of switches alone, and nothing else that a request sent."""
    plans, text = Plans(hostile, compile_at=1), "query Q($wish: Wish!) { someone { loud(wish: $wish) } }"
    known = Known(parse(text))
    await plans.execute(known, context=World(1, False), variables={"wish": {"word": "secret"}})
    assert list(known.plans) == [("Q", (), False)]


async def test_too_many_choices(hostile: Graph) -> None:
    """Plans of one document are bounded; beyond, graphql-core executes."""
    names = [f"v{n}" for n in range(6)]
    switched = " ".join(f"a{n}: name @include(if: ${name})" for n, name in enumerate(names))
    text = f"query Q({' '.join(f'${name}: Boolean!' for name in names)}) {{ someone {{ nick {switched} }} }}"
    plans, known = Plans(hostile, compile_at=1), Known(parse(text))
    for choice in range(2 ** len(names)):
        variables = {name: bool(choice >> n & 1) for n, name in enumerate(names)}
        await plans.execute(known, context=World(1, False), variables=variables)
    assert len(known.plans) == 32
    assert plans.counts["too many choices of @skip and @include"] == 32


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ __schema { queryType { name } } }", "introspection"),
        ('{ someone { name } __type(name: "Person") { name } }', "introspection"),
        ("query Q @experimental_disableErrorPropagation { someone { name } }", "directives on the operation"),
        ("{ someone { name @custom } }", "@custom"),
        ("{ someone { ...F @defer } } fragment F on Person { name }", "@defer"),
        ("{ people { friends @stream { name } } }", "@stream"),
        ("{ someone { ...F(a: 1) } } fragment F($a: Int) on Person { name }", "arguments of fragments"),
    ],
)
async def test_detected(hostile: Graph, text: str, reason: str) -> None:
    """What is not compiled is detected and given to graphql-core."""
    known = Known(parse(text, experimental_fragment_arguments=True))
    plans = Plans(hostile, compile_at=1)
    executor = plans.executor(known, context=World(1, False))
    assert not isinstance(executor, list)
    assert plans.plan(known, executor).reason == reason  # type: ignore[union-attr]


async def test_middleware_is_detected(hostile: Graph) -> None:
    """Middleware stands around every resolver, so that no plan may call one without it."""
    plans, known = Plans(hostile, compile_at=1), Known(parse("{ someone { name } }"))
    executor = plans.executor(
        known, context=World(1, False), middleware=[lambda next_, *args, **more: next_(*args, **more)]
    )
    assert not isinstance(executor, list)
    assert plans.plan(known, executor).reason == "middleware"  # type: ignore[union-attr]


def test_schema_extensions_are_refused() -> None:
    """A graph with schema extensions has a life cycle that plans do not keep, and says so at once."""
    graph = hostile_graph()
    graph.extensions = [object]
    with pytest.raises(TypeError, match="schema extensions"):
        Plans(graph)


def test_documents_are_bounded() -> None:
    """What is kept weighs no more than it may: plans count, and the longest unasked goes first."""
    documents = Documents(most_weight=1_000)
    for n in range(20):
        text = f"{{ a{n}: __typename }}".ljust(100)
        documents.add(text, parse(text))
        documents.get("{ a0: __typename }".ljust(100))
    assert len(documents) == 10
    first = documents.get("{ a0: __typename }".ljust(100))
    assert first is not None
    first.plans[None, ()] = Unplanned("a test")
    documents.weigh("{ a0: __typename }".ljust(100))
    assert len(documents) < 8
    assert documents.get("{ a1: __typename }".ljust(100)) is None
