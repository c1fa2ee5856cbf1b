"""Why may two customers be one person, field by field?

Looked up when somebody asks, from both customers as they are now: nothing of it is kept, and nothing is told of fields
that the viewer may not see.
"""

import asyncio
from collections.abc import Iterable, Sequence

from adapters.records import Document, RecordId
from resolvers.aliases import ids_of
from resolvers.attribute_rules import MatchingRole
from resolvers.channels import reach_by
from resolvers.customers import Customer, customers_by_id
from resolvers.duplicates import DuplicateSuggestion, MatchLevel
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context, Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.ids import global_id
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import STAFF
from resolvers.matching.fields import Telltale, agreements, telltales
from resolvers.matching.levels import Level
from resolvers.matching_base import base_of_now
from resolvers.sight import Sight, sight_of

SLICE = Slice("field by field")

# Who has more identities is a shop's own account.
_MOST_IDENTITIES = 1_000


@graph_type
class ComparedFields:
    """A field of the one beside the field of the other that agrees with it best. The values themselves are not told.

    A field is named `attributes.` and the attribute's name, `contactPoints.` and the id, or `identities.` and the id.
    An address that stands in several attributes is compared as one.
    """

    role: MatchingRole = told("What the two fields say of a person.")
    level: MatchLevel = told("How well the two agree.")
    one: list[str] = told("Which field of the first of the suggestion's `customers`.")
    other: list[str] = told("Which field of the second one.")


@SLICE.column(DuplicateSuggestion, may=STAFF, reads=["one_id", "other_id"])
async def fields(suggestions: list[DuplicateSuggestion], info: Info) -> list[list[ComparedFields]]:
    """What was compared, field by field, the best first in each role; empty once the two are one.

    Weights are told by `reasons`, for several fields of a role speak once. What you may not see is left out.
    """
    context = info.context
    pairs = [(one.one_id, one.other_id) for one in suggestions]
    found = await customers_by_id(context, list(dict.fromkeys(key for pair in pairs for key in pair)))
    told_of = await _telltales(context, {one.key: one for one in found.values()}.values())
    base = await base_of_now(context.store)
    answers: list[list[ComparedFields]] = []
    for one, other in ((found.get(one), found.get(other)) for one, other in pairs):
        if one is None or other is None or one.key == other.key:
            answers.append([])
            continue
        agreed = agreements(told_of[one.key], told_of[other.key], base)
        context.budget.spend(len(agreed))
        # Of two with very many numbers it takes some milliseconds: others are let in between.
        await asyncio.sleep(0)
        answers.append(
            [
                ComparedFields(
                    role=each.role,
                    level=MatchLevel(Level(each.level).name),
                    one=list(each.one),
                    other=list(each.other),
                )
                for each in agreed
            ]
        )
    return answers


async def _telltales(context: Context, customers: Iterable[Customer]) -> dict[RecordId, list[Telltale]]:
    """What of each customer is compared, as far as the viewer may see it: one command for all."""
    sight, people = await sight_of(context), {one.key: one.document for one in customers}
    owners = {key: who for who, document in people.items() for key in ids_of(document, IDENTITIES)}
    identities: dict[RecordId, list[Document]] = {who: [] for who in people}
    known_by = {"customer_id": {"$in": list(owners)}}
    for one in await context.store.find(
        IDENTITIES, known_by, only=("customer_id", "channel", "value"), limit=_MOST_IDENTITIES * len(people)
    ):
        identities[owners[one["customer_id"]]].append(one)
    return {who: _of_one(document, identities[who], sight) for who, document in people.items()}


def _of_one(document: Document, identities: Sequence[Document], sight: Sight) -> list[Telltale]:
    points = sight.document(document).get("contact_points") or ()
    reached = (
        (f"identities.{global_id('Identity', one['_id'])}", (kind, one["value"]))
        for one in sorted(sight.identities(identities), key=lambda one: one["_id"])
        if (kind := reach_by(one["channel"], one["value"]))
    )
    return telltales(
        document.get("attributes") or {},
        sight.telling,
        [(f"contactPoints.{global_id('ContactPoint', one['id'])}", one) for one in points],
        reached,
    )
