"""By which accounts on which channels is a customer known?

Uniqueness is a primary key: `identity_keys` holds the hash of (channel, account, value) and points at the customer,
so that no two customers can ever hold the same identity. Identities themselves are ordinary records with random ids.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated

from adapters.records import Document, Index, Record, RecordId, key_hash
from resolvers.channels import canonical_value, require_account, require_channels
from resolvers.customers import Customer, customer_of
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_type, told
from resolvers.kit.errors import BadUserInput, Forbidden
from resolvers.kit.lists import hidden_from
from resolvers.kit.scalars import Url
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Slice
from resolvers.kit.stored import Node, Redacted, kept, reader_of
from resolvers.kit.viewer import EVERYONE, LOOKUP_SCOPE, STAFF_AND_PARTNERS

IDENTITIES = Record(
    name="identities",
    element="IDENTITIES",
    indexes=(Index(("customer_id", "channel", "account")), Index(("channel", "customer_id"))),
    personal=frozenset({"value", "profile"}),
    news=frozenset({"value", "claim"}),
)
IDENTITY_KEYS = Record(name="identity_keys", indexes=(Index(("customer_id",)),))

# By what a customer's identities are sorted.
_PLACE = frozenset({"channel", "account"})

SLICE = Slice("identities", unshown=[IDENTITY_KEYS])


@graph_enum(
    {
        "VERIFIED": "Proven: the channel itself, or a signed statement, says so.",
        "ASSERTED": "Said by the person or an agent, and not proven.",
        "INFERRED": "Concluded by a machine.",
    }
)
class ClaimStrength(Enum):
    """How well a statement about identity is founded."""

    VERIFIED = "VERIFIED"
    ASSERTED = "ASSERTED"
    INFERRED = "INFERRED"


@graph_enum({"ANONYMOUS": "Nothing but the identity is known.", "IDENTIFIED": "A name or a contact point is known."})
class CustomerKind(Enum):
    """How well a customer is known."""

    ANONYMOUS = "ANONYMOUS"
    IDENTIFIED = "IDENTIFIED"


@graph_type
class ChannelProfile:
    """What a channel says of the person behind an identity. Each value is null where the channel does not give it."""

    name: str | None = kept("The name shown there.")
    username: str | None = kept("The handle, without an at sign.")
    picture_url: Url | None = kept("A picture; such addresses expire within days.")
    gender: str | None = kept("The gender as the channel writes it.")
    locale: str | None = kept("The language and country, as `en_US`.")
    time_zone: str | None = kept("The time zone as the channel writes it.")


@SLICE.keeps(IDENTITIES, may=EVERYONE)
class Identity(Node, Redacted):
    """A customer's account on one channel: known by channel, our account there, and the customer's id on it."""

    channel: str = kept("The channel's name.")
    account: str = kept("Which of our accounts the id belongs to: vendors' ids are scoped to it.")
    value: str | None = kept("The customer's id on the channel: a number, an address, a scoped id.")
    claim: ClaimStrength = kept("How well it is founded that this identity is the customer's.")
    profile: ChannelProfile | None = kept("What the channel says of the person.")
    first_seen_at: datetime = kept("When it was first seen.")
    last_seen_at: datetime = kept("When it was last heard of.")


@graph_type
class IdentifiedCustomer:
    """Who stands behind an identity."""

    customer: Customer = told("The customer.")
    kind: CustomerKind = told("How well the customer is known.")


@SLICE.column(Customer, may=EVERYONE, reads=())
async def identities(customers: list[Customer], info: Info) -> list[list[Identity]]:
    """The customer's accounts on channels, by channel and account."""
    context = info.context
    only = info.reads.of(Identity)
    placed = None if only is None else only | _PLACE
    read = reader_of(Identity).reading(hidden_from(context.viewer, IDENTITIES), only)
    found = await context.store.every([one.owner([IDENTITIES]) for one in customers], IDENTITIES, only=placed)
    # Sorted here: the index gives each alias of a customer apart.
    return [[read(one) for one in sorted(documents, key=_place)] for documents in found]


def _place(identity: Document) -> tuple[str, str, RecordId]:
    return identity["channel"], identity["account"], identity["_id"]


@SLICE.query(may=STAFF_AND_PARTNERS)
async def customer_by_identity(
    info: Info,
    channel: Annotated[str, about("The channel's name, as `whatsapp`.")],
    account: Annotated[str, about("Which of our accounts on that channel.")],
    value: Annotated[str, about("The customer's id there; phone numbers and addresses in any notation.")],
) -> IdentifiedCustomer | None:
    """The customer behind an identity; null when nobody is known by it. Partners need the scope `lookup`."""
    context = info.context
    if not context.viewer.may_look_up:
        # Whatever the data: an answer would tell whether somebody is known by it.
        raise Forbidden(f"Looking people up by an identity needs the scope `{LOOKUP_SCOPE}`. Ask for it.")
    await require_account(context, channel, account)
    try:
        canonical = canonical_value(channel, value, context.limits.default_region)
    except ValueError as error:
        raise BadUserInput(f"`value` cannot be an identity on {channel!r}. {error}") from error
    customer = await customer_of(context, IDENTITY_KEYS, key_hash(channel, account, canonical))
    if customer is None:
        return None
    kind = CustomerKind.ANONYMOUS if customer.is_anonymous else CustomerKind.IDENTIFIED
    return IdentifiedCustomer(customer=customer, kind=kind)


@SLICE.condition(CUSTOMER_FILTER)
async def on_channels(channels: list[str], context: Context) -> Having:
    """Customers who are known on any of these channels."""
    await require_channels(context, channels, "filter.onChannels")
    return Having(IDENTITIES, {"channel": {"$in": channels}})
