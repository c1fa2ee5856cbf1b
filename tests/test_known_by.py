"""Is a customer found in `search` by a number or address that stands in an identity alone?"""

from typing import Any

import pytest

from resolvers.kit.delivered import AccessWay
from resolvers.kit.viewer import LOOKUP_SCOPE, PERSONAL_SCOPE, Role
from tests.conftest import Asking, Commands
from tests.makers import Made, Makers

SEARCH = """query ($by: String!, $after: String) { customers(search: $by, after: $after) {
  totalCount nodes { id } pageInfo { endCursor } } }"""


@pytest.fixture
async def caller(make: Makers) -> Made:
    """A customer of whom nothing is known but identities, beside one who has other ones."""
    one, other = await make.customer(None, None, is_anonymous=True), await make.customer("Ann")
    for who, values in ((one, ("+4930901892", "o'hara_j@example.com")), (other, ("+4930901893", "hara@example.com"))):
        await make.identity(who, "whatsapp", values[0])
        await make.identity(who, "email", values[1], account="help")
    return one


async def _found(ask: Asking, by: str, **more: Any) -> list[str]:
    answer = await ask(SEARCH, by=by, **more)
    assert answer.errors == []
    found = answer.data["customers"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["id"] for one in found["nodes"]]


@pytest.mark.parametrize(
    "by",
    [
        "+4930901892",
        "0049 30 901 892",
        "+49 (0)30 / 901-892",
        "4930901892",
        "O'Hara_J@Example.com",
        "<o'hara_j@example.com>.",
        "+4930901892 o'hara_j@example.com",
    ],
)
async def test_found_in_any_notation(ask: Asking, caller: Made, by: str) -> None:
    """A whole number or address finds who is known by it on a channel, in any notation, and nobody else."""
    assert await _found(ask, by) == [caller.id]


@pytest.mark.parametrize("by", ["+4930901", "30901892", "o'hara_j", "+4930901892 ann", "+4930901892 hara@example.com"])
async def test_nobody(ask: Asking, caller: Made, by: str) -> None:
    """The beginning of such a number finds nobody, and all words must be one customer's."""
    assert caller.id
    assert await _found(ask, by) == []


async def test_beside_words(ask: Asking, make: Makers, caller: Made) -> None:
    """Whoever has the number as a contact point is found together with who has it as an identity."""
    other = await make.customer("Bob", search=["bob", "4930901892"])
    assert set(await _found(ask, "+4930901892")) == {caller.id, other.id}
    assert await _found(ask, "+4930901892 bob") == [other.id]


async def test_survivor(ask: Asking, make: Makers, caller: Made) -> None:
    """A customer who was merged is found as the survivor, once."""
    survivor = await make.customer("Eve")
    await make.merged(caller, survivor, "IDENTITIES")
    assert await _found(ask, "+4930901892") == [survivor.id]


async def test_is_look_up(ask: Asking, caller: Made) -> None:
    """It counts as a look-up, takes the right to look people up, and the ledger names who was found."""
    await _found(ask, "+4930901892")
    assert (ask.delivered.customers, ask.delivered.ways) == ({caller.key}, {AccessWay.LOOKED_UP, AccessWay.SEARCHED})
    codes = []
    for scopes in ({PERSONAL_SCOPE}, {PERSONAL_SCOPE, LOOKUP_SCOPE}):
        answer = await ask(SEARCH, as_=Role.PARTNER, viewer={"scopes": frozenset(scopes)}, by="+4930901892")
        codes.append(answer.codes)
    assert codes == [["FORBIDDEN"], []]


async def test_one_command_more(ask: Asking, commands: Commands, caller: Made) -> None:
    """A search by a number costs one command more than one by a name, however many numbers stand in it."""
    counts = []
    for by in ("ann", "+4930901892", "+4930901892 o'hara_j@example.com"):
        await _found(ask, by)
        with commands.counted() as sent:
            await _found(ask, by)
        counts.append(len(sent))
    assert [one - counts[0] for one in counts] == [0, 1, 1]
    assert caller
