"""Who is it that writes on a channel: a customer who is known, or an anonymous one from now on?"""

from collections.abc import Mapping
from typing import Annotated

from strawberry.utils.str_converters import to_camel_case

from adapters.contract.records import Person
from adapters.records import Document
from resolvers.customers import customer_reader
from resolvers.identities import (
    ClaimStrength,
    IdentifiedCustomer,
    claims_of,
    identified,
    identified_as,
    require_look_up,
    who_is_meant,
)
from resolvers.ingest.newcomers import new_customer
from resolvers.ingest.report import NotTaken
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, accepted, conflict
from resolvers.kit.scalars import Url
from resolvers.kit.slice import Slice
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import STAFF_AND_PARTNERS

SLICE = Slice("identification")

LONGEST_WORD = 2_000
"""Characters of what a channel shows of a person: as many as an import takes."""

# Each time, somebody was known by the identity and then taken off it; nobody does so as often as this in a moment.
_ATTEMPTS = 5


@graph_input
class ChannelProfileInput:
    """What a channel shows of a person."""

    name: str | None = told("The name shown there.", default=None)
    username: str | None = told("The handle, without an at sign.", default=None)
    picture_url: Url | None = told("A picture.", default=None)
    gender: str | None = told("The gender as the channel writes it.", default=None)
    locale: str | None = told("The language and country, as `en_US`.", default=None)
    time_zone: str | None = told("The time zone as the channel writes it.", default=None)


@graph_input
class EntryPointInput:
    """Where a customer came in."""

    page: str | None = told("The page, story or advertisement from which it began.", default=None)
    referrer: str | None = told("The page that led there.", default=None)


@graph_input
class IdentifyCustomerInput:
    """Someone's account on a channel."""

    channel: str = told("The channel's name, as `whatsapp`.")
    account: str = told("Which of our accounts on that channel.")
    value: str = told("The customer's id there; phone numbers and addresses in any notation.")
    profile: ChannelProfileInput | None = told(
        "What the channel shows of the person, kept with a new identity; that of a known one stays. Unless you vouch "
        "for the channel it is your word: no visitor sees it, and the channel's replaces it.",
        default=None,
    )
    entry_point: EntryPointInput | None = told(
        "Where the person came in, kept with a new customer; that of a known one stays. Unless you vouch for the "
        "channel it is your word: no visitor sees it, and the channel's replaces it.",
        default=None,
    )


@graph_type
class IdentifyCustomerPayload:
    """Who it is."""

    identified: IdentifiedCustomer = told("The customer behind the identity.")
    is_new: bool = told("Whether the customer was made now: nobody was known by the identity, nor named by a value.")


@SLICE.mutation(may=STAFF_AND_PARTNERS)
async def identify_customer(
    info: Info, input: Annotated[IdentifyCustomerInput, about("The person's account on a channel.")]
) -> IdentifyCustomerPayload | InvalidInput | Conflict:
    """Finds the customer behind an identity, and makes an anonymous one where nobody is known by it.

    Where an attribute (`isChannelIdentifier`) names one customer alone there, somebody has verified the value, and the
    asker has the scope `channels`, the identity becomes that customer's, as INFERRED: nobody is signed in by it until
    somebody verifies it (`verifyIdentity`), or takes it off again (`unlinkIdentity`). Who else may be meant stands in
    `suggestions`.

    Of many who ask at once for one new person, one makes the customer, and all are answered the same customer. A new
    identity is ASSERTED: whoever asks only says that somebody has it. It becomes VERIFIED when the channel itself hands
    over a word of its holder, unless somebody has changed the customer before. Partners need the scope `lookup`; with
    the scope `channels`, which a backend has that receives the channel's own events, it is VERIFIED at once.
    """
    context = info.context
    await require_look_up(context)
    who = await who_is_meant(context, input.channel, input.account, input.value)
    person = Person(who=who, profile=_shown(input.profile), entry_point=_came_in(who.channel, input.entry_point))
    for _ in range(_ATTEMPTS):
        known = await identified(context, who)
        if known is not None:
            if context.viewer.may_vouch and await claims_of(context, [known]) == [ClaimStrength.ASSERTED]:
                await _met(context, person)
            context.delivered.looked_up(who.channel, who.account, known.customer.key)
            return IdentifyCustomerPayload(identified=known, is_new=False)
        # Whom an attribute names is known by the identity from now on, and read like everybody else.
        made = await _met(context, person)
        if made is not None:
            context.delivered.looked_up(who.channel, who.account, None)
            customer = (await customer_reader(context))(made)
            return IdentifyCustomerPayload(identified=identified_as(customer, who), is_new=True)
    raise conflict("The identity was linked and unlinked again and again in this moment. Ask once more.")


async def _met(context: Context, person: Person) -> Document | None:
    """The document of the new customer; None where somebody is known by the identity by now."""
    try:
        return await new_customer(
            context.store,
            person,
            at=context.clock(),
            by=context.viewer.subject,
            default_region=context.limits.default_region,
            is_vouched=context.viewer.may_vouch,
        )
    except NotTaken as error:
        raise conflict(str(error), "input", "value") from error


def _shown(profile: ChannelProfileInput | None) -> Mapping[str, str | None]:
    return _lines(profile, "profile") if profile else {}


def _came_in(channel: str, entry_point: EntryPointInput | None) -> Mapping[str, str | None] | None:
    return {"channel": channel, **_lines(entry_point, "entryPoint")} if entry_point else None


def _lines(given: ChannelProfileInput | EntryPointInput, path: str) -> Mapping[str, str | None]:
    """The texts that are given, each as one line; refuses one that is none."""
    return {
        name: accepted(plain_line, text, "input", path, to_camel_case(name), longest=LONGEST_WORD)
        for name, text in vars(given).items()
        if text
    }
