"""How are rows asked for once per level and never once per row?

Two ways lead here. A *column* resolver answers for all parents at once; where graphql-core executes field by field,
its calls are gathered and made one. A *batch function* takes `(context, keys)` and answers a mapping; the order of
the keys, absence and the sharing of equal keys within a request are seen to here.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from resolvers.kit.budget import Budget
from resolvers.kit.watching import Watching

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

BatchFunction = Callable[[Any, Sequence[K]], Awaitable[Mapping[K, V]]]
"""Takes the context and distinct keys; answers what it found, by key."""

Column = Callable[[list[Any]], Awaitable[Sequence[Any]]]
"""Takes parents and answers one value each, in their order."""


class Loaders:
    """The loads of one request: gathered per level, and equal keys asked once."""

    def __init__(self, context: Any, budget: Budget, watching: Watching | None = None) -> None:
        self._context = context
        self._budget = budget
        self._watching = watching
        self._by_batch: dict[Any, DataLoader[Any, Any]] = {}
        self._by_field: dict[Any, DataLoader[Any, Any]] = {}

    async def load(self, batch: BatchFunction[K, V], key: K) -> V | None:
        """What the batch function finds for the key, or None."""
        self._budget.spend(1)
        loader = self._by_batch.get(batch)
        if loader is None:

            async def in_order(keys: list[K]) -> list[V | None]:
                self._budget.batches.append(len(keys))
                watching = self._watching
                if watching is None:
                    found = await batch(self._context, keys)
                else:
                    with watching.load("keys", batch.__name__, len(keys)):
                        found = await batch(self._context, keys)
                return [found.get(one) for one in keys]

            loader = self._by_batch[batch] = DataLoader(load_fn=in_order)
        value: V | None = await loader.load(key)
        return value

    async def column(self, place: Hashable, resolve: Column, parent: Any) -> Any:
        """The column's value for one parent; all parents of the same place in the document go together."""
        loader = self._by_field.get(place)
        if loader is None:

            async def for_all(parents: list[Any]) -> list[Any]:
                self._budget.batches.append(len(parents))
                return list(one_each(parents, await resolve(parents), repr(resolve)))

            # Parents are objects, not keys: two equal ones still want two answers.
            loader = self._by_field[place] = DataLoader(load_fn=for_all, cache=False)
        return await loader.load(parent)

    def forget(self) -> None:
        """Drops what was loaded, as after a mutation."""
        for loader in self._by_batch.values():
            loader.clear_all()


def one_each(parents: Sequence[Any], answers: Sequence[Any], name: str) -> Sequence[Any]:
    """A column's answers; raises TypeError where there is not one for each parent."""
    if len(answers) != len(parents):
        raise TypeError(
            f"A column answers one value per parent, in their order: {name} was asked for {len(parents)} and "
            f"answered {len(answers)}."
        )
    return answers
