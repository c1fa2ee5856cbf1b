"""What does the executor cost for each field of an answer, beside graphql-core?

    python -m benchmarks.fields

Objects are made beforehand from documents as MongoDB gives them, so that nothing but executing is timed. 50 shelves of
ten boxes, as an inbox: a column below each shelf, texts, numbers, a moment, a choice and an object in each box. The
question was read and checked; both ways take turns, and give the same answer.
"""

import asyncio
import statistics
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast

from graphql import parse

from adapters.mongo import Store
from adapters.records import Record, new_id
from benchmarks.bench import interleaved, judged, ratio, report
from gateway.execution import Known, Plans
from resolvers.kit.context import Context, Info
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.described import graph_enum, graph_type
from resolvers.kit.graph import Graph
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept, reader_of
from resolvers.kit.viewer import Role, Viewer
from resolvers.schema import SLICES

MUST, GOAL = 1.0, 0.5
SHELVES, BOXES = 50, 10
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

QUESTION = """
query Stock {
  shelves {
    id name number
    boxes { id name label count weight isOpen filledAt state maker { name city } }
  }
}
"""
SLICE = Slice("shelves")


@graph_enum({"FULL": "Full.", "EMPTY": "Empty."})
class State(Enum):
    """How much is in a box."""

    FULL = "FULL"
    EMPTY = "EMPTY"


@graph_type
class Maker:
    """Who made a box."""

    name: str = kept("Its name.")
    city: str = kept("Where it is.")


@SLICE.keeps(Record(name="shelves", customer=None))
class Shelf(Node):
    """Holds boxes."""

    name: str = kept("What it is called.")
    number: int = kept("Which one.")


@SLICE.keeps(Record(name="boxes", customer=None))
class Box(Node):
    """Stands on a shelf."""

    name: str = kept("What it is called.")
    label: str | None = kept("What stands on it.")
    count: int = kept("How much is in it.")
    weight: float = kept("What it weighs.")
    is_open: bool = kept("Whether it is open.")
    filled_at: datetime = kept("When it was filled.")
    state: State = kept("How much is in it.", read=State)
    maker: Maker = kept("Who made it.")


def _shelf(number: int) -> Any:
    return reader_of(Shelf).read({"_id": new_id(), "name": f"Shelf {number}", "number": number})


def _box(number: int) -> Any:
    stored = {"name": f"Box {number}", "label": None if number % 3 else "fragile", "count": number, "weight": 1.5}
    more = {"is_open": number % 2 == 0, "filled_at": AT, "state": "FULL", "maker": {"name": "Lee", "city": "Cartagena"}}
    return reader_of(Box).read({"_id": new_id(), **stored, **more})


_SHELVES = [_shelf(n) for n in range(SHELVES)]
_BOXES = {one.key: [_box(n) for n in range(BOXES)] for one in _SHELVES}


@SLICE.query()
async def shelves(info: Info) -> list[Shelf]:
    """Every shelf."""
    del info
    return _SHELVES


@SLICE.column(Shelf)
async def boxes(parents: list[Shelf], info: Info) -> list[list[Box]]:
    """What stands on it."""
    del info
    return [_BOXES[one.key] for one in parents]


async def main() -> None:
    """Prints microseconds a field of both ways."""
    graph = Graph((*SLICES, SLICE))
    known = Known(parse(QUESTION))
    ways = {"planned": Plans(graph, compile_at=1), "graphql-core": Plans(graph, is_on=False)}

    def asking(name: str) -> Any:
        return lambda: ways[name].execute(known, context=_context(graph))

    answers = [(await asking(name)()).result for name in ways]
    if answers[0] != answers[1] or answers[0].errors:
        raise RuntimeError(f"The two ways do not answer the same: {answers[0].errors or answers[1].errors}")
    fields = _fields(answers[0].data)
    times = await interleaved({name: asking(name) for name in ways}, rounds=25, calls=10)
    print(f"executor: {fields:,} fields in an answer")
    report(times, "graphql-core")
    each = {name: statistics.median(figures) * 1000 / fields for name, figures in times.items()}
    print(
        f"{judged(each['planned'] <= MUST)}: {each['planned']:.2f} microseconds a field (at most {MUST}, goal {GOAL}); "
        f"graphql-core {each['graphql-core']:.2f}, {1 / ratio(times, 'planned', 'graphql-core'):.1f} times as much"
    )


def _context(graph: Graph) -> Context:
    return Context(
        viewer=Viewer(subject="bench", role=Role.AGENT),
        # Nothing is read from it.
        store=cast("Store", None),
        declared=graph.declared,
        seal=CursorSeal("a sample secret for benchmarks"),
        clock=lambda: AT,
    )


def _fields(shown: Any) -> int:
    """How many fields an answer has, objects and lists counted once for the field that holds them."""
    if isinstance(shown, dict):
        return len(shown) + sum(map(_fields, shown.values()))
    return sum(map(_fields, shown)) if isinstance(shown, list) else 0


if __name__ == "__main__":
    asyncio.run(main())
