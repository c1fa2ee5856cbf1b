"""What is a channel handed, of a message that waits for it?"""

from collections.abc import Iterable
from datetime import datetime

from adapters.contract.sending import Outgoing, Template
from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.conversations import BY_OTHER, CONVERSATIONS, MESSAGES, MessageDirection
from resolvers.present_ids import who_of

# Behind so many words of the company nobody waits for the window to be open still.
_NEWEST = 200


async def outgoing_of(store: Store, row: Document, message: Document, now: datetime) -> Outgoing:
    """The message as a channel is handed it."""
    talk = await store.first(CONVERSATIONS, {"_id": message["conversation_id"]}) or {}
    newest = [await _last_word(store, one) for one in (message["conversation_id"], *row.get("before", ()))]
    return Outgoing(
        who=who_of(row),
        key=row["key"],
        text=message["text"] if row["template"] is None else None,
        template=_template(row["template"]),
        as_human_agent=row["as_human_agent"],
        conversation=row["conversation"] or talk.get("external_id"),
        subject=talk.get("subject"),
        answers=(newest[0] or {}).get("external_id"),
        last_heard_at=_heard_at(newest),
        now=now,
    )


def _template(kept: Document | None) -> Template | None:
    if kept is None:
        return None
    return Template(name=kept["name"], language=kept["language"], values=tuple(kept["values"]))


async def heard_at(store: Store, *conversations: RecordId) -> datetime | None:
    """When the customer last wrote in any of the conversations, as far as the newest messages of each tell."""
    return _heard_at([await _last_word(store, one) for one in conversations])


def _heard_at(words: Iterable[Document | None]) -> datetime | None:
    return max((one["sent_at"] for one in words if one is not None), default=None)


async def _last_word(store: Store, conversation: RecordId) -> Document | None:
    """The customer's own newest message there: a colleague of theirs who was in copy opens no window."""
    newest = await store.find(
        MESSAGES,
        {"conversation_id": conversation},
        order=[("sent_at", -1), ("_id", -1)],
        limit=_NEWEST,
        only=("direction", "sent_at", "external_id", BY_OTHER),
    )
    own = (one for one in newest if one["direction"] == MessageDirection.IN.value and not one.get(BY_OTHER))
    return next(own, None)
