"""Whose is a conversation: how does it become another customer's, with all that was written in it?

Whoever is known by nothing else goes into the other customer by a merge, which moves no record and can be undone whole.
From anybody else the conversation moves first, and with it as many messages as one transaction takes. Of a longer one
the rest follows in further transactions. Until then the conversation is read whole, at its new customer; what has not
moved yet stands in the history of the former one. The conversation carries the mark of who moves it: of two who do, the
later one goes on.
"""

from typing import Annotated, Any

import strawberry

from adapters.records import Document, RecordId, new_id
from adapters.windows import matching
from resolvers.aliases import ids_of, standing, touched
from resolvers.attachments import ATTACHMENTS
from resolvers.attributes import definitions
from resolvers.conversations import BY_OTHER, CONVERSATIONS, MESSAGES, Conversation
from resolvers.customers import CUSTOMERS, Customer, customer_reader, require_customer
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.erased import being_erased
from resolvers.kit.errors import Conflict, NotFound, Refused, conflict, not_found
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.settling import settled
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import STAFF
from resolvers.merging.asking import Asked
from resolvers.merging.ledger import elements_of
from resolvers.merging.merge import merged

SLICE = Slice("relinking")

STEP = 2_000
"""Messages that one transaction moves: at 0.3 ms each (two indexes begin with the customer), it is over in a second."""
MOST_STEPS = 10
"""Transactions of one question, which has 15 seconds: what is left follows when it is asked again."""


@graph_input
class RelinkConversationInput:
    """A conversation, and whose it really is."""

    id: strawberry.ID = told("The conversation.")
    customer_id: strawberry.ID = told("The customer whose it is from now on.")


@graph_type
class RelinkConversationPayload:
    """The conversation with its customer."""

    conversation: Conversation = told("The conversation.")
    customer: Customer = told("The customer whose it is now.")
    merged_id: strawberry.ID | None = told(
        "The former customer's id, where that one is anonymous and nothing else is known of them: it now leads to this "
        "customer."
    )
    has_messages_left: bool = told(
        "Whether the conversation is so long that messages are left in the former customer's history: ask again."
    )


@SLICE.mutation(may=STAFF, is_administrative=True)
async def relink_conversation(
    info: Info, input: Annotated[RelinkConversationInput, about("The conversation and the customer.")]
) -> RelinkConversationPayload | NotFound | Conflict:
    """Makes a conversation another customer's, with its messages and files; all keep their ids.

    A former customer who is anonymous and would be left with nothing becomes an alias: the old id leads to the new
    customer, and the one identity goes along. It is then only asserted, so that whoever holds it is not signed in by it
    until someone verifies it. `unmergeCustomers` gives all of it back. From others the conversation moves: one of 2,000
    messages or fewer in one go; of a longer one, the rest follows.
    """
    context = info.context
    move = _Move(context, key_of(input.id, "Conversation"), (await require_customer(context, input.customer_id)).key)
    is_left = await settled(context.store, move.begin)
    for _ in range(MOST_STEPS - 1):
        if not is_left:
            break
        is_left = await settled(context.store, move.go_on)
    return await move.payload(has_messages_left=is_left)


class _Move:
    """One conversation on its way to one customer."""

    def __init__(self, context: Context, talk: RecordId | None, into: RecordId) -> None:
        self._context = context
        self._store = context.store
        self._talk = talk
        self._into = into
        self._mark = new_id()
        self._merged: RecordId | None = None

    async def begin(self) -> bool:
        """Moves the conversation and its first messages; whether more are left. Belongs into a transaction."""
        talk = await self._store.first(CONVERSATIONS, {"_id": self._talk}) if self._talk else None
        if talk is None or talk["customer_id"] in {None, *await being_erased(self._store)}:
            raise not_found("conversation")
        if await self._goes_along(talk):
            return False
        newest = await self._newest_word()
        into = await touched(self._context, self._into, climbs={"last_interaction_at": newest} if newest else None)
        if into is None:
            raise not_found("customer", ("input", "customerId"))
        self._into = into["_id"]
        former = talk["customer_id"]
        if former in ids_of(into):
            # Begun before and not finished, or overtaken by a message that was just coming in.
            if not await self._has_stray(ids_of(into)):
                raise conflict("The conversation is this customer's already; there is nothing to do.", "input", "id")
            former = (talk.get("relinked") or {}).get("former_id")
        self._merged = None
        mark = {"id": self._mark, "former_id": former, "at": self._context.clock(), "by": self._context.viewer.subject}
        await self._store.update(
            CONVERSATIONS, {"_id": self._talk}, {"$set": {"customer_id": self._into, "relinked": mark}}
        )
        return await self._step()

    async def go_on(self) -> bool:
        """Moves more messages; whether more are left. None are where somebody else moves the conversation meanwhile."""
        ours = {"_id": self._talk, "relinked.id": self._mark}
        talk = await self._store.update(CONVERSATIONS, ours, {"$inc": {"relinked.steps": 1}})
        return False if talk is None else await self._step()

    async def payload(self, *, has_messages_left: bool) -> RelinkConversationPayload:
        """What the move came to."""
        talks = await self._store.by_ids(CONVERSATIONS, [self._talk])
        customers = await self._store.by_ids(CUSTOMERS, [self._into])
        hidden = hidden_from(self._context.viewer, CONVERSATIONS)
        return RelinkConversationPayload(
            conversation=reader_of(Conversation).read(talks[self._talk], hidden),
            customer=(await customer_reader(self._context))(customers[self._into]),
            merged_id=global_id("Customer", self._merged) if self._merged else None,
            has_messages_left=has_messages_left,
        )

    async def _step(self) -> bool:
        where = {"conversation_id": self._talk, "customer_id": {"$ne": self._into}}
        found = await self._store.find(MESSAGES, where, limit=STEP + 1, only=["_id"])
        keys = [one["_id"] for one in found[:STEP]]
        change = {"$set": {"customer_id": self._into}}
        await self._store.update_all(MESSAGES, {"_id": {"$in": keys}}, change)
        await self._store.update_all(ATTACHMENTS, {"of_id": {"$in": keys}}, change)
        return len(found) > STEP

    async def _newest_word(self) -> Any:
        """When the customer last wrote in the conversation; None where that never was."""
        where = {"conversation_id": self._talk, "direction": "IN", BY_OTHER: {"$ne": True}}
        found = await self._store.find(MESSAGES, where, order=[("sent_at", -1)], limit=1, only=["sent_at"])
        return found[0]["sent_at"] if found else None

    async def _has_stray(self, owners: list[RecordId]) -> bool:
        where = {"conversation_id": self._talk, "customer_id": {"$nin": owners}}
        return await self._store.first(MESSAGES, where) is not None

    # Who would be left with nothing

    async def _goes_along(self, talk: Document) -> bool:
        """Makes the former customer an alias, where nothing but the conversation is known of them; whether it did."""
        former, into = await standing(self._context, talk["customer_id"]), await standing(self._context, self._into)
        if former is None or into is None or former["_id"] == into["_id"] or not await self._is_blank(former):
            return False
        if await self._has_stray(ids_of(former)):
            return False
        identities = await self._store.find(IDENTITIES, {"customer_id": {"$in": ids_of(former)}}, limit=2)
        if len(identities) > 1 or any(_place(one) != _place(talk) for one in identities):
            return False
        question = Asked(
            survivor=into["_id"],
            others=[former["_id"]],
            elements=frozenset(elements_of(self._context.declared)),
            chosen={},
            reason="The only conversation of an anonymous customer was relinked.",
            versions={},
            is_asserted=True,
        )
        try:
            await merged(self._context, question)
        except Refused:
            # The customer has taken in as many as one can: the former one stays, with the identity.
            return False
        self._into, self._merged = into["_id"], former["_id"]
        return True

    async def _is_blank(self, former: Document) -> bool:
        """Whether the customer is anonymous, and nothing else was written down about them or under their id."""
        parts = [part.name for part in self._context.declared.customers.parts]
        defaults = {
            one["name"]: one["default"]
            for one in (await definitions(self._context)).values()
            if one["default"] is not None
        }
        is_plain = former["attributes"] == defaults and not any(former.get(name) for name in parts)
        if not former["is_anonymous"] or former.get("assigned_agent_id") or not is_plain:
            return False
        return not await self._has_records(former)

    async def _has_records(self, former: Document) -> bool:
        """Whether anything that a merge would bring along stands under the customer's ids.

        Identities aside, and the conversation with its messages. Who has no others, and no ticket, has no other files.
        """
        records = [one for one in self._context.declared.records if one.element and one.customer != "_id"]
        ids = {"$concatArrays": [["$_id"], {"$ifNull": ["$aliases.id", []]}]}
        stages: list[Document] = [{"$match": {"_id": former["_id"]}}, {"$project": {"ids": ids}}]
        others = {
            CONVERSATIONS.name: {"_id": {"$ne": self._talk}},
            MESSAGES.name: {"conversation_id": {"$ne": self._talk}},
        }
        names = [record.name for record in records if record not in {IDENTITIES, ATTACHMENTS}]
        for record in records:
            if record.name in names:
                one: dict[str, Any] = {"from": record.name, "localField": "ids", "foreignField": record.customer}
                few = [*matching(others.get(record.name, {})), {"$limit": 1}, {"$project": {"_id": 1}}]
                stages.append({"$lookup": one | {"pipeline": few, "as": record.name}})
        (found,) = await self._store.aggregate(CUSTOMERS, stages)
        return any(found[name] for name in names)


def _place(one: Document) -> tuple[str, str]:
    return one["channel"], one["account"]
