"""Did someone make sure of who a customer is: who, when, and has the customer been the same since?"""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Document
from resolvers.attribute_rights import editors
from resolvers.attribute_schema import SYSTEM_DEFINITIONS, definitions_by_name
from resolvers.customers import Customer, require_customer
from resolvers.editing import Definitions, attribute_change
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, NotFound, NotPermitted, conflict, not_permitted
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import STAFF
from resolvers.versions import Change, StaleVersion, require_version, write_upon

SLICE = Slice("verification")

BASIC = tuple(one["name"] for one in SYSTEM_DEFINITIONS)
"""The basic information: the attributes that every base has."""


@graph_type
class Verification:
    """That someone of the staff made sure of a customer's basic information: the names and the phone number."""

    at: datetime = told("When.")
    by: str = told("Who.")
    is_current: bool = told("Whether names and phone number are still those of which someone made sure.")


@SLICE.column(Customer, reads=["verified", "changed"])
def verification(customers: list[Customer], info: Info) -> list[Verification | None]:
    """Who made sure of the customer's basic information, and when; null while nobody did."""
    del info
    return [_verification(one.document.get("verified"), one.document.get("changed", {})) for one in customers]


def _verification(verified: Document | None, changed: Document) -> Verification | None:
    if verified is None:
        return None
    is_current = all(changed.get(name, 0) <= verified["version"] for name in BASIC)
    return Verification(at=verified["at"], by=verified["by"], is_current=is_current)


@graph_input
class VerifyCustomerInput:
    """What you found out about a customer."""

    customer_id: strawberry.ID = told("The customer.")
    version: int = told("The `version` of the customer that you read and decided upon.")
    is_verified: bool = told("Whether the basic information is right; false takes that back.", default=True)


@graph_type
class VerifyCustomerPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def verify_customer(
    info: Info, input: Annotated[VerifyCustomerInput, about("The customer, and whether the information is right.")]
) -> VerifyCustomerPayload | NotFound | Conflict | NotPermitted | StaleVersion:
    """Notes that you made sure of a customer's names and phone number, or takes that back.

    Each of those values is verified then, as by `editCustomer`, and no source replaces it.
    """
    context = info.context
    customer = await require_customer(context, input.customer_id)
    known = await definitions_by_name(context.store)
    await require_version(context, customer, input.customer_id, input.version)
    there = [name for name in BASIC if name in customer.document["attributes"]]
    if not there:
        raise conflict("Neither a name nor a phone number of this customer is known. Give one with `editCustomer`.")
    for name in there:
        may = editors(known[name].get("editable_by"))
        if context.viewer.role not in may:
            others = ", ".join(one.name for one in may)
            raise not_permitted(f"{name!r} is edited and verified by {others} alone. Ask one of them.")
    change = _change(context, customer.document, known, there, is_verified=input.is_verified)
    return VerifyCustomerPayload(customer=await write_upon(context, customer, change))


def _change(context: Context, document: Document, known: Definitions, names: list[str], *, is_verified: bool) -> Change:
    verified: Any = None
    if is_verified:
        # The version that this change makes: what is changed later is no longer what was verified.
        verified = {"at": context.clock(), "by": context.viewer.subject, "version": document["version"] + 1}
    sure = names if is_verified else ()
    values = attribute_change(context, document, document["attributes"], known, sure=sure, said=frozenset(names))
    return {"$set": {**values["$set"], "verified": verified}}
