"""Which keys and values did people, flows and purchases note about a customer?"""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Part
from resolvers.customers import BY_STAFF, Customer, customer_reader, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, accepted, not_found
from resolvers.kit.facts import Fact
from resolvers.kit.parts import add_part, parts_of, removed_in_order
from resolvers.kit.rights import require_personal
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import CUSTOMER_FILTER, Match, Slice
from resolvers.kit.stored import Redacted, kept
from resolvers.kit.texts import plain_line, plain_text
from resolvers.kit.viewer import STAFF
from resolvers.versions import VERSION, StaleVersion, require_version, write_upon

SLICE = Slice("custom data")

CUSTOM_DATA = Part(
    name="custom_data",
    at_most=100,
    # People write into a key whatever they like: a name stands there, or an illness.
    personal=frozenset({"name", "value"}),
    element="CUSTOM_DATA",
    found_by=("name",),
    same=("name",),
    says=("value",),
)

LONGEST_NAME, LONGEST_VALUE = 100, 2_000


@SLICE.keeps(CUSTOM_DATA)
class CustomDatum(Redacted):
    """A key and a value noted about a customer."""

    name: str | None = kept("The key; null where it is hidden from you.")
    value: str | None = kept("The value.")
    added_at: datetime = kept("When its value was noted.")
    added_by: str | None = kept("Who or what noted its value.")
    observed_from: str | None = kept(
        "Where it was observed: `staff`, or a channel with our account there; null where nobody noted it."
    )


@SLICE.column(Customer, reads=["custom_data"])
def custom_data(customers: list[Customer], info: Info) -> list[list[CustomDatum]]:
    """The keys and values noted about the customer, in the order in which they were added."""
    return parts_of(info.context, customers, CUSTOM_DATA, CustomDatum)


@SLICE.facts
async def custom_data_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The custom data among the facts."""
    found: list[list[CustomDatum]] = parts_of(context, customers, CUSTOM_DATA, CustomDatum)
    return [[_fact(datum) for datum in data] for data in found]


def _fact(datum: CustomDatum) -> Fact:
    return Fact(
        category="Custom data",
        # A fact has a name; of a key that is hidden it tells that there is one.
        name=datum.name or "hidden",
        value=AttributeScalar(datum.value) if datum.value else None,
        is_hidden="value" in datum.hidden_fields,
        observed_from=datum.observed_from or datum.added_by,
        observed_at=datum.added_at,
        carries="CustomDatum.value",
    )


@SLICE.condition(CUSTOMER_FILTER)
def noted_as(names: list[str], context: Context) -> Match:
    """Customers about whom custom data of every one of these names is noted. For who may see personal values."""
    require_personal(context, "filtering by what is noted", "CustomDatum.name")
    return {"custom_data.name": {"$all": names}}


@graph_input
class AddCustomDataInput:
    """A key and a value about a customer."""

    customer_id: strawberry.ID = told("The customer.")
    name: str = told(f"The key, of at most {LONGEST_NAME} characters; a customer has each key once.")
    value: str = told(f"The value, of at most {LONGEST_VALUE} characters.")


@graph_input
class EditCustomDataInput:
    """Another value under a key. The key stays."""

    customer_id: strawberry.ID = told("The customer.")
    version: int = told(VERSION)
    name: str = told("The key.")
    value: str = told(f"The value, of at most {LONGEST_VALUE} characters.")


@graph_input
class RemoveCustomDataInput:
    """A key that is no longer wanted."""

    customer_id: strawberry.ID = told("The customer.")
    version: int = told(VERSION)
    name: str = told("The key.")


@graph_type
class CustomDataPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def add_custom_data(
    info: Info, input: Annotated[AddCustomDataInput, about("The key, the value and the customer.")]
) -> CustomDataPayload | NotFound | InvalidInput | Conflict:
    """Notes a key and a value about a customer."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    entry: dict[str, Any] = {
        "name": accepted(plain_line, input.name, "input", "name", longest=LONGEST_NAME),
        **_said(context, input.value),
    }
    taken = (
        f"The customer has custom data {entry['name']!r} already, and keeps its value. Change it with `editCustomData`."
    )
    document = await add_part(context, customer.key, CUSTOM_DATA, entry, same="name", taken=taken)
    return CustomDataPayload(customer=(await customer_reader(context))(document))


@SLICE.mutation(may=STAFF)
async def edit_custom_data(
    info: Info, input: Annotated[EditCustomDataInput, about("The key, its new value and the customer.")]
) -> CustomDataPayload | NotFound | InvalidInput | StaleVersion:
    """Changes the value under a key, and notes who said so and when. No source brings the old value back.

    A value that you only send again stays as it was noted.
    """
    context = info.context
    customer, old = await _require(context, input)
    new = {**old, **_said(context, input.value)}
    if new["value"] == old["value"]:
        return CustomDataPayload(customer=customer)
    data = [new if one is old else one for one in customer.document[CUSTOM_DATA.name]]
    return CustomDataPayload(customer=await write_upon(context, customer, {"$set": {CUSTOM_DATA.name: data}}))


@SLICE.mutation(may=STAFF)
async def remove_custom_data(
    info: Info, input: Annotated[RemoveCustomDataInput, about("The key and the customer.")]
) -> CustomDataPayload | NotFound | StaleVersion:
    """Removes a key and its value from a customer; no source brings it back."""
    context = info.context
    customer, old = await _require(context, input)
    data = [one for one in customer.document[CUSTOM_DATA.name] if one is not old]
    removed = [*removed_in_order(customer.document, CUSTOM_DATA), old["name"]][-CUSTOM_DATA.at_most :]
    change = {CUSTOM_DATA.name: data, f"removed.{CUSTOM_DATA.name}": removed}
    return CustomDataPayload(customer=await write_upon(context, customer, {"$set": change}))


async def _require(context: Context, input: EditCustomDataInput | RemoveCustomDataInput) -> tuple[Customer, Document]:
    """The customer at the version sent, and the entry that is meant."""
    customer = await require_customer(context, input.customer_id)
    name = input.name.strip()
    found = next((one for one in customer.document.get(CUSTOM_DATA.name, ()) if one["name"] == name), None)
    if found is None:
        check = "`Customer.customData` says which names there are."
        raise not_found("custom data on this customer", ("input", "name"), check=check)
    await require_version(context, customer, input.customer_id, input.version)
    return customer, found


def _said(context: Context, value: str) -> dict[str, Any]:
    """The value as the viewer gives it."""
    return {
        "value": accepted(plain_text, value, "input", "value", longest=LONGEST_VALUE),
        "added_at": context.clock(),
        "added_by": context.viewer.subject,
        "observed_from": BY_STAFF,
    }
