"""How can a customer be reached: phones, e-mail and postal addresses?"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from functools import partial
from operator import itemgetter
from typing import Annotated, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Chief, Document, Observation, Part, RecordId, Verifying, new_id
from resolvers.attribute_schema import definitions_by_name
from resolvers.contact_rules import (
    LONGEST_POSTAL,
    POSTAL_FIELDS,
    as_told,
    canonical_point,
    mark_of,
    marks_of,
    postal_line,
    settled,
    with_ids,
)
from resolvers.customers import BY_STAFF, Customer, following, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    accepted,
    conflict,
    invalid,
    not_found,
)
from resolvers.kit.facts import Fact
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.parts import removed_in_order
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Redacted, kept
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import EVERYONE, STAFF
from resolvers.reaches import reading, require_seen, unseen_reaches, unseen_reaches_at_hand
from resolvers.versions import Change, StaleVersion, require_version, write_anew, write_upon

SLICE = Slice("contacts")

CONTACT_POINTS = Part(
    name="contact_points",
    at_most=50,
    personal=frozenset({"value", "postal"}),
    of_staff=frozenset({"verified_by", "observed_by"}),
    element="CONTACT_POINTS",
    same=("type", "value"),
    has_ids=True,
    says=("postal", "is_verified"),
    chief=Chief("is_primary", "type"),
    kind="type",
    verifying=Verifying(flag="is_verified", by=("verified_at", "verified_by"), unless="is_doubted"),
)


_VERSION = "The `version` of the customer that you read and decided upon."
_VALUE = (
    "The number in any notation, the address, or the postal address as one line, which is made of its parts where it "
    "is left out."
)


@graph_enum({"PHONE": "A phone number, E.164.", "EMAIL": "An e-mail address.", "POSTAL": "A postal address."})
class ContactPointType(Enum):
    """What kind of contact point it is."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    POSTAL = "POSTAL"


@graph_type
class PostalAddress:
    """A postal address in its parts, as far as they are known."""

    street: str | None = kept("Street and number.")
    city: str | None = kept("Town or city.")
    region: str | None = kept("State or province.")
    postal_code: str | None = kept("The postal code.")
    country: str | None = kept("The country.")


@SLICE.keeps(CONTACT_POINTS, may=EVERYONE)
class ContactPoint(Redacted):
    """A phone number, e-mail or postal address of a customer; several of one type are allowed."""

    id: strawberry.ID = kept(
        "Its own id among the customer's contact points, the same for ever. Opaque: send it back as it came.",
        read=partial(global_id, "ContactPoint"),
    )
    type: ContactPointType = kept("What kind it is.")
    value: str | None = kept("The number or address as one line.")
    postal: PostalAddress | None = kept("A postal address in its parts; null for the other types.")
    is_primary: bool = kept("Whether it is the one to use among those of its type.")
    is_verified: bool = kept("Whether it was proven to be the customer's; false where its type is hidden from you.")
    verified_at: datetime | None = kept("When someone of the staff made sure of it; null where nobody or a source did.")
    verified_by: str | None = kept("Who of the staff made sure of it.")
    observed_from: str | None = kept("Where it was observed.")
    observed_at: datetime = kept("When it was observed there.")
    observed_by: str | None = kept("Who of the staff gave it; null where a source did.")


@SLICE.column(Customer, may=EVERYONE, reads=["contact_points"])
def contact_points(
    customers: list[Customer],
    info: Info,
    types: Annotated[
        list[ContactPointType] | None, about("Only contact points of these types; an empty list: all.")
    ] = None,
) -> list[list[ContactPoint]]:
    """The customer's phones, e-mail and postal addresses, the primary one of each type first.

    Of a type that is hidden from you one without a value stands for all.
    """
    found = _points(info.context, customers, unseen_reaches_at_hand(info.context))
    return [
        sorted(
            (one for one in points if not types or one.type in types),
            key=lambda one: (one.type.value, not one.is_primary),
        )
        for points in found
    ]


def _points(context: Context, customers: Sequence[Customer], unseen: frozenset[str]) -> list[list[ContactPoint]]:
    """Each customer's contact points, in stored order, without what the viewer may not see: `unseen` kinds, too."""
    read = reading(context, ContactPoint, CONTACT_POINTS, unseen, itemgetter("type"))
    stored = ((one.key, one.document.get(CONTACT_POINTS.name, ())) for one in customers)
    return [[read(point) for point in as_told(key, with_ids(key, points), unseen)] for key, points in stored]


@SLICE.facts
async def contact_point_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The contact points among the facts."""
    found = _points(context, customers, await unseen_reaches(context))
    return [[_fact(point) for point in points] for points in found]


def _fact(point: ContactPoint) -> Fact:
    return Fact(
        category="Contact points",
        name=point.type.value.capitalize(),
        value=AttributeScalar(point.value) if point.value else None,
        is_hidden="value" in point.hidden_fields,
        observed_from=point.observed_from,
        observed_at=point.observed_at,
        is_verified=point.is_verified,
        carries="ContactPoint.value",
    )


# Changing them


@graph_input
class PostalAddressInput:
    """A postal address in its parts, as far as they are known; at least one."""

    street: str | None = told("Street and number.", default=None)
    city: str | None = told("Town or city.", default=None)
    region: str | None = told("State or province.", default=None)
    postal_code: str | None = told("The postal code.", default=None)
    country: str | None = told("The country.", default=None)


@graph_input
class AddContactPointInput:
    """A new way to reach a customer."""

    customer_id: strawberry.ID = told("The customer.")
    type: ContactPointType = told("What kind it is.")
    value: str | None = told(_VALUE, default=None)
    postal: PostalAddressInput | None = told("A postal address in its parts, for the type POSTAL.", default=None)
    is_primary: bool = told("Whether it is the one to use; the first of its type always is.", default=False)
    is_verified: bool = told("Whether you made sure that it is the customer's.", default=False)


@graph_input
class EditContactPointInput:
    """Another value of a contact point. Its type stays."""

    customer_id: strawberry.ID = told("The customer.")
    id: strawberry.ID = told("The contact point.")
    version: int = told(_VERSION)
    value: str | None = told(_VALUE, default=None)
    postal: PostalAddressInput | None = told("A postal address in its parts, for the type POSTAL.", default=None)


@graph_input
class VerifyContactPointInput:
    """What you found out about a contact point."""

    customer_id: strawberry.ID = told("The customer.")
    id: strawberry.ID = told("The contact point.")
    version: int = told(_VERSION)
    is_verified: bool = told("Whether it is proven to be the customer's; false takes that back.", default=True)


@graph_input
class ContactPointInput:
    """One of a customer's contact points."""

    customer_id: strawberry.ID = told("The customer.")
    id: strawberry.ID = told("The contact point.")
    version: int = told(_VERSION)


@graph_type
class ContactPointPayload:
    """The contact point and its customer as they are now."""

    contact_point: ContactPoint = told("The contact point.")
    customer: Customer = told("The customer, with the version that the next edit takes.")


@graph_type
class RemoveContactPointPayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the contact point had.")
    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def add_contact_point(
    info: Info, input: Annotated[AddContactPointInput, about("The contact point and the customer.")]
) -> ContactPointPayload | NotFound | InvalidInput | Conflict | NotPermitted:
    """Adds a way to reach a customer. The first of a type is its primary one."""
    context = info.context
    await require_seen(context, input.type.value)
    unseen = await unseen_reaches(context)
    customer = await require_customer(context, input.customer_id)
    key = new_id()
    new: Document = {
        "id": key,
        "type": input.type.value,
        "is_primary": False,
        **_said(context, input.type.value, input.value, input.postal),
        **_judged(context, is_verified=input.is_verified),
    }

    async def work(document: Document) -> Change:
        points = with_ids(document["_id"], document.get(CONTACT_POINTS.name, ()))
        _require_new(points, new)
        # Of those that are hidden no bound may tell how many they are.
        if sum(one["type"] not in unseen for one in points) >= CONTACT_POINTS.at_most:
            raise conflict(
                f"The customer has {CONTACT_POINTS.at_most} contact points already, the most that are kept. "
                "Remove one first with `removeContactPoint`."
            )
        return await _change(context, document, settled([*points, new], key if input.is_primary else None))

    return await _payload(context, await write_anew(context, customer.key, work), key)


@SLICE.mutation(may=STAFF)
async def edit_contact_point(
    info: Info, input: Annotated[EditContactPointInput, about("The contact point and its new value.")]
) -> ContactPointPayload | NotFound | InvalidInput | Conflict | NotPermitted | StaleVersion:
    """Changes the value of a contact point, which is no longer verified then. No source brings the old value back."""
    context = info.context
    customer, points, old = await _require(context, input)
    said = _said(context, old["type"], input.value, input.postal)
    if (said["value"], said["postal"]) == (old["value"], old.get("postal")):
        return await _payload(context, customer, old["id"])
    new = {**old, **said, **_judged(context, is_verified=False), "is_doubted": False}
    others = [one for one in points if one is not old]
    _require_new(others, new)
    change = await _change(context, customer.document, settled([new if one is old else one for one in points]))
    return await _payload(context, await write_upon(context, customer, change), old["id"])


@SLICE.mutation(may=STAFF)
async def verify_contact_point(
    info: Info, input: Annotated[VerifyContactPointInput, about("The contact point, and whether it is proven.")]
) -> ContactPointPayload | NotFound | NotPermitted | StaleVersion:
    """Notes that you made sure that a contact point is the customer's, or takes that back."""
    context = info.context
    customer, points, old = await _require(context, input)
    # What somebody doubts no source proves.
    new = {**old, **_judged(context, is_verified=input.is_verified), "is_doubted": not input.is_verified}
    change = await _change(context, customer.document, settled([new if one is old else one for one in points]))
    return await _payload(context, await write_upon(context, customer, change), old["id"])


@SLICE.mutation(may=STAFF)
async def choose_primary_contact_point(
    info: Info, input: Annotated[ContactPointInput, about("The contact point to use.")]
) -> ContactPointPayload | NotFound | NotPermitted | StaleVersion:
    """Makes a contact point the primary one of its type, in place of the one that was."""
    context = info.context
    customer, points, chosen = await _require(context, input)
    if not chosen["is_primary"]:
        change = await _change(context, customer.document, settled(points, chosen["id"]))
        customer = await write_upon(context, customer, change)
    return await _payload(context, customer, chosen["id"])


@SLICE.mutation(may=STAFF)
async def remove_contact_point(
    info: Info, input: Annotated[ContactPointInput, about("The contact point.")]
) -> RemoveContactPointPayload | NotFound | NotPermitted | StaleVersion:
    """Removes a contact point; no source brings it back.

    Where it was the primary one, a verified one of its type becomes that, or else the oldest.
    """
    context = info.context
    customer, points, old = await _require(context, input)
    change = await _change(context, customer.document, settled([one for one in points if one is not old]))
    return RemoveContactPointPayload(removed_id=input.id, customer=await write_upon(context, customer, change))


def _said(context: Context, type_name: str, value: str | None, postal: PostalAddressInput | None) -> dict[str, Any]:
    """What the viewer says stands in the contact point; refused where a rule is broken, without quoting it."""
    if type_name != "POSTAL" and (value is None or postal is not None):
        where = "value" if value is None else "postal"
        raise invalid(f"A contact point of the type {type_name} has a `value` and no `postal`.", "input", where)
    parts = _parts(postal) if postal else None
    line = value if value is not None else postal_line(parts or {})
    try:
        canonical = canonical_point(type_name, line, context.limits.default_region)
    except ValueError as error:
        where = "value" if postal is None or value is not None else "postal"
        raise invalid(str(error), "input", where) from error
    seen = Observation(observed_from=BY_STAFF, observed_at=context.clock(), observed_by=context.viewer.subject)
    return {"value": canonical, "postal": parts, **seen.document()}


def _parts(postal: PostalAddressInput) -> dict[str, str | None]:
    given = {name: getattr(postal, name) for name in POSTAL_FIELDS}
    return {
        name: accepted(plain_line, text, "input", "postal", to_camel_case(name), longest=LONGEST_POSTAL)
        if text and text.strip()
        else None
        for name, text in given.items()
    }


def _judged(context: Context, *, is_verified: bool) -> dict[str, Any]:
    """Whether the viewer made sure of it, and then who and when."""
    return {
        "is_verified": is_verified,
        "verified_at": context.clock() if is_verified else None,
        "verified_by": context.viewer.subject if is_verified else None,
    }


def _require_new(points: Sequence[Document], new: Document) -> None:
    if mark_of(new["type"], new["value"]) in marks_of(points):
        raise conflict(
            "The customer has a contact point of this type and value already. `Customer.contactPoints` says which.",
            *("input", "value"),
        )


async def _require(
    context: Context, input: EditContactPointInput | VerifyContactPointInput | ContactPointInput
) -> tuple[Customer, Sequence[Document], Document]:
    """The customer at the version sent, all contact points and the one that is meant, which the viewer has to see."""
    customer = await require_customer(context, input.customer_id)
    points = with_ids(customer.key, customer.document.get(CONTACT_POINTS.name, ()))
    key = key_of(input.id, "ContactPoint")
    told = as_told(customer.key, points, await unseen_reaches(context))
    found = next((one for one in told if one["id"] == key), None)
    if found is None:
        raise not_found("contact point of this customer", check="`Customer.contactPoints` says which there are.")
    await require_seen(context, found["type"])
    await require_version(context, customer, input.customer_id, input.version)
    return customer, points, found


async def _change(context: Context, document: Document, points: Sequence[Document]) -> Change:
    """What gives the customer these contact points in place of the old ones, with all that follows from them."""
    known = await definitions_by_name(context.store)
    old, new = (marks_of(one) for one in (document.get(CONTACT_POINTS.name, ()), points))
    removed = [one for one in (*removed_in_order(document, CONTACT_POINTS), *old) if one not in new]
    return {
        "$set": {
            CONTACT_POINTS.name: list(points),
            "removed.contact_points": list(dict.fromkeys(removed))[-CONTACT_POINTS.at_most :],
            **following({**document, CONTACT_POINTS.name: points, "search": (), "sounds": ()}, known),
        }
    }


async def _payload(context: Context, customer: Customer, key: RecordId) -> ContactPointPayload:
    (points,) = _points(context, [customer], await unseen_reaches(context))
    found = next(one for one in points if one.id == global_id("ContactPoint", key))
    return ContactPointPayload(contact_point=found, customer=customer)
