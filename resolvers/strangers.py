"""Who may it be that writes from an account by which nobody is known?

Asked without making anybody: the question that `identifyCustomer` answers by its `suggestions`, before it.
"""

from typing import Annotated

from adapters.contract.records import Who
from adapters.records import RecordId, new_id
from resolvers.candidates import Sought
from resolvers.customers import Customer, customers_by_id
from resolvers.duplicates import MOST_OF_ONE, SEEKING, MatchReason, reasons_of, require_few
from resolvers.identities import identified, named_identity, require_look_up
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_type, told
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import STAFF
from resolvers.lookalikes import Search
from resolvers.matching import Score

SLICE = Slice("strangers")


@graph_type
class LikelyCustomer:
    """A customer who may be the person behind an identity by which nobody is known."""

    customer: Customer = told("The customer.")
    score: float = told("How likely it is the same person, from 0 to 1.")
    reasons: list[MatchReason] = told(
        "What speaks for it and against it, the weightiest first. What you may not see of the customer is not compared."
    )


@SLICE.query(may=STAFF, costs=SEEKING)
async def likely_by_identity(
    info: Info,
    channel: Annotated[str, about("The channel's name, as `whatsapp`.")],
    account: Annotated[str, about("Which of our accounts on that channel.")],
    value: Annotated[str, about("The person's id there; phone numbers and addresses in any notation.")],
    first: Annotated[int, about(f"How many, at most {MOST_OF_ONE}.")] = 5,
) -> list[LikelyCustomer]:
    """Who may be the person behind an identity by which nobody is known, the likeliest first; nobody is made.

    Before all others come those whom an attribute names there (`isChannelIdentifier`). Empty where somebody is known by
    the identity: `customerByIdentity` answers who, with `suggestions` of its own.
    """
    context = info.context
    require_few(first)
    await require_look_up(context)
    who = await named_identity(context, channel, account, value)
    known = await identified(context, who)
    found = [] if known else (await _likely(context, who))[:first]
    customers = await customers_by_id(context, [key for key, _ in found])
    context.delivered.looked_up(channel, account, known.customer.key if known else None, likely=customers)
    context.budget.spend(len(found))
    return [
        LikelyCustomer(customer=customers[key], score=score.probability, reasons=reasons_of(score))
        for key, score in found
        if key in customers
    ]


async def _likely(context: Context, who: Who) -> list[tuple[RecordId, Score]]:
    """As of a customer of whom nothing but this identity is known."""
    channel, account, value = who
    nobody = {"_id": new_id(), "attributes": {}}
    sought = Sought(nobody, [{"channel": channel, "account": account, "value": value}])
    search = await Search.begin(context)
    await search.ask([sought])
    (found,) = search.likely([sought])
    return [(document["_id"], score) for document, score in found]
