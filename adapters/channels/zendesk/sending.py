"""How do words of ours reach a customer by Zendesk, once?"""

from collections.abc import Mapping
from typing import Any

from adapters.channels.zendesk.asking import Desk, object_of
from adapters.channels.zendesk.reading import OURS, is_id
from adapters.channels.zendesk.words import Numbered
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity, OutcomeUnknown
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.readings import read

_LONGEST_SUBJECT = 80
# What a comment of Zendesk's holds.
_LARGEST_COMMENT = 65_536


def require_allowed(outgoing: Outgoing) -> None:
    """Returns where Zendesk has room for it; raises ChannelRefused. It closes no window: a comment may always go."""
    if outgoing.template is not None:
        raise ChannelRefused("Zendesk has no approved templates. Send the words themselves.", code="no_templates")
    if not outgoing.text or not outgoing.text.strip():
        raise ChannelRefused("A comment without words is none. Send a text.", code="no_text")
    if len(outgoing.text.encode("utf-8", "replace")) > _LARGEST_COMMENT:
        raise ChannelRefused("A comment holds 64 kB at most. Send it in parts.", code="too_long")
    if outgoing.conversation is None and not is_id(outgoing.who.value):
        raise ChannelRefused("The person's id is none of Zendesk's.", code="no_user")
    if outgoing.conversation is not None and not is_id(outgoing.conversation):
        raise ChannelRefused("The conversation is no ticket of Zendesk's.", code="no_ticket")


async def send(desk: Desk, outgoing: Outgoing, sends_as: str | None) -> Sent:
    """Adds a public comment to the conversation's ticket, or opens a ticket for the person.

    Opening one carries our key as `Idempotency-Key`: where the outcome is unknown, the same message may be sent again
    and is there once. A comment has none; but both carry the key in their metadata, by which a later look at the
    ticket tells whether it went out.
    """
    require_allowed(outgoing)
    text = outgoing.text or ""
    comment: dict[str, Any] = {"body": text, "public": True}
    if sends_as is not None:
        comment["author_id"] = int(sends_as)
    ticket: dict[str, Any] = {"comment": comment, "metadata": {"custom": {OURS: outgoing.key}}}
    try:
        if outgoing.conversation is not None:
            path = f"/api/v2/tickets/{outgoing.conversation}.json"
            reply = await desk.change(path, {"ticket": ticket}, method="PUT")
        else:
            opened = {**ticket, "subject": _subject(text), "requester_id": int(outgoing.who.value)}
            reply = await desk.change("/api/v2/tickets.json", {"ticket": opened}, method="POST", key=outgoing.key)
    except OutcomeUnknown as error:
        return Sent(state=SendState.UNKNOWN, why=str(error))
    except NoSuchIdentity as error:
        raise ChannelRefused("The ticket is gone. Send without a conversation, for a new one.", code="gone") from error
    begun = None if outgoing.conversation is not None else _ticket_of(reply)
    return Sent(state=SendState.TAKEN, external_id=_comment_of(reply), conversation=begun)


def _subject(text: str) -> str:
    """The first line, for a ticket needs one and nobody else said it."""
    line = text.strip().splitlines()[0]
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"


def _ticket_of(reply: Reply) -> str | None:
    """The id of the new ticket; None where the answer does not say it: Zendesk made it anyway."""
    try:
        return read(Numbered, object_of(reply).get("ticket")).id
    except BadPayload:
        return None


def _comment_of(reply: Reply) -> str | None:
    """The id of the comment, which the audit of the change names; None where it names none: Zendesk took it anyway."""
    try:
        audit = object_of(reply).get("audit")
        events = audit.get("events") if isinstance(audit, Mapping) else None
        for one in events if isinstance(events, list) else ():
            if isinstance(one, Mapping) and one.get("type") == "Comment":
                return read(Numbered, one).id
    except BadPayload:
        return None
    return None
