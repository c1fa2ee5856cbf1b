"""Which classes of customer does the company define, and who belongs to them?"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Part, Record, RecordId
from resolvers.customers import BY_STAFF, Customer, customer_reader, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refusal,
    Refused,
    accepted,
    conflict,
    invalid,
    not_found,
)
from resolvers.kit.facts import Fact
from resolvers.kit.ids import key_of, require_key
from resolvers.kit.named import NameTaken, OtherVersion, add_named, change_named
from resolvers.kit.parts import add_part, remove_part
from resolvers.kit.slice import CUSTOMER_FILTER, Match, Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.texts import plain_line, plain_text, quoted
from resolvers.kit.viewer import ADMINISTRATORS, STAFF

SLICE = Slice("labels")

LABELS = Record(name="labels", customer=None, key=("name",), folds_key=True, is_held=True)
CUSTOMER_LABELS = Part(
    name="labels", at_most=20, element="LABELS", found_by=("label_id",), same=("label_id",), naming=LABELS.name
)

LONGEST_NAME, LONGEST_DESCRIPTION = 50, 500
_TAKEN = "The customer belongs to this label already; there is nothing to do."
_SAID = ("name", "color", "priority", "description")
_COLOR = re.compile("#[0-9a-fA-F]{6}")


@SLICE.keeps(LABELS, keys=["id"])
class Label(Node):
    """A defined class of customer, such as VIP, with the priority that it gives."""

    name: str = kept("What the class is called.")
    color: str = kept("Its colour as `#rrggbb`.")
    priority: int = kept("How urgent its customers are: larger comes first.")
    description: str | None = kept("Who belongs to it.")
    version: int = kept("Counts its changes.", read=lambda stored: stored or 1)


@SLICE.keeps(CUSTOMER_LABELS)
class CustomerLabel:
    """A label on a customer, with who put it there."""

    added_at: datetime = kept("When the customer was put into the class.")
    added_by: str | None = kept("Who or what did.")
    label_id: strawberry.Private[RecordId] = inner()


@SLICE.query(name="labels")
async def defined_labels(info: Info) -> list[Label]:
    """Every label that the company defines, the most urgent first."""
    held = await info.context.store.held.all(LABELS)
    return [reader_of(Label).read(one) for one in sorted(held.values(), key=_urgency)]


@SLICE.column(Customer, reads=["labels"])
def labels(customers: list[Customer], info: Info) -> list[list[Label]]:
    """The classes to which the customer belongs, the most urgent first."""
    held = info.context.held(LABELS)
    read = reader_of(Label).reading()
    return [
        [read(one) for one in sorted((held[entry["label_id"]] for entry in _entries(customer, held)), key=_urgency)]
        for customer in customers
    ]


@SLICE.column(Customer, reads=["labels"])
def customer_labels(customers: list[Customer], info: Info) -> list[list[CustomerLabel]]:
    """The same with when and by whom each was put on the customer, the most urgent first."""
    held = info.context.held(LABELS)
    read = reader_of(CustomerLabel).reading()
    return [
        [read(one) for one in sorted(_entries(customer, held), key=lambda one: _urgency(held[one["label_id"]]))]
        for customer in customers
    ]


@SLICE.column(CustomerLabel, name="label", reads=["label_id"])
def label_of_entry(entries: list[CustomerLabel], info: Info) -> list[Label | None]:
    """The class; null once it is no longer defined."""
    held = info.context.held(LABELS)
    read = reader_of(Label).reading()
    return [read(held[one.label_id]) if one.label_id in held else None for one in entries]


@SLICE.facts
async def label_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The labels among the facts."""
    held = await context.store.held.all(LABELS)
    return [
        [
            Fact(
                category="Labels",
                name=held[entry["label_id"]]["name"],
                value=None,
                observed_from=entry.get("observed_from") or entry["added_by"],
                observed_at=entry["added_at"],
            )
            for entry in _entries(customer, held)
        ]
        for customer in customers
    ]


@SLICE.condition(CUSTOMER_FILTER)
def labelled(labels: list[strawberry.ID], context: Context) -> Match:
    """Customers who belong to any of these labels."""
    del context
    return {"labels.label_id": {"$in": [require_key(one, "Label", "filter.labelled") for one in labels]}}


def _entries(customer: Customer, held: Any) -> list[Document]:
    """The customer's labels that are still defined."""
    return [entry for entry in customer.document.get("labels", ()) if entry["label_id"] in held]


def _urgency(label: Document) -> tuple[int, str]:
    return -label["priority"], label["name"]


@graph_input
class AddLabelInput:
    """A new class of customer."""

    name: str = told(f"What to call it, at most {LONGEST_NAME} characters; no other label's name in any case.")
    color: str = told("Its colour as `#rrggbb`.", default="#808080")
    priority: int = told("How urgent its customers are: larger comes first.", default=0)
    description: str | None = told(f"Who belongs to it, at most {LONGEST_DESCRIPTION} characters.", default=None)


@graph_input
class EditLabelInput:
    """What is to be different of a label. What is left out stays as it is."""

    id: strawberry.ID = told("The label.")
    name: str | None = told("What to call it; no other label's name in any case.", default=strawberry.UNSET)
    color: str | None = told("Its colour as `#rrggbb`.", default=strawberry.UNSET)
    priority: int | None = told("How urgent its customers are: larger comes first.", default=strawberry.UNSET)
    description: str | None = told("Who belongs to it; null takes it away.", default=strawberry.UNSET)
    version: int | None = told(
        "The `version` that you read; sent, one that was changed since stays. Left out, both changes are kept.",
        default=None,
    )


@graph_input
class RemoveLabelInput:
    """A class of customer that is no longer wanted."""

    id: strawberry.ID = told("The label.")


@graph_input
class CustomerLabelInput:
    """A customer and a class."""

    customer_id: strawberry.ID = told("The customer.")
    label_id: strawberry.ID = told("The label.")


@graph_type
class AddLabelPayload:
    """The label that was made."""

    label: Label = told("The new label.")


@graph_type
class EditLabelPayload:
    """The label as it is now."""

    label: Label = told("The label, with the version that the next change takes.")


@graph_type
class StaleLabel(Refusal):
    """The label was changed after the version that this change was made upon.

    Compare what you sent with `label`, then send it again with `storedVersion`.
    """

    sent_version: int = told("The version that the change carried.")
    stored_version: int = told("The version that the label has.")
    label: Label = told("The label as it is now.")


@graph_type
class RemoveLabelPayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the label had.")


@graph_type
class CustomerLabelPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer.")


@SLICE.mutation(may=ADMINISTRATORS)
async def add_label(
    info: Info, input: Annotated[AddLabelInput, about("The new label.")]
) -> AddLabelPayload | InvalidInput | Conflict:
    """Defines a label. Administrators only."""
    given = vars(input)
    said = _checked({"description": None, **{name: one for name, one in given.items() if one is not None}})
    try:
        document = await add_named(info.context.store, LABELS, said)
    except NameTaken as error:
        raise _name_taken(str(error)) from error
    return AddLabelPayload(label=reader_of(Label).read(document))


@SLICE.mutation(may=ADMINISTRATORS)
async def edit_label(
    info: Info, input: Annotated[EditLabelInput, about("The label and what is to be different.")]
) -> EditLabelPayload | NotFound | InvalidInput | Conflict | StaleLabel:
    """Changes a label's name, colour, priority or description; its customers keep it. Administrators only.

    Sources find it by its name, and by the one under which it was defined. What you change stays so, whatever a source
    says of it again.
    """
    given = {name: one for name, one in vars(input).items() if name in _SAID and one is not strawberry.UNSET}
    for name in _SAID:
        if name != "description" and name in given and given[name] is None:
            raise invalid(f"`{name}` cannot be null. Leave it out to keep it as it is.", "input", name)
    said = _checked(given)
    try:
        changed = await change_named(info.context.store, LABELS, key_of(input.id, "Label"), said, sent=input.version)
    except NameTaken as error:
        raise _name_taken(str(error)) from error
    except OtherVersion as error:
        raise _stale(reader_of(Label).read(error.document), input.version) from error
    if changed is None:
        raise not_found("label")
    return EditLabelPayload(label=reader_of(Label).read(changed))


@SLICE.mutation(may=ADMINISTRATORS)
async def remove_label(
    info: Info, input: Annotated[RemoveLabelInput, about("Which label.")]
) -> RemoveLabelPayload | NotFound:
    """Removes a label, also from every customer who belongs to it. Administrators only."""
    context = info.context
    key = key_of(input.id, "Label")
    if key is None or key not in await context.store.held.all(LABELS):
        raise not_found("label")
    await _take_off_everyone(context, key)
    is_ours = await context.store.delete(LABELS, {"_id": key})
    # Once more for those who were put into the class meanwhile: a later label of this name must not find them in it.
    await _take_off_everyone(context, key)
    if not is_ours:
        raise not_found("label")
    return RemoveLabelPayload(removed_id=input.id)


@SLICE.mutation(may=STAFF)
async def label_customer(
    info: Info, input: Annotated[CustomerLabelInput, about("The customer and the label.")]
) -> CustomerLabelPayload | NotFound | Conflict:
    """Puts a customer into a class."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    key = await _require(context, input.label_id)
    entry: dict[str, Any] = {"label_id": key, "added_at": context.clock(), "added_by": context.viewer.subject}
    entry["observed_from"] = BY_STAFF
    document = await add_part(context, customer.key, CUSTOMER_LABELS, entry, same="label_id", taken=_TAKEN)
    return CustomerLabelPayload(customer=(await customer_reader(context))(document))


@SLICE.mutation(may=STAFF)
async def unlabel_customer(
    info: Info, input: Annotated[CustomerLabelInput, about("The customer and the label.")]
) -> CustomerLabelPayload | NotFound:
    """Takes a customer out of a class."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    key = await _require(context, input.label_id)
    document = await remove_part(context, customer.key, CUSTOMER_LABELS, {"label_id": key})
    if document is None:
        check = "`Customer.labels` says to which the customer belongs."
        raise not_found("label on this customer", ("input", "labelId"), check=check)
    return CustomerLabelPayload(customer=(await customer_reader(context))(document))


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a label as it is stored; refused where a rule is broken."""
    said = dict(given)
    if "name" in said:
        said["name"] = accepted(plain_line, said["name"], "input", "name", longest=LONGEST_NAME)
    if said.get("description") is not None:
        told_of = said["description"]
        said["description"] = accepted(plain_text, told_of, "input", "description", longest=LONGEST_DESCRIPTION)
    if "color" in said and not _COLOR.fullmatch(said["color"]):
        raise invalid(f"`color` is {quoted(said['color'])}; send six hexadecimal digits, as #ffcc00.", "input", "color")
    return said


def _stale(label: Label, sent: int | None) -> Refused:
    return Refused(
        StaleLabel(
            code="STALE_VERSION",
            message=(
                f"The change was made upon version {sent} of {label.name!r}, which is at version {label.version} now. "
                f"Compare with `label`, then send the change again with version {label.version}."
            ),
            input_path=["input", "version"],
            sent_version=sent or 0,
            stored_version=label.version,
            label=label,
        )
    )


def _name_taken(name: str) -> Refused:
    return conflict(f"There is a label {name!r} already; case does not count. Choose another name.", "input", "name")


async def _take_off_everyone(context: Context, key: RecordId) -> None:
    on_customers = {"labels.label_id": key}
    await context.store.update_all(context.declared.customers, on_customers, {"$pull": {"labels": {"label_id": key}}})


async def _require(context: Context, given: str) -> RecordId:
    key = key_of(given, "Label")
    if key is None or key not in await context.store.held.all(LABELS):
        raise not_found("label", ("input", "labelId"))
    return key


def label_document(*, name: str, color: str, priority: int, description: str | None = None) -> Document:
    """A label as it is stored."""
    document = {"name": name, "color": color, "priority": priority, "description": description}
    return {"_id": LABELS.id_of(document)} | document
