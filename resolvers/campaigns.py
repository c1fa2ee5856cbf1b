"""Which campaigns bring customers and tickets in?"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.records import Index, Record, RecordId
from resolvers.kit.context import Context, Info
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept, reader_of

SLICE = Slice("campaigns")

CAMPAIGNS = Record(
    name="campaigns", customer=None, key=("name",), indexes=(Index(("name",), unique=True),), is_held=True
)


@SLICE.keeps(CAMPAIGNS)
class Campaign(Node):
    """An effort of the company to reach customers, to which tickets are counted."""

    name: str = kept("What the campaign is called.")
    starts_at: datetime | None = kept("When it begins; null when that was not said.")
    ends_at: datetime | None = kept("When it ends; null while it is open.")


@SLICE.query()
async def campaigns(info: Info) -> list[Campaign]:
    """Every campaign, by name."""
    held = await info.context.store.held.all(CAMPAIGNS)
    return [reader_of(Campaign).read(one) for one in sorted(held.values(), key=lambda one: str(one["name"]))]


async def campaigns_by_id(context: Context, ids: Sequence[RecordId]) -> Mapping[RecordId, Campaign]:
    """Campaigns by storage id; those that are no longer there are absent."""
    held = await context.store.held.all(CAMPAIGNS)
    return {key: reader_of(Campaign).read(held[key]) for key in ids if key in held}
