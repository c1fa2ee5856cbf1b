"""Rows are asked for once per level and never once per row."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from resolvers.kit.budget import Budget
from resolvers.kit.loading import Loaders


class _Shelf:
    """Answers what it has and remembers how it was asked."""

    def __init__(self, **things: int) -> None:
        self.things = things
        self.asked: list[list[str]] = []

    async def find(self, context: Any, keys: Sequence[str]) -> Mapping[str, int]:
        """The things by name."""
        assert context == "context"
        self.asked.append(list(keys))
        return {key: self.things[key] for key in keys if key in self.things}


async def test_one_load_per_level() -> None:
    """Keys of one level go together, in order; what is not there is None."""
    shelf, loaders = _Shelf(a=1, b=2), Loaders("context", Budget(100, 60.0))
    found = await asyncio.gather(*(loaders.load(shelf.find, key) for key in ("b", "x", "a")))
    assert found == [2, None, 1]
    assert shelf.asked == [["b", "x", "a"]]


async def test_equal_keys_once() -> None:
    """An equal key is asked for once in a request, absent ones too."""
    shelf, loaders = _Shelf(a=1), Loaders("context", Budget(100, 60.0))
    await asyncio.gather(*(loaders.load(shelf.find, key) for key in ("a", "a", "x")))
    await asyncio.gather(*(loaders.load(shelf.find, key) for key in ("x", "a")))
    assert shelf.asked == [["a", "x"]]


async def test_forgotten_loads() -> None:
    """What was loaded is asked for again after a mutation."""
    shelf, loaders = _Shelf(a=1), Loaders("context", Budget(100, 60.0))
    assert await loaders.load(shelf.find, "a") == 1
    shelf.things["a"] = 2
    loaders.forget()
    assert await loaders.load(shelf.find, "a") == 2


async def test_load_error_shared() -> None:
    """An error of a batch is told to each who waits for it."""

    async def fails(_context: Any, _keys: Sequence[str]) -> Mapping[str, int]:
        raise ValueError("no")

    loaders = Loaders("context", Budget(100, 60.0))
    found = await asyncio.gather(*(loaders.load(fails, key) for key in "ab"), return_exceptions=True)
    assert [str(one) for one in found] == ["no", "no"]


async def test_column_gathered() -> None:
    """All parents of one place go together, equal ones too, each with an answer of its own."""
    asked: list[list[str]] = []

    async def doubled(parents: list[str]) -> list[str]:
        asked.append(parents)
        return [one * 2 for one in parents]

    loaders = Loaders("context", Budget(100, 60.0))
    found = await asyncio.gather(*(loaders.column("place", doubled, one) for one in ("a", "b", "a")))
    assert found == ["aa", "bb", "aa"]
    assert asked == [["a", "b", "a"]]


async def test_places_apart() -> None:
    """Two places of a document, with arguments of their own, are answered apart."""

    async def first(parents: list[str]) -> list[int]:
        return [1 for _ in parents]

    async def second(parents: list[str]) -> list[int]:
        return [2 for _ in parents]

    loaders = Loaders("context", Budget(100, 60.0))
    found = await asyncio.gather(loaders.column("one", first, "a"), loaders.column("two", second, "a"))
    assert found == [1, 2]


async def test_column_too_short() -> None:
    """A column that answers another number of values than it was asked for is a bug, and says so."""

    async def short(parents: list[str]) -> list[str]:
        return parents[:-1]

    loaders = Loaders("context", Budget(100, 60.0))
    with pytest.raises(TypeError, match="asked for 1 and answered 0"):
        await loaders.column("place", short, "a")
