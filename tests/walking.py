"""How does a client read one customer's lists: a page, or all pages one after another?"""

from typing import Any

from resolvers.kit.viewer import Role
from tests.conftest import Asking, Commands
from tests.makers import Made

# More than any test makes.
LONGEST_LIST = 500
PARTNER = {"as_": Role.PARTNER}
"""A partner without the scope that shows personal values."""


def visitor(of: Made) -> dict[str, Any]:
    """A visitor who is this customer."""
    return {"as_": Role.VISITOR, "viewer": {"customer_id": of.key}}


async def read(ask: Asking, of: Made, selection: str, **who: Any) -> Any:
    """The customer's fields that are selected."""
    answer = await ask(_customer(selection), id=of.id, **who)
    assert answer.errors == []
    return answer.data["customer"]


async def nodes(ask: Asking, of: Made, field: str, row: str = "id", **who: Any) -> list[Any]:
    """The rows of a list field."""
    found = await read(ask, of, f"list: {field} {{ nodes {{ {row} }} }}", **who)
    return found["list"]["nodes"]  # type: ignore[no-any-return]


async def refusal(ask: Asking, of: Made, selection: str, **who: Any) -> str:
    """The words with which a selection is refused as bad input."""
    answer = await ask(_customer(selection), id=of.id, **who)
    assert answer.codes == ["BAD_USER_INPUT"]
    return str(answer.errors[0].message)


async def forbidden(ask: Asking, of: Made, selection: str, **who: Any) -> bool:
    """Whether a selection is forbidden to who asks."""
    answer = await ask(_customer(selection), id=of.id, **who)
    return answer.codes == ["FORBIDDEN"]


async def walk(ask: Asking, of: Made, field: str, size: int, *, backward: bool = False) -> list[str]:
    """The cursors of a list's rows in the order of the list, read page by page."""
    rows: list[str] = []
    place = None
    while len(rows) < LONGEST_LIST:
        end = "last" if backward else "first"
        since = "before" if backward else "after"
        arguments = f"{end}: {size}" + (f', {since}: "{place}"' if place else "")
        selection = "edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        found = (await read(ask, of, f"list: {field}({arguments}) {{ {selection} }}"))["list"]
        cursors = [edge["cursor"] for edge in found["edges"]]
        info = found["pageInfo"]
        rows = cursors + rows if backward else rows + cursors
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            return rows
        place = info["startCursor" if backward else "endCursor"]
    raise AssertionError(f"{field} has no end: a page leads to one that was read before.")


async def costs(ask: Asking, commands: Commands, selection: str, *sizes: int) -> list[int]:
    """How many commands a list of customers costs, by its length; held records are not counted."""
    held = {record.name for record in ask.store.records.values() if record.is_held}
    query = f"query($n: Int!) {{ customers(first: $n) {{ nodes {{ {selection} }} }} }}"
    counts = []
    for size in sizes:
        with commands.counted() as sent:
            answer = await ask(query, n=size)
        assert answer.errors == []
        assert len(answer.data["customers"]["nodes"]) == size
        # A change stream may say at any moment that a held copy has become old.
        counts.append(sum(command[name] not in held for name, command in sent))
    return counts


def _customer(selection: str) -> str:
    return f"query($id: ID!) {{ customer(id: $id) {{ {selection} }} }}"
