"""Which numbers and addresses of customers are hidden from this viewer, whoever holds them: contact points, identities?

An attribute names the roles that see its values (resolvers/attribute_rights.py). The same number stands in contact
points and identities, too, where imports and channels put it: hidden there from the same roles.
"""

from collections.abc import Callable
from typing import Any

from adapters.records import Document, Part, Record
from resolvers.attribute_rights import unseen_kinds
from resolvers.attributes import definitions, definitions_at_hand
from resolvers.kit.context import Context
from resolvers.kit.errors import not_permitted
from resolvers.kit.lists import hidden_from
from resolvers.kit.reads import Paths
from resolvers.kit.stored import reader_of

_VALUE = frozenset({"value"})


async def unseen_reaches(context: Context) -> frozenset[str]:
    """The kinds (`PHONE`, `EMAIL`) that the viewer may not see."""
    return unseen_kinds(await definitions(context), context.viewer)


def unseen_reaches_at_hand(context: Context) -> frozenset[str]:
    """The same at once, for functions that answer at once (kit/fields.py)."""
    return unseen_kinds(definitions_at_hand(context), context.viewer)


async def require_seen(context: Context, kind: str) -> None:
    """Refuses what would tell, by being a change or none, what stands there that the viewer may not see."""
    if kind in await unseen_reaches(context):
        raise not_permitted(
            f"Your role does not see contact points of the type {kind}, and so adds and changes none. Ask somebody "
            "who sees them."
        )


def reading(
    context: Context,
    cls: type[Any],
    what: Record | Part,
    kinds: frozenset[str],
    kind_of: Callable[[Document], str | None],
    *,
    only: Paths | None = None,
) -> Callable[[Document], Any]:
    """Makes objects of what holds one number or address each, without what the viewer may not see.

    `kinds` are those that are hidden, `kind_of` tells the kind of one.
    """
    hidden = hidden_from(context.viewer, what)
    plain = reader_of(cls).reading(hidden, only)
    if not kinds:
        return plain
    without = reader_of(cls).reading(hidden | _VALUE, only)
    return lambda stored: (without if kind_of(stored) in kinds else plain)(stored)
