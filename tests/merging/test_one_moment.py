"""Does what one answer tells of merges agree with the customers that it shows?"""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers.merging import ledger
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.walking import read

SHOWN = "id tags { word } merges { totalCount nodes { undoneAt undoneBy survivor { id } otherIds } }"


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch, commands: Commands) -> Iterator[list[Any]]:
    """What is done between the reading of a customer and that of the ledger, once."""
    steps: list[Any] = []
    plain = Store.windows

    async def windows(self: Store, owners: Any, strands: Any, window: Any) -> Any:
        if any(one.record is ledger.MERGES for one in strands) and steps:
            await steps.pop()()
        return await plain(self, owners, strands, window)

    monkeypatch.setattr(Store, "windows", windows)
    # While commands are counted, each question is asked once.
    with commands.counted():
        yield steps


async def _open(ask: Asking, one: Made) -> tuple[int, list[Any]]:
    """How many words the customer has, and the others of the merges that hold, as one answer tells it."""
    found = await read(ask, one, SHOWN)
    nodes = found["merges"]["nodes"]
    return len(found["tags"]), [two["otherIds"] for two in nodes if two["undoneAt"] is None and not two["undoneBy"]]


async def _three(make: Makers) -> list[Made]:
    return [await make.customer(tags=[{"word": word}]) for word in "abc"]


async def test_undone_between(ask: Asking, make: Makers, merge: Do, unmerge: Do, between: list[Any]) -> None:
    """Who is shown with what others brought has the merge that brought it, which holds."""
    ann, anna, _ = await _three(make)
    merged = await merge(ann, anna)
    between.append(lambda: unmerge(merged))
    assert await _open(ask, ann) == (2, [[anna.id]])
    assert await _open(ask, ann) == (1, [])


async def test_merged_between(ask: Asking, make: Makers, merge: Do, unmerge: Do, between: list[Any]) -> None:
    """Who is shown without others has no merge that brings them, also where they were merged before."""
    ann, anna, _ = await _three(make)
    await unmerge(await merge(ann, anna))
    between.append(lambda: merge(ann, anna))
    assert await _open(ask, ann) == (1, [])
    assert await _open(ask, ann) == (2, [[anna.id]])


async def test_merged_again_between(ask: Asking, make: Makers, merge: Do, unmerge: Do, between: list[Any]) -> None:
    """Undone and made again between the two, it is told once."""
    ann, anna, _ = await _three(make)
    merged = await merge(ann, anna)

    async def again() -> None:
        await unmerge(merged)
        await merge(ann, anna)

    between.append(again)
    assert await _open(ask, ann) == (2, [[anna.id]])


async def test_chain_undone_between(ask: Asking, make: Makers, merge: Do, unmerge: Do, between: list[Any]) -> None:
    """The same of merges beneath another: of what became of the parted since nothing is told."""
    ann, anna, anne = await _three(make)
    chain = [await merge(anna, anne), await merge(ann, anna)]
    fourth = await make.customer()

    async def part() -> None:
        for one in reversed(chain):
            assert "survivor" in await unmerge(one)
        await merge(anna, fourth)

    between.append(part)
    assert await _open(ask, ann) == (3, [[anna.id], [anne.id]])
