"""Which accounts on channels does the company have, as administrators say beside what imports bring?"""

import re
from typing import Annotated

import strawberry

from adapters.failures import Taken
from adapters.records import Document, Record
from resolvers.channels import CHANNEL_ACCOUNTS, ChannelAccount, channel_account_document
from resolvers.conversations import CONVERSATIONS
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, Refused, accepted, conflict, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.texts import plain_line, quoted
from resolvers.kit.viewer import ADMINISTRATORS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS

SLICE = Slice("channel accounts")

LONGEST_NAME = 100
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,63}")
# Whatever stands under a channel account.
_USERS: tuple[tuple[Record, str], ...] = (
    (IDENTITIES, "identities"),
    (CONVERSATIONS, "conversations"),
    (TICKETS, "tickets"),
    (PURCHASES, "purchases"),
)


@graph_input
class AddChannelAccountInput:
    """A page, number, mailbox or shop of ours on a channel."""

    channel: str = told("The channel's name, as `whatsapp`: small letters, digits, hyphens and underscores.")
    account: str = told(f"Which account on it, at most {LONGEST_NAME} characters, as the channel itself names it.")
    label: str | None = told(f"What colleagues call it, at most {LONGEST_NAME} characters.", default=None)


@graph_input
class RemoveChannelAccountInput:
    """An account that the company no longer has."""

    id: strawberry.ID = told("The channel account.")


@graph_type
class AddChannelAccountPayload:
    """The account that was added."""

    channel_account: ChannelAccount = told("The channel account.")


@graph_type
class RemoveChannelAccountPayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the channel account had.")


@SLICE.mutation(may=ADMINISTRATORS)
async def add_channel_account(
    info: Info, input: Annotated[AddChannelAccountInput, about("The account.")]
) -> AddChannelAccountPayload | InvalidInput | Conflict:
    """Says that the company has an account on a channel, so that customers are known by it. Administrators only."""
    channel = input.channel.strip()
    if not _CHANNEL.fullmatch(channel):
        raise invalid(
            f"`channel` is {quoted(channel)}. Send its name in up to 64 small letters, digits, hyphens and "
            "underscores, beginning with a letter, as whatsapp.",
            *("input", "channel"),
        )
    account = accepted(plain_line, input.account, "input", "account", longest=LONGEST_NAME)
    label = None
    if input.label is not None:
        label = accepted(plain_line, input.label, "input", "label", longest=LONGEST_NAME)
    document = channel_account_document(channel, account, label)
    try:
        await info.context.store.insert(CHANNEL_ACCOUNTS, document)
    except Taken as error:
        message = f"The account {account!r} on {channel!r} is known already; there is nothing to do."
        raise conflict(message, "input", "account") from error
    return AddChannelAccountPayload(channel_account=reader_of(ChannelAccount).read(document))


@SLICE.mutation(may=ADMINISTRATORS)
async def remove_channel_account(
    info: Info, input: Annotated[RemoveChannelAccountInput, about("Which account.")]
) -> RemoveChannelAccountPayload | NotFound | Conflict:
    """Removes an account of ours under which nothing stands any more. Administrators only."""
    context, key = info.context, key_of(input.id, "ChannelAccount")
    found = await context.store.first(CHANNEL_ACCOUNTS, {"_id": key}) if key else None
    if found is None:
        raise not_found("channel account")
    await _require_unused(context, found)
    if not await context.store.delete(CHANNEL_ACCOUNTS, {"_id": key}):
        raise not_found("channel account")
    try:
        # Once more: who came in meanwhile is not left without the account by which they are known.
        await _require_unused(context, found)
    except Refused:
        await context.store.replace(CHANNEL_ACCOUNTS, [found])
        raise
    return RemoveChannelAccountPayload(removed_id=input.id)


async def _require_unused(context: Context, account: Document) -> None:
    place = {"channel": account["channel"], "account": account["account"]}
    for record, words in _USERS:
        if await context.store.first(record, place):
            raise conflict(
                f"There are {words} under the account {account['account']!r} on {account['channel']!r}, so that it "
                "stays. Remove those first.",
                *("input", "id"),
            )
