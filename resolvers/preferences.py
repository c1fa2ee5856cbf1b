"""On which channels does a customer like to be reached, and on which not?

What is kept is the customer's last word on each channel. A new word takes the place of the one before, and where it is
to be preferred, that of another channel's: whoever notes it has read what stands there.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from adapters.records import Chief, Document, Part
from resolvers.channels import require_usable
from resolvers.customers import BY_STAFF, Customer, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, conflict, invalid, not_found
from resolvers.kit.facts import Fact
from resolvers.kit.parts import parts_of
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.stored import kept
from resolvers.kit.viewer import EVERYONE, STAFF
from resolvers.versions import VERSION, Change, StaleVersion, require_version, write_upon

SLICE = Slice("preferences")

CHANNEL_PREFERENCES = Part(
    name="channel_preferences",
    at_most=50,
    of_staff=frozenset({"set_by"}),
    element="CHANNEL_PREFERENCES",
    same=("channel",),
    says=("wish", "is_preferred"),
    newest="set_at",
    chief=Chief("is_preferred", is_needed=False),
)


@graph_enum(
    {
        "WELCOME": "The customer likes to be reached there.",
        "UNLOVED": "Only where nothing else serves.",
        "REFUSED": "The customer is not to be reached there.",
    }
)
class ChannelWish(Enum):
    """How welcome the company is to a customer on a channel."""

    WELCOME = "WELCOME"
    UNLOVED = "UNLOVED"
    REFUSED = "REFUSED"


@SLICE.keeps(CHANNEL_PREFERENCES, may=EVERYONE)
class ChannelPreference:
    """A customer's last word on one channel."""

    channel: str = kept("The channel's name, as `whatsapp`.")
    wish: ChannelWish = kept("How welcome the company is there.")
    is_preferred: bool = kept("Whether it is the one channel that the customer prefers to all others.")
    set_at: datetime = kept("When the customer's word was noted.")
    set_by: str | None = kept("Who of the staff noted it; null for visitors.")


@SLICE.column(Customer, may=EVERYONE, reads=["channel_preferences"])
def channel_preferences(customers: list[Customer], info: Info) -> list[list[ChannelPreference]]:
    """The customer's wishes channel by channel, the preferred one first, the others by name."""
    return _preferences(info.context, customers)


@SLICE.column(Customer, may=EVERYONE, reads=["channel_preferences"])
def preferred_channel(customers: list[Customer], info: Info) -> list[str | None]:
    """The channel on which the customer prefers to be reached; null where nobody said so."""
    found = _preferences(info.context, customers)
    return [next((one.channel for one in each if one.is_preferred), None) for each in found]


@SLICE.facts
async def preference_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The wishes among the facts."""
    return [[_fact(one) for one in each] for each in _preferences(context, customers)]


def _preferences(context: Context, customers: Sequence[Customer]) -> list[list[ChannelPreference]]:
    found: list[list[ChannelPreference]] = parts_of(context, customers, CHANNEL_PREFERENCES, ChannelPreference)
    return [sorted(each, key=lambda one: (not one.is_preferred, one.channel)) for each in found]


def _fact(preference: ChannelPreference) -> Fact:
    return Fact(
        category="Channel preferences",
        name=preference.channel,
        value=AttributeScalar("PREFERRED" if preference.is_preferred else preference.wish.value),
        # Sources bring no wishes.
        observed_from=BY_STAFF,
        observed_at=preference.set_at,
    )


@graph_input
class SetChannelPreferenceInput:
    """A customer's word on a channel. What is left out stays as it is."""

    customer_id: strawberry.ID = told("The customer.")
    version: int = told(VERSION)
    channel: str = told("The channel's name: one of this gateway's, or `email`, `phone`, `post` or `sms`.")
    wish: ChannelWish | None = told(
        "How welcome the company is there; WELCOME where nothing is kept yet.", default=None
    )
    is_preferred: bool | None = told(
        "Whether it is preferred to all others, of which none is then; a refused one is not.", default=None
    )


@graph_input
class RemoveChannelPreferenceInput:
    """A channel on which the customer has no wish any more."""

    customer_id: strawberry.ID = told("The customer.")
    version: int = told(VERSION)
    channel: str = told("The channel's name.")


@graph_type
class ChannelPreferencePayload:
    """The customer as it is now."""

    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def set_channel_preference(
    info: Info, input: Annotated[SetChannelPreferenceInput, about("The channel and what the customer said of it.")]
) -> ChannelPreferencePayload | NotFound | InvalidInput | Conflict | StaleVersion:
    """Notes how a customer likes to be reached on a channel, in place of what was noted before."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    channel = await require_usable(context, input.channel, "input", "channel")
    if input.is_preferred and input.wish is ChannelWish.REFUSED:
        raise invalid("A channel cannot be both preferred and refused. Send one of the two.", "input", "isPreferred")
    await require_version(context, customer, input.customer_id, input.version)
    old = _by_channel(customer.document)
    known = old.get(channel, {"channel": channel, "wish": ChannelWish.WELCOME.value, "is_preferred": False})
    said = _said(known, input.wish, is_preferred=input.is_preferred)
    if said == old.get(channel):
        return ChannelPreferencePayload(customer=customer)
    new = {**said, "set_at": context.clock(), "set_by": context.viewer.subject}
    others = (one for one in old.values() if one["channel"] != channel)
    # There is one that is preferred.
    kept = [{**one, "is_preferred": one["is_preferred"] and not new["is_preferred"]} for one in others]
    if len(kept) >= CHANNEL_PREFERENCES.at_most:
        raise conflict(
            f"The customer has {CHANNEL_PREFERENCES.at_most} channel preferences already, the most that are kept. "
            "Remove one first with `removeChannelPreference`."
        )
    return ChannelPreferencePayload(customer=await write_upon(context, customer, _change([*kept, new])))


@SLICE.mutation(may=STAFF)
async def remove_channel_preference(
    info: Info, input: Annotated[RemoveChannelPreferenceInput, about("The channel and the customer.")]
) -> ChannelPreferencePayload | NotFound | StaleVersion:
    """Removes what was noted of a customer and a channel."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    old = _by_channel(customer.document)
    if old.pop(input.channel.strip(), None) is None:
        check = "`Customer.channelPreferences` says of which channels something is noted."
        raise not_found("channel preference of this customer", ("input", "channel"), check=check)
    await require_version(context, customer, input.customer_id, input.version)
    return ChannelPreferencePayload(customer=await write_upon(context, customer, _change(old.values())))


def _by_channel(document: Document) -> dict[str, Document]:
    return {one["channel"]: one for one in document.get(CHANNEL_PREFERENCES.name, ())}


def _change(preferences: Iterable[Document]) -> Change:
    return {"$set": {CHANNEL_PREFERENCES.name: list(preferences)}}


def _said(known: Document, wish: ChannelWish | None, *, is_preferred: bool | None) -> dict[str, Any]:
    """The preference with what was said of it.

    A refused channel that is preferred again is welcome; the preferred one that is refused is preferred no more.
    """
    new = {**known}
    if wish is not None:
        new["wish"] = wish.value
    if is_preferred is not None:
        new["is_preferred"] = is_preferred
    if new["is_preferred"] and new["wish"] == ChannelWish.REFUSED.value:
        new |= {"is_preferred": False} if wish is not None else {"wish": ChannelWish.WELCOME.value}
    return new
