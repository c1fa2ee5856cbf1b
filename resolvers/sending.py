"""How does the company write to a customer: in a conversation that there is, or to an identity?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.contract.channel import Capability, Sends
from adapters.contract.errors import ChannelRefused
from adapters.contract.records import Who
from adapters.contract.sending import WindowClosed
from adapters.failures import Taken
from adapters.records import CAME_BY, Document, RecordId, key_hash
from resolvers.agents import AGENTS
from resolvers.aliases import ids_of
from resolvers.conversations import CONVERSATIONS, MESSAGES, ConversationStatus, Message, MessageDirection
from resolvers.customers import Customer, customers_by_id
from resolvers.identities import IDENTITIES
from resolvers.ingest.talks import begun_conversation_id, conversation_id, sent_message_id
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    accepted,
    conflict,
    invalid,
    not_found,
    not_permitted,
)
from resolvers.kit.ids import key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.texts import plain_line, plain_text, quoted
from resolvers.kit.viewer import STAFF
from resolvers.outbox import OUTBOX, WAITING, job_name
from resolvers.outbox.words import outgoing_of
from resolvers.present_ids import is_former, known_there, mark_of, present, talks_before, who_of
from resolvers.webchat.chats import require_reader

SLICE = Slice("sending")

LONGEST_KEY, LONGEST_TEXT = 100, 20_000
LONGEST_NAME, MOST_VALUES, LONGEST_VALUE = 512, 30, 1_000


@graph_input
class TemplateInput:
    """Words that the channel has approved beforehand, with what fills their gaps."""

    name: str = told("The template's name, as the channel knows it.")
    language: str = told("Its language, as the channel writes it: `en_US`.")
    values: list[str] = told("What fills the gaps, in their order; an empty list where it has none.")


@graph_input
class SendMessageInput:
    """Words to a customer."""

    key: str = told(
        f"A word of your own, at most {LONGEST_KEY} characters, that is another one for each message: sent twice with "
        "one key, a message goes out once."
    )
    conversation_id: strawberry.ID | None = told(
        "The conversation in which to answer. Where the channel has given the customer another id since, the message "
        "goes to that one, and stands in the conversation that goes by it.",
        default=None,
    )
    identity_id: strawberry.ID | None = told(
        "Instead: the identity to which to write, where no conversation is meant. Instead of a former one the "
        "customer's present one is written to. Where the channel's conversations "
        "are tickets it begins a new one, whose `conversation` has its lasting id once the channel has taken the "
        "message.",
        default=None,
    )
    text: str | None = told(
        f"The words, plain text of at most {LONGEST_TEXT:,} characters, or as few as the channel takes in one message.",
        default=None,
    )
    template: TemplateInput | None = told("Instead: a template, which channels allow at any time.", default=None)
    as_human_agent: bool = told(
        "That a person answers, where the channel gives people a longer time than programs.", default=False
    )


@graph_type
class SendMessagePayload:
    """The message."""

    sent: Message = told("The message as it stands now: `QUEUED` until its channel has taken it.")


@graph_type
class OutsideWindow(Refusal):
    """The channel allows no free words to this customer now."""

    allowed: list[str] = told("What it allows instead: `TEMPLATE`, `HUMAN_AGENT`.")
    closed_at: datetime | None = told("Since when; null where that is not known.")


@SLICE.mutation(may=STAFF)
async def send_message(
    info: Info, input: Annotated[SendMessageInput, about("To whom, and what.")]
) -> SendMessagePayload | OutsideWindow | NotFound | InvalidInput | Conflict | NotPermitted:
    """Writes to a customer on a channel. The message goes out in the background, in the order in which it was written.

    Its `status` tells how far it came: `UNKNOWN` means that the channel did not say whether it took it. Such a message
    is not sent again by itself; an echo or a status of the channel settles it.
    """
    context = info.context
    words = _words(input)
    place = await _place(context, input)
    key = key_hash(context.viewer.subject, accepted(plain_line, input.key, "input", "key", longest=LONGEST_KEY))[:32]
    message = _message(context, place, key, words)
    known = await context.store.by_ids(MESSAGES, [message["_id"]])
    if not known:
        waiting = _waiting(context, place, message, key, words)
        await _require_allowed(context, place, waiting, message)
        try:
            await _queue(context, place, message, waiting)
        except Taken:
            # Sent with the same key at this very moment.
            known = await context.store.by_ids(MESSAGES, [message["_id"]])
    stands = known.get(message["_id"], message)
    # One that began a conversation stands in that of another id once the channel has named it.
    same = ("text", "conversation_id" if place.talk else CAME_BY)
    if any(stands[name] != message[name] for name in same):
        raise conflict(
            f"`key` is {quoted(input.key)}, under which you have sent another message. Send this one with a new key.",
            *("input", "key"),
        )
    context.knock(job_name(place.who.channel, place.who.account))
    read = reader_of(Message).reading(hidden_from(context.viewer, MESSAGES))
    return SendMessagePayload(sent=read(stands))


@dataclass(frozen=True, slots=True, repr=False)
class _Words:
    """What is to be said."""

    text: str
    """As the conversation shows it: of a template, its name and what fills it."""
    template: Document | None
    as_human_agent: bool


@dataclass(frozen=True, slots=True, repr=False)
class _Place:
    """Where it is to be said."""

    who: Who
    channel: Sends
    customer: RecordId
    conversation: str | None
    """The conversation's id on the channel account; None where the channel has not named it."""
    talk: RecordId | None
    """The conversation; None where it begins with this message."""
    came_by: RecordId | None
    before: Sequence[RecordId] = ()
    """Conversations under ids that the person had on that channel account before: when they last wrote counts there,
    too."""


def _words(given: SendMessageInput) -> _Words:
    if (given.text is None) == (given.template is None):
        raise invalid("Send either `text` or `template`.", "input")
    if given.text is not None:
        text = accepted(plain_text, given.text, "input", "text", longest=LONGEST_TEXT)
        return _Words(text, None, given.as_human_agent)
    return _template(given.template, as_human_agent=given.as_human_agent) if given.template else _nothing()


def _nothing() -> _Words:
    raise invalid("Send either `text` or `template`.", "input")


def _template(given: TemplateInput, *, as_human_agent: bool) -> _Words:
    path = ("input", "template")
    if len(given.values) > MOST_VALUES:
        raise invalid(f"`values` has {len(given.values)} entries; at most {MOST_VALUES} are taken.", *path, "values")
    template = {
        "name": accepted(plain_line, given.name, *path, "name", longest=LONGEST_NAME),
        "language": accepted(plain_line, given.language, *path, "language", longest=LONGEST_NAME),
        "values": [accepted(plain_text, one, *path, "values", longest=LONGEST_VALUE) for one in given.values],
    }
    shown = " · ".join([f"[{template['name']}]", *map(str, template["values"])])
    return _Words(shown, template, as_human_agent)


# Where


async def _place(context: Context, given: SendMessageInput) -> _Place:
    if (given.conversation_id is None) == (given.identity_id is None):
        raise invalid("Send either `conversationId` or `identityId`.", "input")
    if given.conversation_id is not None:
        return await _answering(context, given.conversation_id)
    return await _beginning(context, str(given.identity_id))


async def _answering(context: Context, id: str) -> _Place:
    path = ("input", "conversationId")
    key = key_of(id, "Conversation")
    talk = await context.store.first(CONVERSATIONS, {"_id": key}) if key else None
    customer = (await customers_by_id(context, [talk["customer_id"]])).get(talk["customer_id"]) if talk else None
    if talk is None or customer is None:
        raise not_found("conversation", path)
    found = await known_there(context.store, ids_of(customer.document, IDENTITIES), talk)
    meant = [one for one in found if mark_of(one) == talk.get(CAME_BY)] or [one for one in found if not is_former(one)]
    # Of those who were merged one may have the id that was another's before.
    meant = [one for one in meant if not is_former(one)][:1] or meant
    if len(meant) != 1:
        which = "several" if meant else "none"
        raise conflict(
            f"Of the customer's identities on {talk['channel']}/{talk['account']} {which} can be meant. Name one by "
            "`identityId` instead.",
            *path,
        )
    if is_former(meant[0]):
        return await _at_present(context, customer, meant[0], found, path, talk)
    who = who_of(meant[0])
    before = await talks_before(context.store, found, meant[0])
    channel = await _line(context, who, customer, path)
    return _Place(who, channel, talk["customer_id"], talk["external_id"], talk["_id"], talk.get(CAME_BY), before)


async def _beginning(context: Context, id: str) -> _Place:
    path = ("input", "identityId")
    key = key_of(id, "Identity")
    one = await context.store.first(IDENTITIES, {"_id": key}) if key else None
    customer = (await customers_by_id(context, [one["customer_id"]])).get(one["customer_id"]) if one else None
    if one is None or customer is None:
        raise not_found("identity", path)
    found = await known_there(context.store, ids_of(customer.document, IDENTITIES), one)
    return await _at_present(context, customer, one, found, path)


async def _at_present(
    context: Context,
    customer: Customer,
    one: Document,
    found: Sequence[Document],
    path: tuple[str, ...],
    talk: Document | None = None,
) -> _Place:
    """Where the identity's customer is reached now: never under an id that may be somebody else's by now.

    `talk`: the conversation that is meant, where the channel does not know one for each person.
    """
    now = present(one, found, path)
    who = who_of(now)
    channel = await _line(context, who, customer, path)
    before, named = await talks_before(context.store, found, now), channel.talk_with(who)
    if named is None and talk is not None:
        return _Place(who, channel, talk["customer_id"], talk["external_id"], talk["_id"], talk.get(CAME_BY), before)
    key = conversation_id(who.channel, who.account, named, now.get("held_since")) if named is not None else None
    return _Place(who, channel, now["customer_id"], named, key, mark_of(now), before)


async def _line(context: Context, who: Who, customer: Customer, path: tuple[str, ...]) -> Sends:
    line = context.lines.at(who.channel, who.account)
    if line is not None and isinstance(line.channel, Sends) and Capability.SEND in line.capabilities:
        return line.channel
    nothing = f"Nothing can be sent on {who.channel}/{who.account}"
    if not context.lines.offering(Capability.SEND):
        raise conflict(
            f"{nothing}: the gateway has no line that sends there. An operator switches one on in the settings file of "
            "channels.",
            *path,
        )
    instead = await _elsewhere(context, customer)
    if not instead:
        raise conflict(f"{nothing}, and on no other channel that sends the customer is known.", *path)
    raise conflict(
        f"{nothing}. The customer is known on {', '.join(instead)}: name an identity there by `identityId` instead.",
        *path,
    )


async def _elsewhere(context: Context, customer: Customer) -> list[str]:
    """The channel accounts that send and on which the customer is known now."""
    at = [dict(zip(("channel", "account"), one.place, strict=True)) for one in context.lines.offering(Capability.SEND)]
    theirs = {"customer_id": {"$in": ids_of(customer.document, IDENTITIES)}, "$or": at}
    found = await context.store.find(IDENTITIES, theirs, limit=100)
    return sorted({f"{one['channel']}/{one['account']}" for one in found if not one.get("is_former")})


# How it is kept


def _message(context: Context, place: _Place, key: str, words: _Words) -> dict[str, Any]:
    who = place.who
    return {
        "_id": sent_message_id(who.channel, who.account, key),
        "customer_id": place.customer,
        CAME_BY: place.came_by,
        "channel": who.channel,
        "account": who.account,
        "external_id": None,
        "conversation_id": place.talk or begun_conversation_id(who.channel, who.account, key),
        "direction": MessageDirection.OUT.value,
        "text": words.text,
        "sent_at": context.clock(),
        "status": "QUEUED",
        "author_name": None,
    }


def _waiting(context: Context, place: _Place, message: Document, key: str, words: _Words) -> dict[str, Any]:
    now = context.clock()
    return {
        "_id": message["_id"],
        "customer_id": place.customer,
        "channel": place.who.channel,
        "account": place.who.account,
        "value": place.who.value,
        "conversation": place.conversation,
        **({"before": list(place.before)} if place.before else {}),
        "key": key,
        "template": words.template,
        "as_human_agent": words.as_human_agent,
        "state": WAITING,
        "tries": 0,
        "queued_at": now,
        "queued_by": context.viewer.subject,
        "due_at": now,
    }


async def _require_allowed(context: Context, place: _Place, waiting: Document, message: Document) -> None:
    """Refused where the channel would refuse it for what is known already."""
    longest, text = place.channel.longest_text, message["text"]
    if waiting["template"] is None and longest is not None and len(text) > longest:
        raise invalid(
            f"`text` has {len(text):,} characters; {place.who.channel} takes {longest:,} in one message. Send it in "
            "parts, each with a key of its own.",
            *("input", "text"),
        )
    try:
        await require_reader(context.store, place.channel, place.who, context.clock())
        place.channel.require_allowed(await outgoing_of(context.store, waiting, message, context.clock()))
    except WindowClosed as error:
        allowed, path = [one.upper() for one in error.allowed], ["input", "text"]
        raise Refused(
            OutsideWindow(
                code="OUTSIDE_WINDOW",
                message=str(error),
                input_path=path,
                allowed=allowed,
                closed_at=error.closed_at,
            )
        ) from error
    except ChannelRefused as error:
        raise not_permitted(str(error), "input") from error


async def _queue(context: Context, place: _Place, message: dict[str, Any], waiting: Document) -> None:
    agent = context.viewer.agent_id
    author = (await context.store.held.all(AGENTS)).get(agent) if agent else None
    message["author_name"] = author["name"] if author else None
    at = message["sent_at"]
    begun = {
        "customer_id": place.customer,
        CAME_BY: place.came_by,
        "channel": place.who.channel,
        "account": place.who.account,
        "external_id": place.conversation,
        "subject": None,
        "status": ConversationStatus.OPEN.value,
        "entry_point": None,
        "started_at": at,
        "resolved_at": None,
        "assigned_agent_id": agent,
    }

    async def work() -> None:
        await context.store.insert(MESSAGES, message)
        await context.store.insert(OUTBOX, waiting)
        change = {"$setOnInsert": begun, "$max": {"last_message_at": at}}
        await context.store.upsert(CONVERSATIONS, [(message["conversation_id"], change)])

    await context.store.transact(work)
