"""A slice declares once what it keeps and adds; everyone who has to know reads it."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import pytest
from strawberry.types.execution import ExecutionResult

from adapters.records import Record
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, description_of, graph_enum, graph_input, graph_interface, graph_type, told
from resolvers.kit.graph import Graph
from resolvers.kit.slice import Match, OpenEnum, OpenInput, OpenUnion, Slice
from resolvers.kit.viewer import EVERYONE, STAFF, Role, Viewer

T = TypeVar("T")


@graph_type
class Shop:
    """A place that sells."""

    name: str = told("What it is called.")


@graph_interface
class Named:
    """Something with a name."""

    name: str = told("The name.")


@graph_type
class Box(Generic[T]):
    """Something with something in it."""

    content: T = told("What is in it.")


@graph_input
class Wish:
    """What is wanted."""

    word: str = told("In a word.")


BIRDS = OpenInput("BirdFilter", "Which birds.")
KIND = OpenEnum(
    "BirdKind", "What kind of bird.", lambda declared: {one.name.upper(): "A kind." for one in declared.slices}
)
THINGS = OpenUnion("BirdThing", "Shops and boxes.", lambda _declared: [Shop, Box[str]])


def _graph(*functions: Callable[[Slice], Any]) -> Graph:
    """A graph of slices, each filled by a function that is named for it."""
    slices = []
    for fill in functions:
        slices.append(Slice(fill.__name__))
        fill(slices[-1])
    return Graph(slices)


async def _asked(graph: Graph, query: str, role: Role = Role.AGENT) -> ExecutionResult:
    """What a graph that stores nothing answers."""
    viewer: Any = Viewer(subject="x", role=role)
    nothing: Any = None
    context = Context(viewer=viewer, store=nothing, declared=graph.declared, seal=nothing, clock=lambda: nothing)
    result = await graph.execute(query, context_value=context)
    assert isinstance(result, ExecutionResult)
    return result


def shop(one: Slice) -> None:
    """A slice with something to ask for."""

    @one.query(may=EVERYONE)
    async def shops(info: Info) -> list[Shop]:
        """Every shop."""
        del info
        return [Shop(name="a"), Shop(name="b")]


def spoke(one: Slice) -> None:
    """A slice that adds to a type that does not know it."""

    @one.column(Shop, may=EVERYONE)
    async def lengths(shops: list[Shop], info: Info, plus: Annotated[int, about("What to add.")] = 0) -> list[int]:
        """How long the name is."""
        del info
        return [len(shop.name) + plus + 10 * len(shops) for shop in shops]

    @one.field(Shop, may=STAFF)
    def shout(shop: Shop, info: Info) -> str:
        """The name, loud."""
        del info
        return shop.name.upper()


async def test_fields_added() -> None:
    """A slice adds fields to a type of another; a column is asked once for all parents."""
    result = await _asked(_graph(shop, spoke), "{ shops { name lengths(plus: 1) shout } }")
    assert result.errors is None
    assert result.data == {"shops": [{"name": one, "lengths": 22, "shout": one.upper()} for one in "ab"]}


async def test_field_rights() -> None:
    """A field tells whom it is for; for everyone else it is null, and its object stays."""
    result = await _asked(_graph(shop, spoke), "{ shops { name shout } }", Role.VISITOR)
    assert result.data == {"shops": [{"name": one, "shout": None} for one in "ab"]}
    assert result.errors is not None
    assert (
        "`shout` is not for the role visitor; it is for administrator, agent, supervisor." in result.errors[0].message
    )


async def test_generic_type() -> None:
    """A generic type takes its name from what is in it, and carries fields of other slices."""

    def box(one: Slice) -> None:
        @one.query(may=EVERYONE)
        def box(info: Info) -> Box[Shop]:
            """A box."""
            del info
            return Box(content=Shop(name="a"))

    result = await _asked(_graph(box, spoke), "{ box { __typename content { name shout } } }")
    assert result.data == {"box": {"__typename": "ShopBox", "content": {"name": "a", "shout": "A"}}}


async def test_interface_type() -> None:
    """A field may answer an interface; a type that implements it is found."""

    def zoo(one: Slice) -> None:
        @one.keeps(Record(name="birds", customer=None), may=EVERYONE)
        class Bird(Named):
            """A bird."""

        @one.query(may=EVERYONE)
        def first(info: Info) -> Named:
            """The first."""
            del info
            return Bird(name="Rio")

        @one.field(Bird, may=EVERYONE)
        def wings(bird: Bird, info: Info) -> int:
            """How many wings."""
            del bird, info
            return 2

    result = await _asked(_graph(zoo), "{ first { __typename name ... on Bird { wings } } }")
    assert result.data == {"first": {"__typename": "Bird", "name": "Rio", "wings": 2}}


def birds(one: Slice) -> None:
    """A hub that takes an open input and answers an open enum and an open union."""

    @one.query(may=EVERYONE)
    async def birds(
        info: Info,
        filter: Annotated[object | None, BIRDS, about("Which.")] = None,
        wish: Annotated[Wish | None, about("What is wanted.")] = None,
    ) -> list[str]:
        """The conditions."""
        matches, _ = await info.context.declared.matching(BIRDS, filter, info.context)
        return [str(sorted(match.items())) for match in matches] + ([wish.word] if wish else [])

    @one.query(may=EVERYONE)
    def kinds(info: Info, of: Annotated[list[str], KIND, about("Which.")]) -> Annotated[list[str], KIND]:
        """The kinds."""
        del info
        return of

    @one.query(may=EVERYONE)
    def things(info: Info) -> list[Annotated[object, THINGS]]:
        """The things."""
        del info
        return [Shop(name="a"), Box(content="b")]


def parrots(one: Slice) -> None:
    """A spoke with conditions of its own."""

    @one.condition(BIRDS)
    async def says(word: str, context: Context) -> Match:
        """Those that say it."""
        return {"says": word, "to": context.viewer.subject}

    @one.condition(BIRDS)
    def older(than: int, context: Context) -> Match:
        """Those that are older."""
        del context
        return {"age": {"$gt": than}}


def eagles(one: Slice) -> None:
    """Another spoke."""

    @one.condition(BIRDS)
    def flies(far: bool, context: Context) -> Match:
        """Those that fly."""
        del context
        return {"far": far}


async def test_open_input() -> None:
    """An open input has the fields that slices contribute; all given ones reach the resolver."""
    graph = _graph(birds, parrots)
    result = await _asked(graph, '{ birds(filter: { says: "hi", older: 3 }, wish: { word: "seed" }) }')
    assert result.data == {"birds": ["[('says', 'hi'), ('to', 'x')]", "[('age', {'$gt': 3})]", "seed"]}
    assert (await _asked(graph, "{ birds }")).data == {"birds": []}


async def test_open_enum() -> None:
    """An open enum has a value per declaration, and no other."""
    graph = _graph(birds, parrots)
    assert (await _asked(graph, "{ kinds(of: [BIRDS, PARROTS]) }")).data == {"kinds": ["BIRDS", "PARROTS"]}
    assert (await _asked(_graph(birds, eagles), "{ kinds(of: [PARROTS]) }")).errors is not None


async def test_open_union() -> None:
    """An open union's members come from what slices declare."""
    graph = _graph(birds, parrots)
    result = await _asked(graph, "{ things { __typename ... on Shop { name } ... on StrBox { content } } }")
    assert result.data == {"things": [{"__typename": "Shop", "name": "a"}, {"__typename": "StrBox", "content": "b"}]}


def test_schemas_apart() -> None:
    """Each schema builds its own open types: what one set of slices contributes is not in another's."""
    assert "says" in _graph(birds, parrots).as_str()
    other = _graph(birds, eagles).as_str()
    assert "says" not in other
    assert "flies" in other


def _again(one: Slice) -> None:
    @one.query(may=EVERYONE)
    def shops(info: Info) -> str:
        """Another field of the same name."""
        return str(info)


def _own_name(one: Slice) -> None:
    @one.field(Shop)
    def name(shop: Shop, info: Info) -> str:
        """A field that the type has itself."""
        del info
        return shop.name


def _on_input(one: Slice) -> None:
    @one.field(Wish)
    def more(wish: Wish, info: Info) -> str:
        """A field that would never reach a resolver."""
        del info
        return wish.word


def _on_interface(one: Slice) -> None:
    @one.field(Named)
    def more(named: Named, info: Info) -> str:
        """A field that would fail the build."""
        del info
        return named.name


def _uses_all(one: Slice) -> None:
    @one.query(may=EVERYONE)
    def named(info: Info, wish: Annotated[Wish, about("What.")]) -> Named | None:
        """Uses the input and the interface."""
        del info, wish


def _undescribed(one: Slice) -> None:
    @one.query(may=EVERYONE)
    def quiet(info: Info) -> str:
        return str(info)


def _column_of_one(one: Slice) -> None:
    @one.column(Shop)
    def one_answer(shops: list[Shop], info: Info) -> int:
        """A column that does not answer a list."""
        del info
        return len(shops)


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (_again, "Two slices give Query a field 'shops'. Rename one of them."),
        (_own_name, "Two slices give Shop a field 'name'"),
        (_on_input, "more cannot be added to Wish: fields are added to object types alone"),
        (_on_interface, "more cannot be added to Named: fields are added to object types alone"),
        (_undescribed, "quiet has no docstring; it is its description in the API"),
        (_column_of_one, "a column answers a list, one value per parent"),
    ],
)
def test_slices_refused(fill: Callable[[Slice], None], words: str) -> None:
    """What cannot be added is refused when the schema is built, with what to do."""
    with pytest.raises(TypeError, match=words):
        _graph(shop, _uses_all, fill)


def test_types_need_docstrings() -> None:
    """A type without a docstring is refused, and an enum with a value that is not described."""
    with pytest.raises(TypeError, match="Silent has no docstring"):
        graph_type(type("Silent", (), {"__annotations__": {}}))
    with pytest.raises(TypeError, match=r"describe each value once; look at \['B'\]"):
        graph_enum({"A": "The first."})(Enum("Letter", "A B"))


def test_docstring_described() -> None:
    """A docstring becomes the description, a paragraph a blank line apart."""
    graph = _graph(shop, spoke)
    fields = graph._schema.type_map["Shop"].fields  # type: ignore[attr-defined]
    assert graph._schema.type_map["Shop"].description == "A place that sells."
    assert fields["lengths"].description == "How long the name is."
    assert fields["lengths"].args["plus"].description == "What to add."
    assert description_of(shop) == "A slice with something to ask for."


def test_paragraphs_kept() -> None:
    """Lines of a paragraph are one line of the description."""

    def field() -> None:
        """First line.

        Second
        paragraph.
        """

    assert description_of(field) == "First line.\n\nSecond paragraph."
