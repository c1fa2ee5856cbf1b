"""A graph whose resolvers do everything that they should not: for judging plans against graphql-core.

Every kind of field is here (plain, computed, columns, one by one, with permissions, with extensions), and a world from
a seed in which values are null where they may not be, errors, of the wrong class, or there later.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Annotated, Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from adapters.records import Record
from resolvers.kit.budget import Budget
from resolvers.kit.context import NotAtHand
from resolvers.kit.described import about, computed, graph_input, graph_interface, graph_type, told
from resolvers.kit.errors import InvalidInput, invalid
from resolvers.kit.graph import Graph
from resolvers.kit.loading import Loaders
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import EVERYONE, STAFF, Role, Viewer
from tests.execution.papers import PAPERS, Mood, Paper

SLICE = Slice("hostile")


_HELD = Record(name="held", customer=None, is_held=True)


@dataclass
class World:
    """What one execution is handed: the same for the same seed."""

    seed: int
    is_patient: bool
    """Whether values may be there later."""
    viewer: Viewer = field(default_factory=lambda: Viewer(subject="a", role=Role.PARTNER))
    calls: Counter[str] = field(default_factory=Counter)
    """How often each resolver with an effect ran, by its path."""
    limits: Any = None
    watching: None = None
    """Nobody looks on."""
    acts: None = None

    def __post_init__(self) -> None:
        self.budget = Budget(10**6, 600.0)
        self.loaders = Loaders(self, self.budget)
        self.random = Random(self.seed)
        self.made = 0
        self.is_held = False

    async def hold(self, record: Record) -> None:
        """Loads what is not held; in some worlds that fails."""
        del record
        await asyncio.sleep(0)
        if self.seed % 6 == 0:
            raise ValueError("the database is gone")
        self.is_held = True

    def note(self, info: Any) -> None:
        """Counts a call by its place in the answer."""
        self.calls[str(info.path.as_list())] += 1


@graph_interface
class Being:
    """Anyone."""

    name: str = told("The name.")


@graph_type
class Robot(Being):
    """One that was made."""

    parts: list[str] = told("What it is made of.")


class Denied(BasePermission):
    """Depends on the parent, so that some are refused."""

    message = "You are not asked."

    def has_permission(self, source: Any, info: Any, **_arguments: Any) -> bool:
        """Whether it is allowed."""
        return len(str(getattr(source, "name", ""))) % 2 == 0


class Louder(FieldExtension):
    """Changes what the resolver answers."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        """The answer, louder."""
        return str(next_(source, info, **arguments)).upper()


@graph_input
class Wish:
    """What is wished for."""

    word: str = told("A word.")
    times: int = told("How often.", default=1)
    moods: list[Mood] | None = told("In which moods.", default=None)


@graph_type
class Place:
    """Where someone is."""

    town: str = told("The town.")
    zip_code: str | None = told("Its number.")


@graph_type
class Person(Being):
    """One of us."""

    nick: str | None = told("What friends say.")
    age: int = told("In years.")
    score: float | None = told("Points.")
    mood: Mood = told("The mood.")
    born: datetime | None = told("When.")
    words: list[str] = told("Favourite words.")
    grid: list[list[int]] | None = told("Numbers.")
    place: Place | None = told("Where.")
    home: Place = told("Where, surely.")
    friends: list["Person"] = told("Friends.")
    rivals: list["Person | None"] | None = told("Rivals.")
    beings: list[Being] = told("Whoever is around.")
    pet: Annotated["Person | Robot | None", strawberry.union("Pet", description="A companion.")] = told("A pet.")

    @computed()
    def shout(self) -> str:
        """The name, loud."""
        if self.name == "odd":
            raise ValueError("it cannot be shouted")
        return str(self.name).upper()

    @computed()
    def maybe(self, info: strawberry.Info) -> str | None:
        """Where it was asked for."""
        info.context.note(info)
        return "/".join(str(one) for one in info.path.as_list())

    @strawberry.field(description="Waits, then tells.")
    async def slow(self, info: strawberry.Info, turns: int = 1) -> str:
        """Waits, then tells."""
        info.context.note(info)
        for _ in range(min(max(turns, 0), 3)):
            await asyncio.sleep(0)
        if self.name == "odd":
            raise ValueError("slow and odd")
        return f"{self.name} after {turns}"

    @strawberry.field(description="Waits for what may be null.")
    async def slow_friend(self) -> "Person | None":
        """Waits for what may be null."""
        await asyncio.sleep(0)
        return self.friends[0] if isinstance(self.friends, list) and self.friends else None

    @strawberry.field(description="For some.", permission_classes=[Denied])
    def secret(self) -> str:
        """For some."""
        return f"secret of {self.name}"

    @strawberry.field(description="Loud.", extensions=[Louder()])
    def loud(self, wish: Annotated[Wish | None, about("What to say.")] = None) -> str | None:
        """Loud."""
        return f"{wish.word}*{wish.times}" if wish else None

    @strawberry.field(description="What may be the wrong thing.")
    def wrong(self) -> "Person":
        """What may be the wrong thing."""
        return {"odd": 7, "none": None}.get(str(self.name), self)  # type: ignore[return-value]

    @strawberry.field(description="One by one, later.")
    def streamed(self) -> list[str]:
        """One by one, later."""

        async def words() -> AsyncIterator[str]:
            for one in ("a", "b"):
                yield one
            if self.name == "odd":
                raise ValueError("the stream broke")

        return words()  # type: ignore[return-value]

    @strawberry.field(description="From a generator.")
    def generated(self) -> list[int]:
        """From a generator."""
        return (n for n in range(3))  # type: ignore[return-value]


@SLICE.column(Person, may=EVERYONE)
async def peers(people: list[Person], info: Any, limit: int = 2) -> list[list[Person]]:
    """All at once."""
    # A future can be iterated: graphql-core takes one that a column answers for a list, of nothing once it is done, and
    # a plan awaits it. Nobody means the former.
    friends = [None if isinstance(one.friends, asyncio.Future) else one.friends for one in people]
    return [list(one)[:limit] if isinstance(one, list) else one for one in friends]  # type: ignore[misc]


@SLICE.column(Person, may=EVERYONE)
def rank(people: list[Person], info: Any) -> list[int | None]:
    """Some are errors; at once, where what it needs is held."""
    if info.context.seed % 3 == 0 and not info.context.is_held:
        raise NotAtHand(_HELD)
    # Of what stands in a name's place the text says how far it is by now, which no two executions share.
    names = [one.name if isinstance(one.name, str) else "?" for one in people]
    return [ValueError("no rank") if name == "odd" else len(name) for name in names]  # type: ignore[misc]


@SLICE.column(Person, may=EVERYONE)
def doom(people: list[Person], info: Any, wish: Annotated[Wish, about("For what.")]) -> list[str]:
    """Fails for all where it is asked for with some word."""
    if wish.word == "a":
        raise ValueError("doom")
    return [f"{wish.word} {wish.moods} {one.name}" for one in people]


@SLICE.column(Person, may=STAFF)
def staff_only(people: list[Person], info: Any) -> list[str]:
    """Not for partners."""
    return ["seen" for _ in people]


@SLICE.column(Person, may=EVERYONE)
async def best(people: list[Person], info: Any) -> list[Person]:
    """Null where it may not be, for some."""
    return [one.friends[0] if isinstance(one.friends, list) and one.friends else None for one in people]  # type: ignore[misc]


@SLICE.column(Person, may=EVERYONE)
def papers(people: list[Person], info: Any) -> list[list[Paper]]:
    """Read from documents."""
    del info
    read = reader_of(Paper).reading()
    return [[read(dict(one)) for one in PAPERS.get(str(person.name), ())] for person in people]


@SLICE.reading(Person)
def echo(person: Person) -> str | None:
    """Read at once."""
    return person.nick


@SLICE.query(may=EVERYONE)
async def people(info: Any, count: Annotated[int, about("How many.")] = 3) -> list[Person]:
    """Several."""
    return [person(info.context, 0) for _ in range(min(abs(count), 4))]


@SLICE.query(may=EVERYONE)
def someone(info: Any) -> Person | None:
    """One, at once."""
    return person(info.context, 0)


@SLICE.query(may=EVERYONE)
async def surely(info: Any) -> Person:
    """One that may not be null."""
    return person(info.context, 0)


@graph_type
class Done:
    """What was done."""

    number: int = told("The how-manieth it was.")
    who: Person = told("To whom.")


@SLICE.mutation(may=EVERYONE)
async def do_this(info: Any, input: Annotated[Wish, about("What.")]) -> Done | InvalidInput:
    """Does it once."""
    return await _deed(info, input)


@SLICE.mutation(may=EVERYONE)
async def do_that(info: Any, input: Annotated[Wish, about("What.")]) -> Done | InvalidInput:
    """Does that once."""
    return await _deed(info, input)


async def _deed(info: Any, wish: Wish) -> Done:
    info.context.note(info)
    await asyncio.sleep(0)
    if wish.word == "b":
        raise invalid("`word` is b; send another.", "input", "word")
    if wish.word == "a":
        raise ValueError("the deed failed")
    return Done(number=info.context.calls.total(), who=person(info.context, 0))


def person(world: World, depth: int) -> Person:
    """Someone, as odd as the world's seed has it."""
    random = world.random
    world.made += 1
    deeper = depth < 3 and world.made < 60

    def some(count: int) -> list[Any]:
        return [person(world, depth + 1) for _ in range(random.randint(0, count))] if deeper else []

    values = {
        "name": random.choice(["ann", "bob", "odd", "none", "eve"]),
        "nick": random.choice([None, "n", "m"]),
        "age": random.randint(0, 90),
        "score": random.choice([None, 0.5, 2]),
        "mood": random.choice(list(Mood)),
        "born": random.choice([None, datetime(2000, 1, 1, tzinfo=UTC)]),
        "words": random.choice([[], ["a", "b"], ("c",)]),
        "grid": random.choice([None, [[1], [2, 3]], []]),
        "place": random.choice([None, Place(town="X", zip_code=None)]),
        "home": Place(town="Y", zip_code="1"),
        "friends": some(2),
        "rivals": random.choice([None, [None, *some(1)]]),
        "beings": [*some(1), Robot(name="r", parts=["p"])],
        "pet": random.choice([None, Robot(name="r2", parts=[])]),
    }
    if random.random() < 0.25:
        name = random.choice(list(values))
        values[name] = _odd(world, values[name])
    return Person(**values)


@dataclass(frozen=True)
class Again:
    """No list, but something that can be iterated.

    And that again: the same person stands in many places, and whoever came first would use a generator up. Which place
    that is, is a matter of the order of execution, and differs. Generators of their own are what `generated` gives.
    """

    values: tuple[Any, ...]

    def __iter__(self) -> Iterator[Any]:
        return (one for one in self.values)


def _odd(world: World, value: Any) -> Any:
    """Something in the value's place that should not stand there."""

    async def later() -> Any:
        await asyncio.sleep(0)
        return value

    async def failing() -> Any:
        raise ValueError("later, an error")

    choices: list[Callable[[], Any]] = [
        lambda: None,
        lambda: ValueError("an error in its place"),
        lambda: 3,
        lambda: "text",
        lambda: 10**12,
        lambda: float("inf"),
        lambda: [None, value],
        lambda: [ValueError("an error among others")],
        lambda: Robot(name="instead", parts=[]),
        lambda: Place(town="instead", zip_code=None),
        object,
        lambda: Again((value, value)),
    ]
    if world.is_patient:
        choices += [later, failing, lambda: [later(), value], lambda: asyncio.ensure_future(later())]
    return world.random.choice(choices)()


def hostile_graph() -> Graph:
    """The graph."""
    return Graph([SLICE])
