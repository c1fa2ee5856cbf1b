"""Lists are read in pages, forwards and backwards, at a fixed number of commands."""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from resolvers.kit.errors import BadUserInput
from resolvers.kit.graph import Graph
from resolvers.kit.paging import Page
from resolvers.kit.viewer import Role
from resolvers.schema import SLICES
from tests import toy
from tests.conftest import Asking, Commands
from tests.crowd import crowd, everything
from tests.makers import Makers
from tests.walking import costs, read, refusal, walk


@cache
def _lists() -> list[str]:
    """Every field of a customer that is read in pages, also those of slices to come."""
    customer = Graph((*SLICES, toy.SLICE))._schema.type_map["Customer"]
    return sorted(name for name, field in customer.fields.items() if "after" in field.args)  # type: ignore[attr-defined]


@pytest.fixture
def ask(ask: Asking) -> Asking:
    """Asks as an administrator, who sees every list."""
    return replace(ask, role=Role.ADMINISTRATOR)


BAD_PAGES = {
    "first: 0": "Ask for 1 to 100",
    "first: -1": "Ask for 1 to 100",
    "first: 100000": "Ask for 100 and follow `pageInfo.endCursor`",
    "last: 0": "Ask for 1 to 100",
    "last: 100000": "Ask for 100 and follow `pageInfo.startCursor`",
    "first: 1, last: 1": "send `first` with `after`",
    'first: 1, before: "x"': "Send `last` and `before`",
    'last: 1, after: "x"': "send `first` with `after`",
    'after: "junk"': "`after` is not a cursor of this list",
    'before: ""': "`before` is not a cursor of this list",
    'after: "\\u00e9"': "`after` is not a cursor of this list",
}


@pytest.mark.parametrize("field", _lists())
async def test_list_walks(ask: Asking, make: Makers, field: str) -> None:
    """Pages of any size, forwards and backwards, give every row once, in the order of the list."""
    one = await make.customer()
    await everything(make, one, 4)
    whole = await walk(ask, one, field, 100)
    assert len(set(whole)) == len(whole) >= 4
    for size, backward in product((2, 7), (False, True)):
        assert await walk(ask, one, field, size, backward=backward) == whole


@pytest.mark.parametrize("field", _lists())
async def test_total_count(ask: Asking, make: Makers, field: str) -> None:
    """`totalCount` is the length of the whole list, whatever the page."""
    one = await make.customer()
    await everything(make, one)
    whole = await walk(ask, one, field, 100)
    found = await read(ask, one, f'list: {field}(first: 1, after: "{whole[0]}") {{ totalCount }}')
    assert found["list"]["totalCount"] == len(whole)


@pytest.mark.parametrize("field", _lists())
async def test_bad_pages(ask: Asking, make: Makers, field: str) -> None:
    """A page that cannot be is refused with what to send instead."""
    one = await make.customer()
    for arguments, advice in BAD_PAGES.items():
        assert advice in await refusal(ask, one, f"list: {field}({arguments}) {{ totalCount }}")


@pytest.mark.parametrize("field", _lists())
async def test_foreign_cursors(ask: Asking, make: Makers, field: str) -> None:
    """A cursor opens the list of the customer for whom it was made, and no other."""
    people = await crowd(make, 2)
    cursor = (await walk(ask, people[0], field, 100))[0]
    assert "not a cursor" in await refusal(ask, people[1], f'list: {field}(after: "{cursor}") {{ totalCount }}')


async def test_list_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """A list of thirty customers costs as many commands as one of two, and a count one more."""
    await crowd(make, 30)
    for field in _lists():
        two, thirty = await costs(ask, commands, f"{field}(first: 2) {{ edges {{ cursor }} }}", 2, 30)
        counted = await costs(ask, commands, f"{field}(first: 2) {{ totalCount }}", 2, 30)
        assert two == thirty <= 2, field
        assert counted == [two + 1] * 2, field


async def test_empty_list(ask: Asking, make: Makers) -> None:
    """An empty page has no cursors, and nothing ahead of it or behind it."""
    one = await make.customer()
    info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    found = (await read(ask, one, f"notes {{ nodes {{ id }} totalCount {info} }}"))["notes"]
    assert found["nodes"] == []
    assert found["totalCount"] == 0
    assert list(found["pageInfo"].values()) == [False, False, None, None]


async def test_pages_tell_of_neighbours(ask: Asking, make: Makers) -> None:
    """A page says whether there are rows ahead of it and behind it, whichever way it was read."""
    one = await make.customer()
    for _ in range(6):
        await make.note(one)
    info = "pageInfo { hasPreviousPage hasNextPage startCursor endCursor }"
    found: list[list[bool]] = []
    for way, cursor, place in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
        given = ""
        for _ in range(3):
            page = (await read(ask, one, f"notes({way}: 2{given}) {{ {info} }}"))["notes"]["pageInfo"]
            found.append([page["hasPreviousPage"], page["hasNextPage"]])
            given = f', {cursor}: "{page[place]}"'
    first, middle, last = [False, True], [True, True], [True, False]
    assert found == [first, middle, last, last, middle, first]


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ((None, None, None, None), Page(20)),
        ((5, None, None, None), Page(5)),
        ((5, "c", None, None), Page(5, cursor="c")),
        ((None, "c", None, None), Page(20, cursor="c")),
        ((None, None, 5, None), Page(5, is_backward=True)),
        ((None, None, 5, "c"), Page(5, is_backward=True, cursor="c")),
        ((None, None, None, "c"), Page(20, is_backward=True, cursor="c")),
        ((100, None, None, None), Page(100)),
    ],
)
def test_page_arguments(given: tuple[int | None, str | None, int | None, str | None], page: Page) -> None:
    """`first` goes with `after`, `last` with `before`; without a number the usual size is read."""
    assert Page.of(*given, sizes=(20, 100)) == page


def test_page_limit_named() -> None:
    """A page that is too large is told the largest."""
    with pytest.raises(BadUserInput, match="`first` is 101; at most 100 rows"):
        Page.of(101, None, None, None, sizes=(20, 100))
