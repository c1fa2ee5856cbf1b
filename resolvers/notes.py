"""What do agents want colleagues to know about a customer?"""

from datetime import datetime
from typing import Annotated

import strawberry

from adapters.contract.bounds import LONGEST_NOTE
from adapters.records import Document, Record, RecordId, Timeline, new_id
from adapters.windows import Strand
from resolvers.agents import Agent, agents_of
from resolvers.customers import Customer, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    accepted,
    not_found,
    not_permitted,
)
from resolvers.kit.ids import key_of
from resolvers.kit.lists import customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, inner, kept, reader_of
from resolvers.kit.texts import plain_text
from resolvers.kit.viewer import STAFF, Role

NOTES = Record(
    name="notes",
    element="NOTES",
    arrives=True,
    # Agents write down what people tell them.
    personal=frozenset({"text"}),
    timeline=Timeline(kind="NOTE", at="created_at"),
    news=frozenset({"text"}),
)

REMOVED_NOTES = Record(name="removed_notes", customer=None)
"""The ids of removed notes, and nothing of what stood in them: a source that says one again does not bring it back."""

SLICE = Slice("notes", unshown=[REMOVED_NOTES])


@SLICE.keeps(NOTES, keys=["id"], may=STAFF)
class Note(Node, Redacted):
    """A remark of an agent, shown to colleagues whenever the customer is opened."""

    text: str | None = kept("What the agent wrote, as plain text; null where it is hidden from you.")
    created_at: datetime = kept("When it was written.")
    edited_at: datetime | None = kept("When it was last changed; null if never.")
    version: int = kept("Counts its changes. `editNote` takes the one that you read.", read=lambda stored: stored or 1)
    author_id: strawberry.Private[RecordId | None] = inner()
    editor_id: strawberry.Private[RecordId | None] = inner()


@SLICE.column(Customer, may=STAFF, reads=())
async def notes(customers: list[Customer], info: Info, page: Page) -> list[Connection[Note]]:
    """What agents wrote about the customer, newest first."""
    strand = Strand(record=NOTES, order="created_at")
    return await customer_lists(info, customers, listing_of(Note, strand, info), page)


@SLICE.column(Note, may=STAFF, reads=["author_id"])
def author(notes: list[Note], info: Info) -> list[Agent | None]:
    """The agent who wrote it; null once that agent is gone."""
    return agents_of(info.context, [note.author_id for note in notes])


@SLICE.column(Note, may=STAFF, reads=["editor_id"])
def edited_by(notes: list[Note], info: Info) -> list[Agent | None]:
    """The agent whose words the text is since it was last changed; null if it never was, or once that agent is gone."""
    return agents_of(info.context, [note.editor_id for note in notes])


@graph_type
class StaleNote(Refusal):
    """The note was changed after the version that the edit was made upon.

    Compare what you sent with `note`, then send it again with `storedVersion`.
    """

    sent_version: int = told("The version that the edit carried.")
    stored_version: int = told("The version that the note has.")
    note: Note = told("The note as it is now.")


@graph_input
class AddNoteInput:
    """A remark about a customer."""

    customer_id: strawberry.ID = told("Whom it is about.")
    text: str = told(f"What to write down, plain text of at most {LONGEST_NOTE} characters.")


@graph_input
class EditNoteInput:
    """Another wording of a note."""

    id: strawberry.ID = told("The note.")
    version: int = told("The `version` of the note that you read and decided upon.")
    text: str = told(f"The new text, of at most {LONGEST_NOTE} characters.")


@graph_input
class RemoveNoteInput:
    """A note that is no longer wanted."""

    id: strawberry.ID = told("The note.")


@graph_type
class AddNotePayload:
    """The note that was written."""

    note: Note = told("The new note.")


@graph_type
class EditNotePayload:
    """The note as it reads now."""

    note: Note = told("The note.")


@graph_type
class RemoveNotePayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the note had.")


@SLICE.mutation(may=STAFF)
async def add_note(
    info: Info,
    input: Annotated[AddNoteInput, about("The remark.")],
) -> AddNotePayload | NotFound | InvalidInput:
    """Writes a note about a customer, in the name of the agent who asks."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    document = {
        "_id": new_id(),
        "customer_id": customer.key,
        "text": accepted(plain_text, input.text, "input", "text", longest=LONGEST_NOTE),
        "author_id": context.viewer.agent_id,
        "created_at": context.clock(),
        "edited_at": None,
        "version": 1,
    }
    await context.store.insert(NOTES, document)
    return AddNotePayload(note=reader_of(Note).read(document))


@SLICE.mutation(may=STAFF)
async def edit_note(
    info: Info,
    input: Annotated[EditNoteInput, about("The note and its new text.")],
) -> EditNotePayload | NotFound | InvalidInput | NotPermitted | StaleNote:
    """Changes the text of a note. Its author may, and administrators and supervisors.

    Refused where it was changed since you read it. Who changed it stands with it, beside its author.
    """
    context = info.context
    note = await _own_note(context, input.id)
    change = {
        "$set": {
            "text": accepted(plain_text, input.text, "input", "text", longest=LONGEST_NOTE),
            "edited_at": context.clock(),
            "editor_id": context.viewer.agent_id,
            "version": input.version + 1,
        }
    }
    # Those from before there were versions have none; null matches them.
    as_read = {"_id": note["_id"], "version": {"$in": [1, None]} if input.version == 1 else input.version}
    changed = await context.store.update(NOTES, as_read, change)
    if changed is None:
        raise _stale(await _own_note(context, input.id), input.version)
    return EditNotePayload(note=reader_of(Note).read(changed))


def _stale(document: Document, sent: int) -> Refused:
    note = reader_of(Note).read(document)
    return Refused(
        StaleNote(
            code="STALE_VERSION",
            message=(
                f"The edit was made upon version {sent} of the note, which is at version {note.version} now. Compare "
                f"with `note`, then send the edit again with version {note.version}."
            ),
            input_path=["input", "version"],
            sent_version=sent,
            stored_version=note.version,
            note=note,
        )
    )


@SLICE.mutation(may=STAFF)
async def remove_note(
    info: Info,
    input: Annotated[RemoveNoteInput, about("Which note.")],
) -> RemoveNotePayload | NotFound | NotPermitted:
    """Removes a note for good. Its author may, and administrators and supervisors."""
    context = info.context
    note = await _own_note(context, input.id)

    async def work() -> int:
        removed = await context.store.delete(NOTES, {"_id": note["_id"]})
        if removed:
            await context.store.insert(REMOVED_NOTES, {"_id": note["_id"], "removed_at": context.clock()})
        return removed

    if not await context.store.transact(work):
        raise not_found("note")
    return RemoveNotePayload(removed_id=input.id)


async def _own_note(context: Context, given: str) -> Document:
    """The note, where this viewer may change it."""
    key = key_of(given, "Note")
    note = await context.store.first(NOTES, {"_id": key}) if key else None
    if note is None:
        raise not_found("note")
    if context.viewer.role is Role.AGENT and note["author_id"] != context.viewer.agent_id:
        raise not_permitted(
            "Another agent wrote this note. Ask its author or a supervisor to change it.", "input", "id"
        )
    return note
