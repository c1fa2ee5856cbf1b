"""Which message is meant, and what becomes of it when something is said of it, before it comes or after?"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.contract.records import Progress, Utterance, Withdrawal
from adapters.mongo import Store
from adapters.records import CAME_BY, Document, RecordId
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import MESSAGES
from resolvers.ingest.authors import Authors
from resolvers.ingest.beginning import Began, give_name
from resolvers.ingest.fields import place_of
from resolvers.ingest.identities import Account
from resolvers.ingest.report import INSERTED, UNCHANGED, NotTaken, Result, changed_or_not, stored_moment
from resolvers.ingest.shelf import Shelf
from resolvers.ingest.stand_ins import GONE_AT, UNDER, is_stand_in, stand_in, stays_gone
from resolvers.ingest.talks import climbed, last_word_at, message_id, sent_message_id, state_of, told_of, with_state
from resolvers.privacy.removing import BATCH, Removing

# A conversation has hardly ever one.
_MOST_OPEN: Final = 100
# A vendor tells of what it did within minutes; within days where our address did not answer.
_LATEST_ECHO: Final = timedelta(days=2)
# Its clock and ours differ.
_EARLIEST_ECHO: Final = -timedelta(minutes=5)
_OWN = ("_id", "customer_id", "conversation_id", "sent_at", "came_by", "direction")


class Told:
    """The messages of one batch, under the ids by which they are spoken of."""

    def __init__(self, shelf: Shelf[RecordId], authors: Authors) -> None:
        self._shelf = shelf
        self._authors = authors
        self.erased: frozenset[RecordId] = frozenset()
        """Customers who are being erased: what is still stored of theirs is nobody's."""
        self._fileless: dict[RecordId, datetime | None] = {}
        """Messages that have no files any more, or none from that moment and before."""
        self._begun: dict[RecordId, Began] = {}
        """Conversations that began with a message of ours, and which ones of the channel's they are as it says now."""
        self._moved: dict[RecordId, RecordId] = {}
        """Messages that were shown by the channel's id before it was known that we sent them, and what they are now."""
        self._open: dict[RecordId, list[RecordId]] = {}
        """By conversation, the oldest first, what we sent that its channel has not named."""

    @property
    def is_any_fileless(self) -> bool:
        """Whether files are removed of what was taken back or is gone."""
        return bool(self._fileless)

    async def load_under(self, store: Store, keys: Iterable[RecordId]) -> None:
        """Reads the messages of these ids that stand under other ones; no command where there are none."""
        under = [known[UNDER] for key in keys if (known := self._shelf.get(key)) and known.get(UNDER)]
        if under:
            await self._shelf.load(store, under)

    async def load_echoed(self, store: Store, echoes: Mapping[RecordId, datetime]) -> None:
        """Reads what we sent in these conversations, shortly before, that their channel has not named.

        No command for none of them.
        """
        if echoes:
            wanted = {
                "conversation_id": {"$in": list(echoes)},
                "sent_at": {"$gt": min(echoes.values()) - _LATEST_ECHO},
                "direction": "OUT",
                "external_id": None,
            }
            found = await store.find(MESSAGES, wanted, order=[("sent_at", 1)], limit=_MOST_OPEN)
            for one in found:
                self._open.setdefault(one["conversation_id"], []).append(one["_id"])
            await self._shelf.load(store, [one["_id"] for one in found])

    def _echoed(self, one: Utterance, said: Document) -> RecordId | None:
        """The message of unknown outcome that went out, as its echo says by its words; None where it is none.

        Where one of the same words is being handed over at this moment, its own answer will tell which it is.
        """
        words = (one.text or "").strip()
        waiting = [known for key in self._open.get(said["conversation_id"], ()) if (known := self._shelf.get(key))]
        same = [known for known in waiting if (known["text"] or "").strip() == words and self._is_there(known["_id"])]
        if not words or any(known["status"] == "QUEUED" for known in same):
            return None
        found = [known for known in same if known["status"] == "UNKNOWN" and known["external_id"] is None]
        ages = ((said["sent_at"] - known["sent_at"], known["_id"]) for known in found)
        return next((key for age, key in ages if _EARLIEST_ECHO < age < _LATEST_ECHO), None)

    def standing(self, key: RecordId) -> RecordId:
        """The id under which the message stands that the channel calls so."""
        under: RecordId | None = (self._shelf.get(key) or {}).get(UNDER)
        return under if under is not None and self._is_there(under) else key

    def key_of(self, one: Utterance | Progress, at: datetime, said: Document | None = None) -> RecordId:
        """The same for what may carry the key under which we sent the message: from then on both names mean it.

        But where the channel's id means another message already, the key alone means ours. `said`: the message as it
        is told; raises NotTaken where its id means another one that cannot be told from it by a key.
        """
        named = message_id(one.channel, one.account, one.external_id)
        known = self.standing(named)
        sent = sent_message_id(one.channel, one.account, one.key) if one.key else known
        if isinstance(one, Utterance) and one.is_echo and said is not None and not self._is_there(sent):
            sent = self._echoed(one, said) or known
        if sent != known and self._is_there(sent):
            self._begun |= _begun(self._shelf.get(sent) or {}, one)
            if known == named and not self._is_anothers(named, sent):
                self._name(named, sent, one.external_id, at)
            return sent
        if said is None or (one.key and known == sent) or not self._is_there(known):
            return known
        stands = self._shelf.get(known) or {}
        if known == named and said.get("updated_at") and stands["direction"] == "OUT" != said["direction"]:
            raise NotTaken("A customer changes a message that the company wrote; it stays as it is.")
        if known == named and _is_another(stands, said):
            raise NotTaken(
                "`external_id` is that of a message of another conversation, which stays as it is. Give ids that are "
                "unique on the channel account: where each conversation counts its own, its id and theirs together."
            )
        # Where the id was given to a message of ours first, that one has another id here, and this one gets its own.
        is_free = known != named and (stands["direction"] != said["direction"] or _is_another(stands, said))
        return named if is_free else known

    def is_named(self, one: Utterance, key: RecordId) -> bool:
        """Whether the message that stands under that key is the one that the channel's id means."""
        named = message_id(one.channel, one.account, one.external_id)
        return key in {named, self.standing(named)}

    def _is_anothers(self, named: RecordId, sent: RecordId) -> bool:
        """Whether what stands under the channel's id is not the message that we sent: the person's, or to another."""
        found, ours = self._shelf.get(named) or {}, self._shelf.get(sent) or {}
        return self._is_there(named) and (found["direction"] != ours["direction"] or _is_by_another(found, ours))

    def progress(self, one: Progress) -> Result:
        """What becomes of the message's status; raises NotTaken."""
        place_of(one)
        told, at = told_of(one), stored_moment(one.at, "at")
        return self._tell(self.key_of(one, at), told, at)

    def withdraw(self, one: Withdrawal) -> Result:
        """What becomes of a message that its author took back; raises NotTaken."""
        place_of(one)
        at = stored_moment(one.at, "at")
        key = self.standing(message_id(one.channel, one.account, one.external_id))
        if not self._is_there(key):
            return self._tell(key, self._authors.claim(one, at), at)
        self._authors.require_author(one, at, self._shelf.get(key) or {})
        self._fileless[key] = None
        return self._tell(key, {"withdrawn_at": at}, at)

    def settled(self, stand_in: Document, message: Document, account: Account | None = None) -> Document:
        """What the stand-in says of the message that has come; `account`: by which it came."""
        said = self._authors.settled(stand_in, message, account)
        if said.get("withdrawn_at"):
            self._fileless[message["_id"]] = None
        return said

    def gone(self, message: Document, gone_at: datetime) -> Result:
        """What becomes of a word on a message that was gone by then, alone or with its conversation.

        Of the word nothing is kept; how far the message came is, should its source bring it back.
        """
        key = message["_id"]
        old = self._shelf.get(key)
        if old is None:
            self._shelf.add(stand_in(MESSAGES, key, gone_at, **{GONE_AT: gone_at}, **state_of(message)))
        elif is_stand_in(old, MESSAGES):
            state = with_state(state_of(old), message)
            state.pop("text", None)
            self._shelf.put(stand_in(MESSAGES, key, gone_at, **{GONE_AT: gone_at}, **state))
        else:
            return UNCHANGED
        self._fileless.setdefault(key, gone_at)
        return UNCHANGED

    async def finish(self, store: Store) -> None:
        """Removes the files of what was taken back, and moves along what is of a message or talk that got its name."""
        for old, new in self._moved.items():
            await store.update_all(ATTACHMENTS, {"of_id": old}, {"$set": {"of_id": new}})
        for begun, began in self._begun.items():
            await give_name(store, begun, began)
        await remove_files(store, self._fileless)

    def _tell(self, key: RecordId, told: Document, at: datetime) -> Result:
        old = self._shelf.get(key)
        if old is None:
            self._shelf.add(stand_in(MESSAGES, key, at, **with_state({}, told)))
            return INSERTED
        if old["customer_id"] in self.erased:
            self._shelf.put(stand_in(MESSAGES, key, at, **with_state({}, told)))
            return INSERTED
        new = with_state(old, told)
        if is_stand_in(old, MESSAGES) and GONE_AT not in old:
            # However often and in whichever order it is told, it ages from the first word.
            new["sent_at"] = min(old["sent_at"], at)
        is_changed = new != old
        if is_changed:
            self._shelf.put(new)
        return changed_or_not(is_changed=is_changed)

    def _is_there(self, key: RecordId) -> bool:
        found = self._shelf.get(key)
        return found is not None and found["customer_id"] is not None and found["customer_id"] not in self.erased

    def _name(self, named: RecordId, sent: RecordId, external_id: str, at: datetime) -> None:
        """Has the channel's id mean the message that we sent, with all that was told of it by that id before."""
        known, message = self._shelf.get(named), dict(self._shelf.get(sent) or {})
        if known is None:
            self._shelf.add(stand_in(MESSAGES, named, at, **{UNDER: sent}))
        else:
            told = {**known}
            if is_stand_in(told, MESSAGES):
                told = dict(self.settled(told, message))
            else:
                message |= climbed(message, {**told, **{name: message.get(name) for name in _OWN}})
                self._moved[named] = sent
            message = with_state(message, told)
            gone = {GONE_AT: told[GONE_AT]} if GONE_AT in told else {}
            self._shelf.put(stand_in(MESSAGES, named, at, **gone, **{UNDER: sent}))
            if told.get("withdrawn_at"):
                self._fileless[sent] = None
            if is_stand_in(told, MESSAGES) and stays_gone(told, last_word_at(message)):
                # It was gone at its source before anybody here knew its name there.
                self._fileless.setdefault(sent, told[GONE_AT])
                self._shelf.put(stand_in(MESSAGES, sent, told[GONE_AT], **gone, **state_of(message)))
                return
        self._shelf.put({**message, "external_id": external_id})


def _is_another(known: Document, said: Document) -> bool:
    """Whether two are told of by one id: where ids are unique, a message keeps its conversation, or all the rest."""
    if known["conversation_id"] == said["conversation_id"]:
        return False
    return known["direction"] != said["direction"] or _is_by_another(known, said)


def _is_by_another(one: Document, other: Document) -> bool:
    return None not in {one.get(CAME_BY), other.get(CAME_BY)} and one[CAME_BY] != other[CAME_BY]


def names_of(one: Utterance | Progress | Withdrawal) -> list[RecordId]:
    """The ids under which the message may stand, or a stand-in for it, by the names that it is given."""
    named = [message_id(one.channel, one.account, one.external_id)]
    if not isinstance(one, Withdrawal) and one.key:
        named.append(sent_message_id(one.channel, one.account, one.key))
    return named


def _begun(message: Document, one: Utterance | Progress) -> dict[RecordId, Began]:
    """The conversation of a message of ours that is told of in another one."""
    if one.talk is None:
        return {}
    began = Began(one.channel, one.account, one.talk)
    return {message["conversation_id"]: began} if message["conversation_id"] != began.key else {}


async def remove_files(store: Store, fileless: Mapping[RecordId, datetime | None]) -> None:
    """Removes the files of these messages or tickets, those from that moment and before where one is given."""
    removing = Removing(store, store.records.values())
    for key, at in fileless.items():
        gone = {"of_id": key} | ({"created_at": {"$lte": at}} if at else {})
        while (await removing.some(ATTACHMENTS, gone, BATCH)).total():
            pass
