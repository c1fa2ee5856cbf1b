"""What is a visitor shown of the records that came in from outside: those that came by identities proven to be theirs?

An identity that is only said to be a customer's may be somebody else's, who goes on writing by it. What comes in by it
belongs to the customer for the staff, who know what was said; to whoever is signed in as the customer it is not shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from adapters.records import CAME_BY, Document, Record, RecordId
from resolvers.kit.context import Context
from resolvers.kit.slice import Match
from resolvers.kit.viewer import Role

K = TypeVar("K")


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What is proven of a customer's identities."""

    marks: frozenset[RecordId] = frozenset()
    """The proven ones, as records name them by which they came."""
    doubted: frozenset[tuple[str, str]] = frozenset()
    """Channel accounts on which others are, or were, said to be the customer's."""


_NOTHING = Proof()


async def proof_of(context: Context) -> Proof:
    """What is proven of the visitor's identities: one command for a whole question."""
    declared, key = context.declared.proofs, context.viewer.customer_id
    if declared is None or key is None:
        return _NOTHING
    return await context.loaders.load(declared, key) or _NOTHING


async def shown(context: Context, record: Record) -> Match:
    """What a customer's records of the kind must match so that the viewer is shown them; nothing for all but visitors.

    Where anything is doubted, so is what does not tell by which identity it came.
    """
    if context.viewer.role is not Role.VISITOR or not record.arrives:
        return {}
    proof = await proof_of(context)
    marks: list[RecordId | None] = [*sorted(proof.marks)]
    return {CAME_BY: {"$in": marks if proof.doubted else [None, *marks]}}


async def only_shown(context: Context, record: Record, documents: Mapping[K, Document]) -> dict[K, Document]:
    """Those of the documents that the viewer is shown."""
    match = await shown(context, record)
    if not match:
        return dict(documents)
    return {key: one for key, one in documents.items() if one.get(CAME_BY) in match[CAME_BY]["$in"]}
