"""What do the records that the outside hands over mean in storage, whichever way they came: file, delivery or call?

A batch is taken in whole: one transaction, a read and at most two writes per collection, whatever the number of
records. Rejected records are told with their reasons; the others of the batch are taken.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeGuard, cast

from adapters.contract.records import (
    Case,
    Class,
    Colleague,
    Effort,
    File,
    HandedOver,
    Leaning,
    Listing,
    Order,
    Person,
    Place,
    Remark,
    Talk,
    Team,
    Utterance,
    Who,
)
from adapters.failures import Overtaken, Taken
from adapters.mongo import Store
from adapters.records import CAME_BY, Document, Record, RecordId
from resolvers.agents import AGENTS, GROUPS
from resolvers.attribute_schema import definitions_by_name
from resolvers.campaigns import CAMPAIGNS
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.company import Company, CompanyRecord, company_id, topic_id
from resolvers.ingest.panels import PANELS, Panel, begun_by, conversation_id, message_id
from resolvers.ingest.people import People
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
from resolvers.ingest.shelf import Shelf
from resolvers.interests import TOPICS
from resolvers.kit.erased import being_erased
from resolvers.labels import LABELS

# A collision of two takers is over when one has committed; more in a row means that something else is wrong.
_ATTEMPTS = 10

# A large batch gives way to other work this often: other batches, and requests where a delivery is taken in.
_YIELD_EVERY = 64

_COMPANY = (Team, Class, Effort, Place, Listing, Colleague)
# What others name comes first: groups before colleagues, the company's own before people, people before what is theirs.
_RANKS = {kind: n for n, kind in enumerate((*_COMPANY, Person, Talk, Utterance, Order, Case, Leaning, Remark, File))}
_OF_COMPANY = frozenset(_COMPANY)
# What stands on a channel account of its own, beside that of its person.
_PLACED = frozenset({Listing, Case, Talk, Utterance, File})
# These name nothing of the company's, and are many.
_NAMELESS = frozenset({Order, Utterance, File})
Placed = Listing | Case | Talk | Utterance | File

Along = Callable[[TakenIn], Awaitable[None]]


async def take(
    store: Store,
    records: Sequence[HandedOver],
    *,
    at: datetime,
    by: str,
    default_region: str | None = None,
    along: Along | None = None,
) -> TakenIn:
    """What became of each record, when all of them are stored or none is.

    A person is found by identity and made where nobody is known by it; what belongs to someone unknown makes an
    anonymous customer. `along` writes what must be committed together with the batch. `by` is kept as who changed
    what. Raises StoreError where the database fails, and then nothing was written.
    """
    # A refusal ends a transaction; one that somebody else began cannot be done again from here, and may be taken back.
    is_careful = is_inside = store.is_transacting

    async def work() -> TakenIn:
        known = await definitions_by_name(store)
        visit = Visit(at=stored_moment(at, "at"), by=by, default_region=default_region, definitions=known)
        batch = _Batch(visit, records)
        await batch.load(store, is_careful=is_careful)
        taken = await batch.take()
        if not is_inside:
            await batch.hear(store)
        await batch.write(store)
        if along is not None:
            await along(taken)
        return taken

    # A transaction that a refusal has ended takes no second attempt.
    for _ in range(0 if is_inside else _ATTEMPTS - 1):
        try:
            return await store.transact(work)
        except (Taken, Overtaken):
            # Someone else took the same new person in; the next attempt finds what they stored.
            is_careful = True
    return await store.transact(work)


async def judged(
    store: Store,
    records: Sequence[HandedOver],
    *,
    at: datetime,
    by: str,
    default_region: str | None = None,
    definitions: Iterable[Document] = (),
) -> TakenIn:
    """What would become of each record if it were taken; nothing is written.

    `definitions` are attributes that would be defined by then. Raises StoreError where the database fails.
    """
    known = {one["name"]: one for one in definitions} | {**await definitions_by_name(store)}
    visit = Visit(at=stored_moment(at, "at"), by=by, default_region=default_region, definitions=known)
    batch = _Batch(visit, records)
    await batch.load(store, is_careful=True)
    return await batch.take()


class _Batch:
    """The records of one call, and the working copies of everything that they touch."""

    def __init__(self, visit: Visit, records: Sequence[HandedOver]) -> None:
        self._records = records
        self._company = Company(visit)
        self._people = People(visit, self._company)
        self._panels: dict[str, Shelf[RecordId]] = {one.record.name: Shelf(one.record) for one in PANELS.values()}
        self._accounts: Shelf[RecordId] = Shelf(CHANNEL_ACCOUNTS)
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
        self._erased = await being_erased(store)
        named: dict[str, dict[RecordId, None]] = {}
        for record in self._records:
            if type(record) not in _NAMELESS:
                for kept, key in _named_by(record):
                    named.setdefault(kept.name, {})[key] = None
        await self._company.load(store, named)
        kinds = {type(record) for record in self._records}
        whos = [who for record in self._records for who in _whos(record)]
        related = [
            who for record in self._records if isinstance(record, Person) and record.also for who in _whos(record)
        ]
        await self._people.load(store, whos, is_whole=Person in kinds, related=related)
        places = self._people.identities.places
        if kinds & _PLACED:
            places |= {(one.channel, one.account) for one in self._records if _has_place(one)}
        await self._accounts.load(store, [_account_id(*place) for place in places])
        await self._load_panels(store, is_careful=is_careful)

    async def _load_panels(self, store: Store, *, is_careful: bool) -> None:
        """Reads the documents that the records may change, as far as they may be stored already."""
        wanted: dict[str, list[RecordId]] = {name: [] for name in self._panels}
        for n, record in enumerate(self._records):
            panel = PANELS.get(type(record))
            if panel is None:
                continue
            one: Any = record
            owner = self._people.owner_of(one.who)
            # An interest's id follows from its customer: of a new one there are none.
            if owner is None and isinstance(record, Leaning):
                continue
            key = self._ids[n] = panel.id_of(record, owner)
            # What people removed may be known of someone who is not.
            if owner is not None or is_careful or panel.removed:
                wanted[panel.record.name].append(key)
            if isinstance(record, Utterance):
                wanted[CONVERSATIONS.name].append(conversation_id(record.channel, record.account, record.talk))
            if isinstance(record, File) and record.of_kind == "message":
                wanted[MESSAGES.name].append(message_id(record.channel, record.account, record.of))
        for name, keys in wanted.items():
            await self._panels[name].load(store, keys)
        # Whose a conversation is, people may have decided otherwise than the identity says.
        talks = filter(None, map(self._panels[CONVERSATIONS.name].get, wanted[CONVERSATIONS.name]))
        await self._people.load_customers(store, {talk["customer_id"] for talk in talks})
        for panel in PANELS.values():
            missing = [key for key in wanted[panel.record.name] if key not in self._panels[panel.record.name]]
            if panel.removed and missing:
                self._removed |= (await store.by_ids(panel.removed, missing)).keys()

    async def take(self) -> TakenIn:
        """What becomes of each record. What others name comes first: the company's own, then people."""
        results: dict[int, Result] = {}
        ranks = [_RANKS[type(record)] for record in self._records]
        ranked = sorted(range(len(ranks)), key=ranks.__getitem__)
        for place, n in enumerate(ranked):
            if place % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
            try:
                results[n] = self._take(n, self._records[n])
            except NotTaken as error:
                results[n] = Result(Outcome.REJECTED, str(error))
        return TakenIn([results[n] for n in range(len(self._records))])

    async def hear(self, store: Store) -> None:
        """Writes at once who was heard of, as nothing takes that back."""
        await self._people.hear(store)

    async def write(self, store: Store) -> None:
        """Writes whatever is new or different."""
        await self._people.write(store)
        await self._company.write(store)
        for shelf in self._panels.values():
            await shelf.write(store)
        await self._accounts.write(store)

    def _take(self, n: int, record: HandedOver) -> Result:
        panel = PANELS.get(type(record))
        if panel:
            result = self._take_panel(n, record, panel)
        elif isinstance(record, Person):
            result = self._people.take(record)
        else:
            result = self._company.take(cast("CompanyRecord", record))
        for channel, account, _ in _whos(record):
            if (channel, account) not in self._noted:
                self._note_account((channel, account))
        if _has_place(record):
            self._note_account((record.channel, record.account))
        return result

    def _take_panel(self, n: int, record: Any, panel: Panel[Any]) -> Result:
        said = panel.document(record, self._company)
        if self._removed and self._ids.get(n) in self._removed:
            return UNCHANGED
        heard_at = panel.heard_at(record)
        moment = stored_moment(heard_at, "at") if heard_at else None
        account = self._people.identities.account(record.who)
        channel = record.channel if _has_place(record) else account.who.channel
        owner = speaker = self._people.customer_of(account, moment, channel=channel)
        said[CAME_BY] = account.mark
        if isinstance(record, Utterance):
            owner = self._conversation_of(record, said, owner)
            if moment is not None and owner != speaker:
                self._people.hear_of(owner, moment)
        if isinstance(record, File):
            # Where a conversation was relinked, its messages' files are the other customer's too.
            message = self._standing(self._panels[MESSAGES.name], said["of_id"])
            owner = message["customer_id"] if message else owner
        key = self._ids.get(n) or panel.id_of(record, owner)
        new = {"_id": key, "customer_id": owner, **said}
        shelf = self._panels[panel.record.name]
        old = shelf.get(key)
        if old is None:
            shelf.add(new)
            return INSERTED
        if old["customer_id"] in self._erased:
            shelf.put({**dict.fromkeys(old), **new})
            return INSERTED
        merged = panel.merged(old, new)
        # Asked before `put`, which changes in place what the batch itself has added or changed.
        is_changed = merged != old
        if is_changed:
            shelf.put(merged)
        return changed_or_not(is_changed=is_changed)

    def _conversation_of(self, record: Utterance, message: dict[str, Any], owner: RecordId) -> RecordId:
        """The customer whose conversation it is; the conversation begins or grows by the message."""
        shelf = self._panels[CONVERSATIONS.name]
        known = shelf.get(message["conversation_id"])
        if known is None or known["customer_id"] in self._erased:
            begun = begun_by({**message, "customer_id": owner}) | {"external_id": record.talk}
            shelf.add(begun) if known is None else shelf.put({**dict.fromkeys(known), **begun})
            return owner
        if known["last_message_at"] < message["sent_at"]:
            shelf.copy(known["_id"])["last_message_at"] = message["sent_at"]
        customer: RecordId = known["customer_id"]
        return customer

    def _standing(self, shelf: Shelf[RecordId], key: RecordId) -> Document | None:
        """The document of that id, unless it is of someone who is being erased."""
        found = shelf.get(key)
        return None if found and found["customer_id"] in self._erased else found

    def _note_account(self, place: tuple[str, str]) -> None:
        if place not in self._noted:
            self._noted.add(place)
            if _account_id(*place) not in self._accounts:
                self._accounts.add({**channel_account_document(*place)})


def _account_id(channel: str, account: str) -> RecordId:
    return CHANNEL_ACCOUNTS.id_of({"channel": channel, "account": account})


def _whos(record: HandedOver) -> Iterable[Who]:
    kind = type(record)
    if kind in _OF_COMPANY:
        return ()
    one: Any = record
    return (one.who, *one.also) if kind is Person else (one.who,)


def _has_place(record: HandedOver) -> TypeGuard[Placed]:
    return type(record) in _PLACED


def _named_by(record: HandedOver) -> Iterator[tuple[Record, RecordId]]:
    """What belongs to the company and is brought or named by the record."""
    subjects: tuple[str | None, ...] = ()
    match record:
        case Person():
            yield from ((LABELS, LABELS.id_of({"name": name})) for name in record.labels)
            subjects = (record.assigned_agent,)
        case Case():
            subjects = (record.agent,)
            if record.campaign:
                yield CAMPAIGNS, CAMPAIGNS.id_of({"name": record.campaign})
        case Talk():
            subjects = (record.agent,)
        case Remark():
            subjects = (record.author,)
        case Leaning():
            yield TOPICS, topic_id(record.taxonomy, record.topic)
        case Colleague():
            yield from ((GROUPS, GROUPS.id_of({"name": name})) for name in record.teams)
            yield company_id(record)
        case Team() | Effort() | Class() | Place() | Listing():
            yield company_id(record)
        case _:
            pass
    yield from ((AGENTS, AGENTS.id_of({"subject": one})) for one in subjects if one)
