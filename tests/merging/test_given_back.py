"""Is each given back what is theirs, with what was said of it while they were one customer?"""

from itertools import combinations, permutations
from typing import Any

import pytest

from resolvers.dismissing import are_apart
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.walking import read


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
@pytest.mark.parametrize("pairs", [((1, 0), (2, 1), (3, 2)), ((0, 1), (0, 2), (0, 3)), ((2, 3), (0, 1), (0, 2))])
async def test_chain_told_apart(
    make: Makers, merge: Do, unmerge: Do, pairs: tuple[tuple[int, int], ...], order: tuple[int, ...]
) -> None:
    """However merges were chained and undone, no machine merges any two of those whom people have parted."""
    people = [await make.customer() for _ in range(4)]
    left = [await merge(people[into], people[one]) for into, one in pairs]
    left = [left[n] for n in order]
    while left:
        left = [one for one in left if "survivor" not in await unmerge(one)]
    for two in combinations(people, 2):
        assert await are_apart(make.store, [one.key for one in two])


SHOWN = "contactPoints { value isPrimary isVerified }"


async def _points(ask: Asking, *people: Made) -> list[list[tuple[str, bool]]]:
    found = [(await read(ask, one, SHOWN))["contactPoints"] for one in people]
    return [[(point["value"], point["isPrimary"]) for point in one] for one in found]


async def _phones(ask: Asking, make: Makers, *values: str) -> Made:
    """Somebody with these numbers, the last of which is primary."""
    one = await make.customer()
    for value in values:
        await change(ask, "addContactPoint", "__typename", customerId=one.id, type="PHONE", value=value, isPrimary=True)
    return one


async def _at(ask: Asking, one: Made, value: str) -> dict[str, Any]:
    """One of the customer's contact points, as the input of what is done to it."""
    found = await read(ask, one, "version contactPoints { id value }")
    (key,) = [point["id"] for point in found["contactPoints"] if point["value"] == value]
    return {"customerId": one.id, "version": found["version"], "id": key}


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("KEEP", [["+4915111", "+4915199"], ["+4915113"]]),
        ("RESTORE", [["+4915111"], ["+4915113"]]),
        ("GIVE_BACK", [["+4915111"], ["+4915199"]]),
    ],
)
async def test_corrected_since(
    ask: Asking, make: Makers, merge: Do, unmerge: Do, *, way: str, expected: list[list[str]]
) -> None:
    """A contact point that came along and was corrected since is told, and stays, goes or goes back as one says."""
    one, other = await _phones(ask, make, "+4915111"), await _phones(ask, make, "+4915113")
    merged = await merge(one, other)
    await change(ask, "editContactPoint", "__typename", **await _at(ask, one, "+4915113"), value="+4915199")
    refused = await unmerge(merged)
    assert [two["field"] for two in refused["edits"]] == ["contactPoints"]
    assert "survivor" in await unmerge(merged, resolutions=[{"field": "contactPoints", "choice": way}])
    assert [[value for value, _ in points] for points in await _points(ask, one, other)] == expected
    for n, who in enumerate((one, other)):
        found = await ask("query ($text: String!) { customers(search: $text) { nodes { id } } }", text=expected[n][-1])
        assert who.id in [two["id"] for two in found.data["customers"]["nodes"]]


async def test_primary_again(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """Where one that came along was made primary, undoing makes the one primary again that was before all merges."""
    one, other = await _phones(ask, make, "+4915111", "+4915112"), await _phones(ask, make, "+4915113")
    third = await _phones(ask, make, "+4915114")
    before = await _points(ask, one, other, third)
    merges = [await merge(one, other)]
    for value in ("+4915113", "+4915114"):
        if value == "+4915114":
            merges.append(await merge(one, third))
        await change(ask, "choosePrimaryContactPoint", "__typename", **await _at(ask, one, value))
    for merged in merges:
        assert "survivor" in await unmerge(merged)
    assert await _points(ask, one, other, third) == before
