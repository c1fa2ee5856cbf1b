"""A stranger who wrote, and the conversation that is given to somebody else."""

from dataclasses import replace
from typing import Any

from adapters.contract.records import File, Utterance, Who
from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.ids import global_id
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made
from tests.taking_in import AT, DAY, FILE, WORD, bring

WHO = Who("chat", "web", "v-1")
FIRST = replace(WORD, who=WHO)
NEXT = replace(FIRST, external_id="M2", sent_at=AT - DAY, text="Are you there?")
PICTURE = replace(FILE, channel="chat", account="web", who=WHO, of="M1", of_kind="message")
PAYLOAD = "conversation { id } customer { id lastInteractionAt version } mergedId hasMessagesLeft"


async def a_stranger(store: Store, *words: Utterance | File) -> tuple[Made, str]:
    """An anonymous customer who wrote, and the conversation."""
    await bring(store, *(words or (FIRST, NEXT, PICTURE)))
    (talk,) = await store.find(CONVERSATIONS, {"external_id": FIRST.talk})
    return Made(talk["customer_id"]), global_id("Conversation", talk["_id"])


async def relink(ask: Asking, talk: str, to: Made, **who: Any) -> dict[str, Any]:
    """What giving the conversation to that customer comes to."""
    return await change(ask, "relinkConversation", PAYLOAD, id=talk, customerId=to.id, **who)


async def owners(store: Store) -> set[RecordId]:
    """Everyone to whom the conversation, its messages or its files belong."""
    return {one["customer_id"] for kind in (CONVERSATIONS, MESSAGES, ATTACHMENTS) for one in await store.find(kind, {})}
