"""Which keys and values did people, flows and purchases note about a customer?"""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Part
from resolvers.customers import BY_STAFF, Customer, customer_reader, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, accepted, not_found
from resolvers.kit.facts import Fact
from resolvers.kit.parts import add_part, parts_of, remove_part
from resolvers.kit.rights import require_personal
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import CUSTOMER_FILTER, Match, Slice
from resolvers.kit.stored import Redacted, kept
from resolvers.kit.texts import plain_line, plain_text
from resolvers.kit.viewer import STAFF

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
    added_at: datetime = kept("When it was noted.")
    added_by: str | None = kept("Who or what noted it.")
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
class RemoveCustomDataInput:
    """A key that is no longer wanted."""

    customer_id: strawberry.ID = told("The customer.")
    name: str = told("The key.")


@graph_type
class CustomDataPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer.")


@SLICE.mutation(may=STAFF)
async def add_custom_data(
    info: Info, input: Annotated[AddCustomDataInput, about("The key, the value and the customer.")]
) -> CustomDataPayload | NotFound | InvalidInput | Conflict:
    """Notes a key and a value about a customer."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    entry: dict[str, Any] = {
        "name": accepted(plain_line, input.name, "input", "name", longest=LONGEST_NAME),
        "value": accepted(plain_text, input.value, "input", "value", longest=LONGEST_VALUE),
        "added_at": context.clock(),
        "added_by": context.viewer.subject,
        "observed_from": BY_STAFF,
    }
    taken = (
        f"The customer has custom data {entry['name']!r} already, and keeps its value. "
        "Remove it first with `removeCustomData`, then add it with the new one."
    )
    document = await add_part(context, customer.key, CUSTOM_DATA, entry, same="name", taken=taken)
    return CustomDataPayload(customer=(await customer_reader(context))(document))


@SLICE.mutation(may=STAFF)
async def remove_custom_data(
    info: Info, input: Annotated[RemoveCustomDataInput, about("The key and the customer.")]
) -> CustomDataPayload | NotFound:
    """Removes a key and its value from a customer."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    document = await remove_part(context, customer.key, CUSTOM_DATA, {"name": input.name.strip()})
    if document is None:
        check = "`Customer.customData` says which names there are."
        raise not_found("custom data on this customer", ("input", "name"), check=check)
    return CustomDataPayload(customer=(await customer_reader(context))(document))
