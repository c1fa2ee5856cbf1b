"""What becomes of the records of one batch, from what is stored of all that they touch?

Working copies are read once, records change them one after the other, and what differs is written at once.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any, cast

from adapters.contract.records import (
    Departure,
    File,
    HandedOver,
    Leaning,
    Order,
    Person,
    Progress,
    Removal,
    Renaming,
    Say,
    Talk,
    Utterance,
    Watermark,
    Withdrawal,
)
from adapters.mongo import Store
from adapters.records import CAME_BY, Document, RecordId
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.again import Again
from resolvers.ingest.ahead import require_happened
from resolvers.ingest.authors import Authors, authors_of
from resolvers.ingest.company import Company, CompanyRecord
from resolvers.ingest.departures import require_unknown
from resolvers.ingest.forgotten import is_own_act, moment_of
from resolvers.ingest.growing import grown
from resolvers.ingest.identities import Account
from resolvers.ingest.lenience import readable
from resolvers.ingest.mentions import NAMELESS, PLACED, RANKS, TOLD, has_place, named_by, whos
from resolvers.ingest.panels import PANELS, Panel, ticket_id
from resolvers.ingest.people import People
from resolvers.ingest.placed import settle_placed
from resolvers.ingest.removals import HAS_REMOVALS, kind_of, remove
from resolvers.ingest.report import (
    INSERTED,
    UNCHANGED,
    NotTaken,
    Outcome,
    Result,
    TakenIn,
    Visit,
    changed_or_not,
    stored_moment,
)
from resolvers.ingest.sayings import Sayings
from resolvers.ingest.shelf import Shelf
from resolvers.ingest.stand_ins import GONE_AT, is_stand_in, stays_gone
from resolvers.ingest.talks import conversation_id, last_word_at, message_id, with_state
from resolvers.ingest.told import Told, names_of
from resolvers.ingest.turns import Turns, until
from resolvers.ingest.watermarks import Watermarks, as_far_as
from resolvers.kit.erased import being_erased
from resolvers.order_requests import order_request_id
from resolvers.tickets import TICKETS

# A large batch gives way to other work this often: other batches, and requests where a delivery is taken in.
_YIELD_EVERY = 64


class Batch:
    """The records of one call, and the working copies of everything that they touch."""

    def __init__(self, visit: Visit, records: Sequence[HandedOver], renamed: Mapping[int, Result]) -> None:
        self._visit = visit
        self._records = records
        self._results = dict(renamed)
        """What became of each record so far; of renamings, which come first, already."""
        self._company = Company(visit)
        self._people = People(visit, self._company)
        self._panels: dict[str, Shelf[RecordId]] = {one.record.name: Shelf(one.record) for one in PANELS.values()}
        self._accounts: Shelf[RecordId] = Shelf(CHANNEL_ACCOUNTS)
        self._authors = Authors(self._people)
        self._told = Told(self._panels[MESSAGES.name], self._authors)
        self._again = Again()
        self._turns = Turns()
        self._watermarks = Watermarks(self._panels[CONVERSATIONS.name])
        self._sayings = Sayings(visit, self._people)
        self._noted: set[tuple[str, str]] = set()
        self._ids: dict[int, RecordId] = {}
        self._removed: set[RecordId] = set()
        """Those among them that people removed."""
        self._erased: frozenset[RecordId] = frozenset()
        """Customers who are being erased: what is still stored of theirs is nobody's."""

    async def load(self, store: Store, *, is_careful: bool) -> None:
        """Reads whatever the records touch.

        What belongs to someone unknown is taken for new, and only where it was not (the database refuses its id) is it
        looked up, at the next and careful attempt.
        """
        self._erased = self._told.erased = await being_erased(store)
        named: dict[str, dict[RecordId, None]] = {}
        for record in self._records:
            if type(record) not in NAMELESS:
                for kept, key in named_by(record):
                    named.setdefault(kept.name, {})[key] = None
        await self._company.load(store, named)
        kinds = {type(record) for record in self._records}
        everyone = [who for record in self._records for who in (*whos(record), *authors_of(record))]
        told = [one for one in self._records if isinstance(one, Person)]
        await self._people.load(store, everyone, is_whole=bool(kinds & {Person, Say, Withdrawal}), told=told)
        places = self._people.identities.places
        if kinds & PLACED:
            places |= {(one.channel, one.account) for one in self._records if has_place(one)}
        places |= {one.who[:2] for one in self._records if isinstance(one, Renaming)}
        await self._accounts.load(store, [_account_id(*place) for place in places])
        await self._load_panels(store, is_careful=is_careful)
        await self._sayings.load(store, [one for one in self._records if isinstance(one, Say)])

    async def _load_panels(self, store: Store, *, is_careful: bool) -> None:
        """Reads the documents that the records may change, as far as they may be stored already."""
        wanted: dict[str, list[RecordId]] = {name: [] for name in self._panels}
        for n, record in enumerate(self._records):
            panel = PANELS.get(type(record))
            for name, key in self._beside(record):
                wanted[name].append(key)
            if panel is None:
                continue
            one: Any = record
            owner = self._people.owner_of(one.who, moment_of(one))
            # An interest's id follows from its customer: of a new one there are none.
            if owner is None and isinstance(record, Leaning):
                continue
            key = self._ids[n] = self._talk_id(one) if isinstance(record, Talk) else panel.id_of(record, owner)
            # What people removed may be known of someone who is not.
            if owner is not None or is_careful or panel.removed:
                wanted[panel.record.name].append(key)
        for name, keys in wanted.items():
            await self._panels[name].load(store, keys)
        await self._load_messages(store, wanted[MESSAGES.name])
        # Whose a conversation is, people may have decided otherwise than the identity says.
        talks = filter(None, map(self._panels[CONVERSATIONS.name].get, wanted[CONVERSATIONS.name]))
        await self._people.load_customers(store, {talk["customer_id"] for talk in talks if talk["customer_id"]})
        if not self._visit.is_of_file:
            await self._turns.load(store, self._shared_seconds())
        for panel in PANELS.values():
            missing = [key for key in wanted[panel.record.name] if key not in self._panels[panel.record.name]]
            if panel.removed and missing:
                self._removed |= (await store.by_ids(panel.removed, missing)).keys()

    async def _load_messages(self, store: Store, keys: Sequence[RecordId]) -> None:
        """Reads under which ids they stand, and whose those are that somebody takes back, or has before they came."""
        await self._told.load_under(store, keys)
        echoes = (one for one in self._records if isinstance(one, Utterance) and one.is_echo)
        await self._told.load_echoed(store, {self._talk_id(one): one.sent_at for one in echoes})
        found = [one for one in map(self._panels[MESSAGES.name].get, keys) if one is not None]
        if any(isinstance(one, Withdrawal) for one in self._records):
            await self._people.load_customers(store, {one["customer_id"] for one in found if one["customer_id"]})
        speakers = (self._people.owner_of(one.who, one.sent_at) for one in self._records if isinstance(one, Utterance))
        await self._authors.load(store, found, chain(speakers, (one["customer_id"] for one in found)))

    def _beside(self, one: HandedOver) -> Iterator[tuple[str, RecordId]]:
        """What else must be known of that a record names, whoever's it is."""
        match one:
            case Utterance(key=None):
                # The message itself is looked up as everything that comes in.
                yield CONVERSATIONS.name, self._talk_id(one)
            case Utterance():
                yield CONVERSATIONS.name, self._talk_id(one)
                yield from ((MESSAGES.name, key) for key in names_of(one))
            case Watermark():
                yield CONVERSATIONS.name, self._talk_id(one)
            case Progress() | Withdrawal():
                yield from ((MESSAGES.name, key) for key in names_of(one))
            case File(of_kind="message"):
                yield MESSAGES.name, message_id(one.channel, one.account, one.of)
            case File(of_kind="ticket") if self._has_removals(one):
                yield TICKETS.name, ticket_id(one.channel, one.account, one.of)
            case _:
                pass

    def _talk_id(self, one: Talk | Utterance | Watermark) -> RecordId:
        """The id of the conversation, or of the message's: not that of somebody who had the person's id before."""
        name = one.external_id if isinstance(one, Talk) else one.talk
        at = one.started_at if isinstance(one, Talk) else one.until if isinstance(one, Watermark) else one.sent_at
        return conversation_id(one.channel, one.account, name, self._people.identities.held_since(one.who, at))

    def _shared_seconds(self) -> Iterator[tuple[RecordId, datetime]]:
        """The whole seconds of new messages in which their conversations may have some; none as long as all goes on."""
        for n, one in enumerate(self._records):
            if not isinstance(one, Utterance) or one.sent_at.microsecond or one.sent_at.utcoffset() is None:
                continue
            talk = self._panels[CONVERSATIONS.name].get(self._talk_id(one))
            if talk is None or talk["customer_id"] is None or self._stored_message(self._ids[n]):
                continue
            if talk["started_at"] <= until(one.sent_at) and one.sent_at <= talk["last_message_at"]:
                yield talk["_id"], stored_moment(one.sent_at, "sent_at")

    def _stored_message(self, key: RecordId) -> Document | None:
        return self._standing(self._panels[MESSAGES.name], self._told.standing(key))

    def _has_removals(self, one: File) -> bool:
        return HAS_REMOVALS in (self._accounts.get(_account_id(one.channel, one.account)) or ())

    @property
    def may_have_removed_files(self) -> bool:
        """Whether the bytes of files may be left whose records were removed."""
        is_told = any(isinstance(one, Withdrawal | Removal) for one in self._records)
        return is_told or self._told.is_any_fileless

    async def take(self) -> TakenIn:
        """What becomes of each record. What others name comes first: the company's own, then people.

        Of what is removed it is told by `finish`.
        """
        results = self._results
        self._again.load(self._records, self._stored_message, self._people.identities.mark_of)
        ranks = [RANKS[type(record)] for record in self._records]
        ranked = sorted(range(len(ranks)), key=ranks.__getitem__)
        for place, n in enumerate(ranked):
            if place % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
            try:
                results[n] = self._again.result(n, results) or self._take(n, self._records[n])
            except NotTaken as error:
                results[n] = Result(Outcome.REJECTED, str(error))
        return self._taken()

    def _taken(self) -> TakenIn:
        return TakenIn([self._results[n] for n in range(len(self._records))])

    async def hear(self, store: Store) -> None:
        """Writes at once who was heard of, as nothing takes that back."""
        await self._people.hear(store)

    async def write(self, store: Store) -> None:
        """Writes whatever is new or different."""
        await self._people.write(store)
        await self._company.write(store)
        for shelf in self._panels.values():
            await shelf.write(store)
        await self._sayings.write(store)
        await self._accounts.write(store)
        await settle_placed(store, dict(self._placed()))

    def _placed(self) -> Iterator[tuple[RecordId, RecordId]]:
        """What was ordered here of the orders that were taken: the ids of the request and of the order."""
        for n, one in enumerate(self._records):
            if isinstance(one, Order) and one.key and self._results[n].outcome is not Outcome.REJECTED:
                yield order_request_id(one.who.channel, one.who.account, one.key), self._ids[n]

    async def finish(self, store: Store) -> TakenIn:
        """Removes what is gone, from what is written by now, and answers what became of every record."""
        await self._told.finish(store)
        await self._watermarks.finish(store)
        for n, record in enumerate(self._records):
            if isinstance(record, Removal) and self._results[n].outcome is not Outcome.REJECTED:
                self._results[n] = await remove(store, record)
        return self._taken()

    def _take(self, n: int, record: HandedOver) -> Result:
        require_happened(record, self._visit.at)
        panel = PANELS.get(type(record))
        if panel:
            result = self._take_panel(n, record, panel)
        elif isinstance(record, Person):
            result = self._take_person(record)
        elif isinstance(record, Watermark):
            result = self._watermarks.take(record, self._talk_id(record))
        elif type(record) in TOLD:
            result = self._take_told(n, record)
        else:
            result = self._company.take(cast("CompanyRecord", record))
        for channel, account, _ in whos(record):
            if (channel, account) not in self._noted:
                self._note_account((channel, account))
        if has_place(record):
            self._note_account((record.channel, record.account))
        return result

    def _take_person(self, person: Person) -> Result:
        if not self._visit.is_lenient:
            return self._people.take(person)
        read, notes = readable(person, self._visit)
        return replace(self._people.take(read), notes=notes)

    def _take_told(self, n: int, record: HandedOver) -> Result:
        match record:
            case Progress():
                return self._told.progress(record)
            case Withdrawal():
                return self._told.withdraw(record)
            case Say():
                return self._sayings.take(record)
            case Departure():
                require_unknown(record, self._people)
                return UNCHANGED
            case Removal():
                kind_of(record)
                return UNCHANGED
            case Renaming() if self._results[n].outcome is not Outcome.REJECTED:
                self._note_account(record.who[:2])
        return self._results[n]

    def _take_panel(self, n: int, record: Any, panel: Panel[Any]) -> Result:
        said = panel.document(record, self._company)
        if self._removed and self._ids.get(n) in self._removed:
            return UNCHANGED
        heard_at = panel.heard_at(record)
        moment = stored_moment(heard_at, "at") if heard_at else None
        at = moment_of(record)
        account = self._people.identities.account(
            record.who, stored_moment(at, "at") if at else None, is_heard=is_own_act(record)
        )
        said[CAME_BY] = account.mark
        if isinstance(record, Talk | Utterance):
            # Before a customer is made, whom a message that is not taken would leave behind.
            self._ids[n] = self._named(record, said)
        channel = record.channel if has_place(record) else account.who.channel
        owner = speaker = self._people.customer_of(account, moment, channel=channel)
        if isinstance(record, File) and self._is_of_gone(said):
            return UNCHANGED
        if isinstance(record, Utterance):
            talk = self._panels[CONVERSATIONS.name].get(said["conversation_id"])
            if talk is not None and stays_gone(talk, last_word_at(said)):
                return self._told.gone({**said, "_id": self._ids[n]}, talk[GONE_AT])
            talks, said["status"] = self._panels[CONVERSATIONS.name], as_far_as(talk, said)
            if not self._stored_message(self._ids[n]):
                said["sent_at"] = self._turns.next(said["conversation_id"], self._ids[n], said["sent_at"])
            owner = grown(talks, {**said, "customer_id": owner}, record.talk, self._erased)
            if moment is not None and owner != speaker:
                self._people.hear_of(owner, moment)
        if isinstance(record, File):
            said["of_id"] = self._told.standing(said["of_id"])
            # Where a conversation was relinked, its messages' files are the other customer's too.
            message = self._standing(self._panels[MESSAGES.name], said["of_id"])
            owner = message["customer_id"] if message else owner
        key = self._ids.get(n) or panel.id_of(record, owner)
        return self._keep(panel, {"_id": key, "customer_id": owner, **said}, account)

    def _named(self, record: Talk | Utterance, said: dict[str, Any]) -> RecordId:
        """The id of the conversation or message, which is told of its conversation; raises NotTaken."""
        if isinstance(record, Talk):
            return self._talk_id(record)
        said["conversation_id"] = self._talk_id(record)
        key = self._told.key_of(record, said["sent_at"], said)
        if not self._told.is_named(record, key):
            said["external_id"] = None
        return key

    def _keep(self, panel: Panel[Any], new: dict[str, Any], account: Account) -> Result:
        """What becomes of the document that is stored under the id of this one, or of this one where none is."""
        shelf = self._panels[panel.record.name]
        old = shelf.get(new["_id"])
        if old is None:
            shelf.add(new)
            return INSERTED
        if old["customer_id"] in self._erased:
            shelf.put({**dict.fromkeys(old), **new})
            return INSERTED
        is_message = panel.record is MESSAGES
        if stays_gone(old, new.get("updated_at")):
            return self._told.gone(new, old[GONE_AT]) if is_message else UNCHANGED
        if is_stand_in(old, panel.record):
            gone = {GONE_AT: old[GONE_AT]} if GONE_AT in old else {}
            known = with_state(new, self._told.settled(old, new, account)) if is_message else new
            shelf.put({**known, **gone})
            return INSERTED
        merged = panel.merged(old, new)
        if is_message:
            merged = with_state(merged, {})
        # Asked before `put`, which changes in place what the batch itself has added or changed.
        is_changed = merged != old
        if is_changed:
            shelf.put(merged)
        return changed_or_not(is_changed=is_changed)

    def _standing(self, shelf: Shelf[RecordId], key: RecordId) -> Document | None:
        """The document of that id, unless it is of someone who is being erased."""
        found = shelf.get(key)
        return None if found and found["customer_id"] in {None, *self._erased} else found

    def _is_of_gone(self, file: Document) -> bool:
        """Whether the file came with something that is gone at its source since, or that its author took back."""
        key = self._told.standing(file["of_id"])
        home = self._panels[MESSAGES.name].get(key) or self._panels[TICKETS.name].get(key) or {}
        return stays_gone(home, file["created_at"]) or home.get("withdrawn_at") is not None

    def _note_account(self, place: tuple[str, str]) -> None:
        if place not in self._noted:
            self._noted.add(place)
            if _account_id(*place) not in self._accounts:
                self._accounts.add({**channel_account_document(*place)})


def _account_id(channel: str, account: str) -> RecordId:
    return CHANNEL_ACCOUNTS.id_of({"channel": channel, "account": account})
