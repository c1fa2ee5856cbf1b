"""Which campaigns bring customers and tickets in?"""

from collections.abc import Iterable
from datetime import datetime

from adapters.records import Index, Record, RecordId
from resolvers.kit.context import Context, Info
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept, reader_of

SLICE = Slice("campaigns")

CAMPAIGNS = Record(
    name="campaigns", customer=None, key=("name",), indexes=(Index(("name",), unique=True),), is_held=True
)


@SLICE.keeps(CAMPAIGNS, keys=["id"])
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


def campaigns_of(context: Context, ids: Iterable[RecordId | None]) -> list[Campaign | None]:
    """The campaigns of these storage ids, in their order; None for those that are no longer there, and for None."""
    held = context.held(CAMPAIGNS)
    read = reader_of(Campaign).reading()
    found = [held.get(key) if key else None for key in ids]
    return [read(one) if one else None for one in found]
