"""What is a channel handed, of a message that waits for it?"""

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
    conversation: str | None = row["conversation"]
    if conversation is None:
        talk = await store.first(CONVERSATIONS, {"_id": message["conversation_id"]})
        conversation = talk["external_id"] if talk else None
    return Outgoing(
        who=who_of(row),
        key=row["key"],
        text=message["text"] if row["template"] is None else None,
        template=_template(row["template"]),
        as_human_agent=row["as_human_agent"],
        conversation=conversation,
        last_heard_at=await heard_at(store, message["conversation_id"], *row.get("before", ())),
        now=now,
    )


def _template(kept: Document | None) -> Template | None:
    if kept is None:
        return None
    return Template(name=kept["name"], language=kept["language"], values=tuple(kept["values"]))


async def heard_at(store: Store, *conversations: RecordId) -> datetime | None:
    """When the customer last wrote in any of the conversations, as far as the newest messages of each tell."""
    moments = []
    for one in conversations:
        newest = await store.find(
            MESSAGES,
            {"conversation_id": one},
            order=[("sent_at", -1), ("_id", -1)],
            limit=_NEWEST,
            only=("direction", "sent_at", BY_OTHER),
        )
        # The customer's own words: a colleague of theirs who was in copy opens no window.
        theirs = [one for one in newest if one["direction"] == MessageDirection.IN.value and not one.get(BY_OTHER)]
        moments += [one["sent_at"] for one in theirs[:1]]
    return max(moments, default=None)
