"""What of the hostile graph stands in documents, sound ones and others."""

from enum import Enum
from typing import Any

from resolvers.kit.described import graph_enum, graph_type
from resolvers.kit.stored import kept


@graph_enum({"CALM": "Calm.", "WILD": "Wild."})
class Mood(Enum):
    """How someone is."""

    CALM = "calm"
    WILD = "wild"


@graph_type
class Leaf:
    """A part of a paper."""

    text: str = kept("What stands on it.")
    size: int | None = kept("How much.")


@graph_type
class Paper:
    """Something that stands in a document."""

    title: str = kept("What it is called.")
    pages: int | None = kept("How many.", at="size.pages")
    mood: Mood = kept("How it reads.")
    leaves: list[Leaf] = kept("Its parts.")


# By the name of whoever holds them: sound ones, and such as hold what should not stand there.
PAPERS: dict[str, list[dict[str, Any]]] = {
    "ann": [
        {"title": "a", "size": {"pages": 1}, "mood": "calm", "leaves": [{"text": "x", "size": 1}, {"text": "y"}]},
        {"title": "b", "mood": "wild"},
    ],
    "odd": [{"title": None, "mood": "calm", "leaves": [{"size": 3}]}, {"title": "c", "mood": "furious"}],
    "none": [{"title": "d", "mood": "calm", "size": {"pages": "many"}, "leaves": [{"text": 5, "size": 2**40}]}],
}
