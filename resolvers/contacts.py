"""How can a customer be reached: phones, e-mail and postal addresses?"""

from datetime import datetime
from enum import Enum
from typing import Annotated

from adapters.records import Part
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_type
from resolvers.kit.facts import Fact
from resolvers.kit.parts import parts_of
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Redacted, kept
from resolvers.kit.viewer import EVERYONE

SLICE = Slice("contacts")

CONTACT_POINTS = Part(
    name="contact_points",
    at_most=50,
    personal=frozenset({"value", "postal"}),
    element="CONTACT_POINTS",
    same=("type", "value"),
    chief=("is_primary", "type"),
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

    type: ContactPointType = kept("What kind it is.")
    value: str | None = kept("The number or address as one line.")
    postal: PostalAddress | None = kept("A postal address in its parts; null for the other types.")
    is_primary: bool = kept("Whether it is the one to use among those of its type.")
    is_verified: bool = kept("Whether it was proven to be the customer's.")
    observed_from: str | None = kept("Where it was observed.")
    observed_at: datetime = kept("When it was observed there.")


@SLICE.column(Customer, may=EVERYONE, reads=["contact_points"])
def contact_points(
    customers: list[Customer],
    info: Info,
    types: Annotated[
        list[ContactPointType] | None, about("Only contact points of these types; an empty list: all.")
    ] = None,
) -> list[list[ContactPoint]]:
    """The customer's phones, e-mail and postal addresses, the primary one of each type first."""
    found: list[list[ContactPoint]] = parts_of(info.context, customers, CONTACT_POINTS, ContactPoint)
    return [
        sorted(
            (one for one in points if not types or one.type in types),
            key=lambda one: (one.type.value, not one.is_primary),
        )
        for points in found
    ]


@SLICE.facts
async def contact_point_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The contact points among the facts."""
    found: list[list[ContactPoint]] = parts_of(context, customers, CONTACT_POINTS, ContactPoint)
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
    )
