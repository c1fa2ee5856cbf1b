"""How do the staff correct where a customer first came in?

A source says it once, and no later source replaces it (`ingest.parts.came_in`); what a person says stands before all of
them, and a merge takes it along as it takes theirs.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Document
from resolvers.channels import require_usable
from resolvers.customers import BY_STAFF, Customer, require_customer
from resolvers.identification import LONGEST_WORD
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import InvalidInput, NotFound, accepted, invalid
from resolvers.kit.slice import Slice
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import STAFF
from resolvers.versions import VERSION, StaleVersion, require_version, write_upon

SLICE = Slice("entry points")

_PARTS = ("channel", "page", "referrer")


@graph_type
class EntryPointEdit:
    """That someone of the staff said where a customer first came in."""

    at: datetime = told("When.")
    by: str = told("Who.")


@SLICE.column(Customer, may=STAFF, reads=["entry_point"])
def entry_point_edit(customers: list[Customer], info: Info) -> list[EntryPointEdit | None]:
    """Who of the staff said last where the customer came in, and when; null where a source did, or nobody."""
    del info
    return [_edit(one.document.get("entry_point") or {}) for one in customers]


def _edit(stored: Document) -> EntryPointEdit | None:
    by = stored.get("observed_by")
    return EntryPointEdit(at=stored["observed_at"], by=by) if by else None


@graph_input
class EditEntryPointInput:
    """Where a customer first came in. What is left out stays as it is."""

    customer_id: strawberry.ID = told("The customer.")
    version: int = told(VERSION)
    channel: str | None = told(
        "The channel: one of this gateway's, or `email`, `phone`, `post` or `sms`. Needed where none is kept yet.",
        default=None,
    )
    page: str | None = told(
        "The page, story or advertisement from which it began; null takes it away.", default=strawberry.UNSET
    )
    referrer: str | None = told("The page that led there; null takes it away.", default=strawberry.UNSET)


@graph_type
class EditEntryPointPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def edit_entry_point(
    info: Info, input: Annotated[EditEntryPointInput, about("The customer, and where it came in.")]
) -> EditEntryPointPayload | NotFound | InvalidInput | StaleVersion:
    """Says where a customer first came in. It stays so, whatever a source says; no visitor is shown your word.

    What you only send again stays its source's.
    """
    context = info.context
    customer = await require_customer(context, input.customer_id)
    old: Document = customer.document.get("entry_point") or {}
    said = await _said(context, input, old)
    await require_version(context, customer, input.customer_id, input.version)
    if said == {name: old.get(name) for name in _PARTS}:
        return EditEntryPointPayload(customer=customer)
    seen = {"observed_from": BY_STAFF, "observed_at": context.clock(), "observed_by": context.viewer.subject}
    change = {"$set": {"entry_point": {**said, **seen}}}
    return EditEntryPointPayload(customer=await write_upon(context, customer, change))


async def _said(context: Context, input: EditEntryPointInput, old: Document) -> dict[str, Any]:
    """The entry point as the viewer wants it."""
    said: dict[str, Any] = {name: old.get(name) for name in _PARTS}
    if input.channel is not None and input.channel.strip() != said["channel"]:
        said["channel"] = await require_usable(context, input.channel, "input", "channel")
    for name in ("page", "referrer"):
        text = getattr(input, name)
        if text is not strawberry.UNSET:
            line = text if text is None else accepted(plain_line, text, "input", name, longest=LONGEST_WORD)
            said[name] = line
    if said["channel"] is None:
        raise invalid("No entry point of this customer is kept yet. Send its `channel`.", "input", "channel")
    return said
