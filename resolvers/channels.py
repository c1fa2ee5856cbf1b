"""Which channels, and which accounts of ours on them, does this gateway know?"""

import re
from collections.abc import Iterable, Mapping, Sequence

from adapters.held import Held, of_latest
from adapters.mongo import Store
from adapters.records import Document, Index, Record
from resolvers.kit.context import Context, Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import BadUserInput, invalid
from resolvers.kit.phones import phone_on_channel
from resolvers.kit.scalars import canonical_sender
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept, reader_of
from resolvers.kit.texts import plain_text, quoted

SLICE = Slice("channels")

CHANNEL_ACCOUNTS = Record(
    name="channel_accounts",
    customer=None,
    key=("channel", "account"),
    indexes=(Index(("channel", "account"), unique=True),),
    is_held=True,
)

# On these channels a customer is known by a phone number or an address, which people write in many ways.
_BY_PHONE = frozenset({"whatsapp", "sms", "phone"})
# WhatsApp names people by digits alone, the country code first (`wa_id`).
_BY_WHOLE_NUMBER = frozenset({"whatsapp"})
_BY_EMAIL = frozenset({"email"})
# A country of ISO 3166, then up to 128 letters and digits; the parent's form has `ENT` between.
_BUSINESS_SCOPED = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")

# Written by programs that lower case everything, and by people.
_LIKE_BUSINESS_SCOPED = re.compile(r"(?i:[A-Z]{2}\.(?:ENT\.)?)([A-Za-z0-9]{1,128})")
# As programs that speak WhatsApp's own protocol address a number.
_ADDRESSED = re.compile(r"@(?:s\.whatsapp\.net|c\.us)\Z")
_ADD_ONE = "An import brings others, and administrators add them with `addChannelAccount`."

LONGEST_VALUE = 2_000
"""Characters of a customer's id on a channel: as many as an import takes."""
# A customer is called and written to there also where the gateway has no account.
_WITHOUT_ACCOUNT = frozenset({"email", "phone", "post", "sms"})


@SLICE.keeps(CHANNEL_ACCOUNTS)
class ChannelAccount(Node):
    """Our page, number, mailbox or shop on a channel."""

    channel: str = kept("The channel's name, as `whatsapp`.")
    account: str = kept("Which of our accounts on that channel.")
    label: str | None = kept("What colleagues call it.")


@graph_type
class Channel:
    """A way on which customers reach the company."""

    name: str = told("The channel's name, as `whatsapp`.")
    accounts: list[ChannelAccount] = told("Our accounts on it.")


@SLICE.query()
async def channels(info: Info) -> list[Channel]:
    """Every channel that this gateway knows, with our accounts on it, by name."""
    held = await info.context.store.held.all(CHANNEL_ACCOUNTS)
    read = reader_of(ChannelAccount).read
    accounts = [read(one) for one in sorted(held.values(), key=lambda one: (one["channel"], one["account"]))]
    names = dict.fromkeys(account.channel for account in accounts)
    return [Channel(name=name, accounts=[one for one in accounts if one.channel == name]) for name in names]


@of_latest
def _accounts(held: Held) -> Mapping[str, Sequence[str]]:
    """Our accounts by channel."""
    found: dict[str, list[str]] = {}
    for one in held.values():
        found.setdefault(one["channel"], []).append(one["account"])
    return {channel: sorted(accounts) for channel, accounts in found.items()}


async def require_channels(context: Context, names: Iterable[str], argument: str) -> None:
    """Raises BadUserInput where one of the names is no channel of this gateway."""
    known = _accounts(await context.store.held.all(CHANNEL_ACCOUNTS))
    for name in names:
        if name not in known:
            offered = ", ".join(sorted(known)) or "none yet"
            raise BadUserInput(
                f"`{argument}` is {quoted(name)}, which is no channel here. Known channels: {offered}. {_ADD_ONE}"
            )


async def require_usable(context: Context, name: str, *path: str) -> str:
    """The name of a channel on which customers are reached; refused where it is neither ours nor a usual one."""
    known = _accounts(await context.store.held.all(CHANNEL_ACCOUNTS))
    channel = name.strip()
    if channel not in _WITHOUT_ACCOUNT.union(known):
        offered = ", ".join(sorted(_WITHOUT_ACCOUNT.union(known)))
        raise invalid(f"`{path[-1]}` is {quoted(name)}, which is no channel here. Send one of: {offered}.", *path)
    return channel


async def require_account(context: Context, channel: str, account: str) -> None:
    """Raises BadUserInput where the channel is none of this gateway, or the account is none of ours on it."""
    await require_channels(context, [channel], "channel")
    await _require_ours(context, channel, account, "account")


async def require_places(context: Context, places: Iterable[str], argument: str) -> None:
    """Raises BadUserInput where one of the places is no channel here, nor one with an account of ours: `shop/main`."""
    for place in places:
        channel, slash, account = place.partition("/")
        await require_channels(context, [channel], argument)
        if slash:
            await _require_ours(context, channel, account, argument)


async def _require_ours(context: Context, channel: str, account: str, argument: str) -> None:
    known = _accounts(await context.store.held.all(CHANNEL_ACCOUNTS))[channel]
    if account not in known:
        raise BadUserInput(
            f"`{argument}` is {quoted(account)}, which is no account of ours on {channel!r}. "
            f"Known accounts there: {', '.join(known)}. {_ADD_ONE}"
        )


async def require_known_place(context: Context, channel: str, account: str) -> None:
    """Refuses a mutation whose `input.channel` or `input.account` is none of this gateway's."""
    known = _accounts(await context.store.held.all(CHANNEL_ACCOUNTS))
    word = "account" if channel in known else "channel"
    try:
        await require_account(context, channel, account)
    except BadUserInput as error:
        raise invalid(error.message, "input", word) from error


def channel_account_document(channel: str, account: str, label: str | None = None) -> Document:
    """A channel account as it is stored."""
    document = {"channel": channel, "account": account, "label": label}
    return {"_id": CHANNEL_ACCOUNTS.id_of(document)} | document


def canonical_value(channel: str, value: str, default_region: str | None = None) -> str:
    """A customer's id on a channel in the one form in which it is compared; raises ValueError, which quotes nothing.

    Phone numbers become E.164, addresses lower case. A WhatsApp business-scoped id (`US.1349...`) is no phone number
    and stays, as do the ids of all other channels: vendors call them opaque, and case counts in them.
    """
    text = value.strip()
    if not text:
        raise ValueError("That is empty. Send the customer's id on the channel.")
    if channel in _BY_WHOLE_NUMBER:
        text = _business_scoped(_ADDRESSED.sub("", text))
    match reach_by(channel, text):
        case "EMAIL":
            return canonical_sender(text)
        case "PHONE":
            return phone_on_channel(text, default_region, is_international=channel in _BY_WHOLE_NUMBER)
    return plain_text(text, "That", LONGEST_VALUE)


def _business_scoped(text: str) -> str:
    """A business-scoped id as WhatsApp writes it, also where its country is in small letters; all else as it is."""
    found = _LIKE_BUSINESS_SCOPED.fullmatch(text)
    if found is None or _BUSINESS_SCOPED.fullmatch(text):
        return text
    if not found[1].isdecimal():
        raise ValueError(
            "That is like a business-scoped id of WhatsApp, in which case counts. Send it as WhatsApp gives it, the "
            "country in capitals, as US.13491208655302741918."
        )
    return text.upper()


def reach_by(channel: str, value: str) -> str | None:
    """What a customer's id on the channel is: a number (`PHONE`), an address (`EMAIL`), or None: the channel's own."""
    if channel in _BY_EMAIL:
        return "EMAIL"
    is_number = channel in _BY_PHONE and not (channel in _BY_WHOLE_NUMBER and _BUSINESS_SCOPED.fullmatch(value))
    return "PHONE" if is_number else None


async def every_place(store: Store) -> list[tuple[str, str]]:
    """Every channel account that this gateway knows: the channel and our account there."""
    known = _accounts(await store.held.all(CHANNEL_ACCOUNTS))
    return [(channel, account) for channel, accounts in known.items() for account in accounts]


async def places_reached_by(store: Store, kind: str) -> list[tuple[str, str]]:
    """The channels, with our accounts on them, on which a customer's id is a number (`PHONE`) or address (`EMAIL`)."""
    names = {"PHONE": _BY_PHONE, "EMAIL": _BY_EMAIL}[kind]
    known = _accounts(await store.held.all(CHANNEL_ACCOUNTS))
    return [(name, account) for name in sorted(names) for account in known.get(name, ())]
