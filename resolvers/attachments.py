"""Which files came with a customer's tickets and messages?"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry

from adapters.records import Belonging, Index, Record, RecordId
from adapters.windows import Strand
from resolvers.conversations import MESSAGES, Message
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.lists import customer_lists, hidden_from, listing_of
from resolvers.kit.owned import own_only
from resolvers.kit.paging import Connection, Page
from resolvers.kit.proofs import only_shown, shown
from resolvers.kit.scalars import BigInt, Url
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, inner, kept, reader_of
from resolvers.kit.viewer import EVERYONE, Role
from resolvers.tickets import TICKETS, Ticket

SLICE = Slice("attachments")

ATTACHMENTS = Record(
    name="attachments",
    element="CONVERSATIONS",
    arrives=True,
    indexes=(Index(("customer_id", "created_at", "_id")), Index(("of_id", "created_at", "_id"))),
    personal=frozenset({"name", "url"}),
    belongs=Belonging(field="of_id", to=(MESSAGES.name, TICKETS.name)),
    file="file_id",
    aged_by="created_at",
)


@SLICE.keeps(ATTACHMENTS, keys=["id"], may=EVERYONE)
class Attachment(Node, Redacted):
    """A file that came with a message or ticket. This tells of it; its bytes are downloaded apart."""

    name: str | None = kept("The file's name.")
    media_type: str = kept("What kind of file it is, as `image/png`.")
    size_bytes: BigInt | None = kept(
        "How large it is, in bytes, files of more than 2 GB included; null where its source does not say."
    )
    created_at: datetime = kept("When it came.")
    url: Url | None = kept(
        "Where the visitor says that it is, always https; null where its bytes are kept here or with a channel. Nobody "
        "has looked at what is there: treat it as a stranger's link."
    )
    of_id: strawberry.Private[RecordId] = inner()


@SLICE.finds(Attachment)
async def attachments_by_id(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, Attachment]:
    """Attachments by storage id; a visitor, to whom tickets are not shown, finds those of messages alone."""
    viewer, found = context.viewer, await context.store.by_ids(ATTACHMENTS, keys)
    if viewer.role is Role.VISITOR:
        own = await only_shown(context, ATTACHMENTS, await own_only(context, ATTACHMENTS, found))
        messages = await context.store.by_ids(MESSAGES, [one["of_id"] for one in own.values()])
        messages = await only_shown(context, MESSAGES, messages)
        found = {key: one for key, one in own.items() if one["of_id"] in messages}
    read, hidden = reader_of(Attachment).read, hidden_from(viewer, ATTACHMENTS)
    return {key: read(one, hidden) for key, one in found.items()}


@SLICE.column(Customer, reads=())
async def attachments(customers: list[Customer], info: Info, page: Page) -> list[Connection[Attachment]]:
    """The files that came with the customer's messages and tickets, newest first."""
    strand = Strand(record=ATTACHMENTS, order="created_at")
    return await customer_lists(info, customers, listing_of(Attachment, strand, info), page)


async def _of(things: Sequence[Message] | Sequence[Ticket], info: Info) -> list[list[Attachment]]:
    context, only = info.context, info.reads.of(Attachment)
    found = await context.store.find(
        ATTACHMENTS,
        {"of_id": {"$in": [one.key for one in things]}, **await shown(context, ATTACHMENTS)},
        order=[("of_id", 1), ("created_at", 1), ("_id", 1)],
        # Whoever asks for more is refused when they are counted.
        limit=context.budget.most_rows + 1,
        only=None if only is None else [*only, "of_id"],
    )
    read = reader_of(Attachment).reading(hidden_from(context.viewer, ATTACHMENTS), only)
    of_things: dict[RecordId, list[Attachment]] = {one.key: [] for one in things}
    for one in found:
        of_things[one["of_id"]].append(read(one))
    return [of_things[one.key] for one in things]


@SLICE.column(Message, may=EVERYONE, name="attachments", reads=())
async def attachments_of_messages(messages: list[Message], info: Info) -> list[list[Attachment]]:
    """The files that came with the message, in order."""
    return await _of(messages, info)


@SLICE.column(Ticket, name="attachments", reads=())
async def attachments_of_tickets(tickets: list[Ticket], info: Info) -> list[list[Attachment]]:
    """The files that came with the ticket, in order."""
    return await _of(tickets, info)
