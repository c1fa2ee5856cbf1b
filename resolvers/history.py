"""What happened between a customer and the company, across all channels, from the first word to now?

The history pivot reads what every slice declared for the timeline; it knows no panel.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.windows import Row, Strand
from resolvers.channels import require_channels
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, description_of, graph_input, graph_type, told
from resolvers.kit.errors import Forbidden
from resolvers.kit.keepings import Keeping
from resolvers.kit.lists import Listing, between, customer_lists, hidden_from
from resolvers.kit.paging import Connection, Page
from resolvers.kit.slice import Declared, OpenEnum, OpenUnion, Slice
from resolvers.kit.viewer import EVERYONE

SLICE = Slice("history")


def _kinds(declared: Declared) -> dict[str, str]:
    return {kind: description_of(keeping.cls) for kind, keeping in _by_kind(declared).items()}


def _by_kind(declared: Declared) -> dict[str, Keeping]:
    """What stands on the timeline, by kind."""
    return {one.record.timeline.kind: one for one in declared.on_timeline if one.record.timeline}


KIND = OpenEnum("HistoryKind", "What kind of thing an entry of the history is.", _kinds)
ITEM = OpenUnion(
    "HistoryItem",
    "Everything that can stand in a customer's history.",
    lambda declared: [keeping.cls for keeping in declared.on_timeline],
)


@graph_type
class HistoryEntry:
    """One thing that happened, at its moment in the customer's history."""

    at: datetime = told("When it happened. An entry's moment never changes.")
    channel: str | None = told("On which channel; null for what happened on none, such as a note.")
    kind_name: strawberry.Private[str]
    thing: strawberry.Private[Any]


@SLICE.reading(HistoryEntry, reads=())
def kind(entry: HistoryEntry) -> Annotated[str, KIND]:
    """What kind of thing it is."""
    return entry.kind_name


@SLICE.reading(HistoryEntry, reads=())
def item(entry: HistoryEntry) -> Annotated[object, ITEM]:
    """The thing itself."""
    return entry.thing


@graph_input
class HistoryFilter:
    """Which entries: those that fulfil every condition given. An empty list sets none."""

    kinds: Annotated[list[str] | None, KIND] = told("Only these kinds.", default=None)
    channels: list[str] | None = told("Only what happened on these channels.", default=None)
    since: datetime | None = told("Only what happened at this moment or later.", default=None)
    until: datetime | None = told("Only what happened before this moment.", default=None)


@SLICE.column(Customer, may=EVERYONE, reads=())
async def history(
    customers: list[Customer],
    info: Info,
    page: Page,
    filter: Annotated[HistoryFilter | None, about("Which entries; left out: all that you may see.")] = None,
) -> list[Connection[HistoryEntry]]:
    """Everything that happened with the customer, across channels, oldest first: `last: 20` is the newest twenty.

    Walking the pages gives every entry that was there at the first page exactly once, whatever comes in meanwhile.
    """
    context = info.context
    asked = filter or HistoryFilter()
    await require_channels(context, asked.channels or (), "filter.channels")
    shown = _shown(context, asked.kinds)
    strands = [strand for kind, keeping in shown.items() if (strand := _strand(kind, keeping, asked, info))]
    read = {kind: _reading(kind, keeping, info) for kind, keeping in shown.items()}
    listing = Listing(strands, lambda rows: [read[row.kind](row) for row in rows], newest_first=False)
    return await customer_lists(info, customers, listing, page)


def _shown(context: Context, kinds: list[str] | None) -> dict[str, Keeping]:
    """What stands on the timeline and the viewer may see; raises Forbidden for a kind that was asked for in vain."""
    by_kind = _by_kind(context.declared)
    role = context.viewer.role
    for kind in kinds or ():
        if role not in by_kind[kind].may:
            raise Forbidden(f"History entries of the kind {kind} are not for the role {role.value}. Leave them out.")
    return {kind: one for kind, one in by_kind.items() if role in one.may and (not kinds or kind in kinds)}


def _strand(kind: str, keeping: Keeping, asked: HistoryFilter, info: Info) -> Strand | None:
    """The kind's share in the history; None where the filter leaves nothing of it."""
    timeline = keeping.record.timeline
    if timeline is None or (asked.channels and timeline.channel is None):
        return None
    where: dict[str, Any] = {}
    if asked.channels and timeline.channel:
        where[timeline.channel] = {"$in": asked.channels}
    if asked.since or asked.until:
        where[timeline.at] = between(asked.since, asked.until)
    only = info.reads.of(keeping.cls)
    if only is not None and timeline.channel:
        only |= {timeline.channel}
    return Strand(record=keeping.record, order=timeline.at, kind=kind, where=where, only=only)


def _reading(kind: str, keeping: Keeping, info: Info) -> Any:
    hidden = hidden_from(info.context.viewer, keeping.record)
    channel = keeping.record.timeline.channel if keeping.record.timeline else None
    thing = keeping.reader.reading(hidden, info.reads.of(keeping.cls))

    def read(row: Row) -> HistoryEntry:
        return HistoryEntry(
            at=row.order,
            channel=row.document.get(channel) if channel else None,
            kind_name=kind,
            thing=thing(row.document),
        )

    return read
