"""Where does the gateway keep what it owns: in MongoDB, through the records that the slices declared."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import AsyncMongoClient, IndexModel, ReplaceOne, UpdateMany, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from adapters.arrivals import Arrivals
from adapters.courtesy import read_of
from adapters.ears import Ears
from adapters.failures import Rearranging, StoreDown, StoreError, plain_errors
from adapters.feed import Feed
from adapters.files import Files
from adapters.fusing import Fusion
from adapters.held import HeldRecords
from adapters.leases import Leases, application_name
from adapters.levels import Levels
from adapters.loads import CategoryLoad, CountLoad, EveryLoad, Load
from adapters.observing import CommandObserver, Listener
from adapters.records import Document, Index, Record, RecordId
from adapters.transactions import Transactions, session_now
from adapters.veil import NO_VEIL
from adapters.window_load import WindowLoad
from adapters.windows import Owner, Row, Strand, Window

T = TypeVar("T")
K = TypeVar("K")

# A load that takes longer than this holds up more than itself; the question has to be narrowed.
MAX_LOAD_MS = 10_000

_FAREWELL_S = 1.0

# Documents of an answer that come at once: as many as a reply of 16 MB holds. Behind MongoDB's 101 each would cost a
# command more.
_WHOLE = 1_000_000

# A long list is read in pieces of so many documents: half a megabyte of messages.
_SOME = 1_000

_AT_ONE_MOMENT = ReadConcern("snapshot")
# An index that is made is soon known to the majority.
_PAUSES_S = (0.05, 0.1, 0.2)
_UNHEARD = WriteConcern(0)


class Store:
    """The records of the house in one database.

    Raises StoreError and its kin, never an exception of the driver. Reads answer plain documents.
    """

    def __init__(
        self, client: AsyncMongoClient[dict[str, Any]], url: str, database: str, records: Sequence[Record]
    ) -> None:
        self._client = client
        # Where it is, so that another process can open it too. The URL may hold a password.
        self.url, self.database = url, database
        options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
        self._database = client.get_database(database, codec_options=options, write_concern=WriteConcern("majority"))
        self._collections: dict[str, AsyncCollection[dict[str, Any]]] = {}
        self.records = {record.name: record for record in records}
        self.held = HeldRecords(self._database, records)
        self.ears = Ears(self._database)
        self.feed = Feed(self._database)
        self._transactions = Transactions(client, self.held)
        self.leases = Leases(self._database)
        self.files = Files(self._database)
        self.arrivals = Arrivals(self._database)
        self._levels = Levels(self._aggregate_all)
        # Given by whoever opens it with the gateway's secret: to erase, and to take in what channels say.
        self.veil = NO_VEIL

    @classmethod
    async def open(
        cls, url: str, database: str, records: Sequence[Record], *, observer: CommandObserver | None = None
    ) -> "Store":
        """A store that is connected; raises StoreDown where no primary answers within ten seconds."""
        try:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                url,
                appname=application_name(),
                retryWrites=True,
                retryReads=True,
                serverSelectionTimeoutMS=10_000,
                event_listeners=[Listener(observer)] if observer else [],
            )
        except (PyMongoError, ValueError) as error:
            raise StoreError(
                "The database's URL cannot be read. Send one such as mongodb://host:27017/?replicaSet=name, "
                "with user and password percent-encoded."
            ) from error
        store = cls(client, url, database, records)
        try:
            await store.ping()
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Closes every connection."""
        await self.held.close()
        await self.ears.close()
        await self.feed.close()
        # The driver takes leave of the database, and one that is gone would be waited for like any other time.
        with pymongo.timeout(_FAREWELL_S):
            await self._client.close()

    async def prepare(self) -> None:
        """Creates what the records declare: collections and indexes. Safe to call at every start."""
        with plain_errors():
            there = set(await self._database.list_collection_names())
            for record in self.records.values():
                if record.name not in there:
                    await self._create(record)
                indexes = list(record.all_indexes())
                if indexes:
                    await self._database[record.name].create_indexes([_model(index) for index in indexes])

    async def ping(self) -> None:
        """Returns when the database answers; raises StoreDown."""
        with plain_errors():
            await self._client.admin.command("ping")

    # Reading

    async def find(
        self,
        record: Record,
        where: Document,
        *,
        order: Sequence[tuple[str, int]] = (),
        limit: int = 0,
        only: Sequence[str] | None = None,
    ) -> list[Document]:
        """The documents that match, in order; at most `limit` of them, all where it is 0. `only`: fields to read."""
        with plain_errors():
            cursor = self._collection(record).find(where, only, session=session_now(), max_time_ms=MAX_LOAD_MS)
            if order:
                cursor = cursor.sort(list(order))
            return list(await read_of(cursor.limit(limit).to_list()))

    async def stream(
        self, record: Record, where: Document, *, only: Sequence[str] | None = None
    ) -> AsyncIterator[list[Document]]:
        """Every document that matches, some at a time, in no order and in no more memory however many there are."""
        with plain_errors():
            cursor = self._collection(record).find(where, only, batch_size=_SOME)
            async with cursor:
                while batch := await cursor.to_list(_SOME):
                    yield list(batch)

    async def by_ids(self, record: Record, ids: Iterable[K]) -> dict[K, Document]:
        """Documents by their ids; those that are not there are absent."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        return {found["_id"]: found for found in await self.find(record, {"_id": {"$in": wanted}})}

    async def first(self, record: Record, where: Document) -> Document | None:
        """The document that matches, or None."""
        found = await self.find(record, where, limit=1)
        return found[0] if found else None

    async def aggregate(
        self, record: Record, pipeline: Sequence[Document], *, at_one_moment: bool = False
    ) -> list[Document]:
        """What the aggregation answers over the record's collection.

        `at_one_moment`: as all of it stood at one moment. Otherwise a document that moves in its index while the
        reader comes by may be missed, or met twice.
        """
        over = self._collection(record)
        if not at_one_moment or session_now() is not None:
            return list(await read_of(self._aggregate(over, pipeline)))
        over = over.with_options(read_concern=_AT_ONE_MOMENT)
        for pause in _PAUSES_S:
            try:
                return list(await read_of(self._aggregate(over, pipeline)))
            except Rearranging:
                await asyncio.sleep(pause)
        return list(await read_of(self._aggregate(over, pipeline)))

    async def count(self, record: Record, where: Document) -> int:
        """How many documents match."""
        with plain_errors():
            counted = self._collection(record).count_documents(where, session=session_now(), maxTimeMS=MAX_LOAD_MS)
            return await read_of(counted)

    async def windows(self, owners: Sequence[Owner], strands: Sequence[Strand], window: Window) -> list[list[Row]]:
        """The next rows of several collections merged, a list per owner."""
        return await self._load(WindowLoad(owners, strands, window)) if strands else [[] for _ in owners]

    async def counts(self, owners: Sequence[Owner], strands: Sequence[Strand]) -> list[int]:
        """How many rows each owner has over all strands."""
        return await self._load(CountLoad(owners, strands)) if strands else [0 for _ in owners]

    async def categories(
        self, owners: Sequence[Owner], records: Sequence[Record], top: int
    ) -> list[dict[str, list[Document]]]:
        """Each owner's facts grouped by category, by record name."""
        return await self._load(CategoryLoad(owners, records, top)) if records else [{} for _ in owners]

    async def every(
        self, owners: Sequence[Owner], record: Record, *, only: frozenset[str] | None = None
    ) -> list[list[Document]]:
        """Each owner's documents of a record kind, in no order. `only`: the fields to read, beside the id."""
        return await self._load(EveryLoad(owners, record, only))

    async def _load(self, load: Load) -> list[Any]:
        """What is loaded for each owner: in one command with all that is asked for the same owners side by side."""
        if not load.owners:
            return []
        if session_now() is not None:
            # Inside a transaction nobody else's load comes along, and nothing is united.
            fusion = Fusion([load], may_sweep=False)
            return fusion.answers(await read_of(self._aggregate_all(fusion.pipeline)))[0]
        return await read_of(self._levels.ask(load))

    # Writing

    async def insert(self, record: Record, *documents: Document) -> None:
        """Adds the documents in order; raises Taken at the first whose key is in use, and adds none behind it."""
        if not documents:
            return
        with self._writing(record):
            # The driver writes an id into a document without one.
            known = [one if "_id" in one else dict(one) for one in documents]
            await self._collection(record).insert_many(known, session=session_now())  # type: ignore[arg-type]

    async def update(self, record: Record, where: Document, change: Document | Sequence[Document]) -> Document | None:
        """Changes the first document that matches and answers it as it is then; None where none matches.

        A change in several steps is worked out by the database upon what stands there.
        """
        with self._writing(record):
            changed: Document | None = await self._collection(record).find_one_and_update(
                where, change, return_document=True, session=session_now()
            )
        return changed

    async def update_all(self, record: Record, where: Document, change: Document) -> int:
        """Changes every document that matches and answers how many were changed."""
        with self._writing(record):
            result = await self._collection(record).update_many(where, change, session=session_now())
        return result.modified_count

    async def update_each(self, record: Record, changes: Sequence[tuple[Document, Document]]) -> int:
        """Changes for each pair the document that matches its first part; answers how many there were to change."""
        if not changes:
            return 0
        steps = [UpdateOne(where, change) for where, change in changes]
        with self._writing(record):
            result = await self._collection(record).bulk_write(steps, ordered=False, session=session_now())
        return result.matched_count

    async def climb(self, record: Record, field: str, values: Mapping[K, Any]) -> None:
        """Raises the field of each document of these ids to the value, where it is lower.

        Each is changed at once and by itself, also while a transaction is under way, whose own changes must be of
        other documents and come after. What only climbs is right whoever comes first and however often, and inside a
        transaction MongoDB 6 reads its catalogue anew for every index of every changed document: half of the cost.
        """
        if not values:
            return
        # Statements for many documents keep no books about their repetition, which climbing does not need.
        steps = [UpdateMany({"_id": key}, {"$max": {field: value}}) for key, value in values.items()]
        try:
            await self._climb(record, steps)
        except StoreDown:
            # The driver repeats no such statement where the connection breaks; a new primary may be there by then.
            await self._climb(record, steps)

    async def _climb(self, record: Record, steps: Sequence[UpdateMany]) -> None:
        with self._writing(record):
            await self._collection(record).bulk_write(steps, ordered=False)

    async def delete(self, record: Record, where: Document) -> int:
        """Removes every document that matches and answers how many there were."""
        with self._writing(record):
            result = await self._collection(record).delete_many(where, session=session_now())
        return result.deleted_count

    async def upsert(
        self,
        record: Record,
        changes: Sequence[tuple[RecordId, Document]],
        *,
        ordered: bool = False,
    ) -> tuple[int, int]:
        """Applies each update to the document of that id, making it where it is missing: (inserted, changed)."""
        if not changes:
            return 0, 0
        steps = [UpdateOne({"_id": where}, change, upsert=True) for where, change in changes]
        with self._writing(record):
            result = await self._collection(record).bulk_write(steps, ordered=ordered, session=session_now())
        return result.upserted_count, result.modified_count

    async def note(self, record: Record, changes: Sequence[tuple[RecordId, Document]]) -> None:
        """The same, sent to the database without waiting for what it says: for what is found again where it is lost.

        A moment may pass until it is there. Outside transactions alone.
        """
        steps = [UpdateOne({"_id": where}, change, upsert=True) for where, change in changes]
        if steps:
            with self._writing(record):
                await self._collection(record).with_options(write_concern=_UNHEARD).bulk_write(steps, ordered=False)

    async def replace(self, record: Record, documents: Sequence[Document]) -> None:
        """Puts each whole document in the place of the one with its id, or adds it."""
        if not documents:
            return
        steps = [ReplaceOne({"_id": one["_id"]}, dict(one), upsert=True) for one in documents]
        with self._writing(record):
            await self._collection(record).bulk_write(steps, ordered=False, session=session_now())

    async def transact(self, work: Callable[[], Awaitable[T]]) -> T:
        """Does all of the work or none of it, and answers what it answers.

        `work` may run more than once (MongoDB asks for that on a passing conflict), so it must have no effect
        outside the store. A transaction inside another joins it.
        """
        return await self._transactions.all_or_none(work)

    @property
    def is_transacting(self) -> bool:
        """Whether a transaction is under way: what fails in it takes back all of it."""
        return session_now() is not None

    async def explain(self, command: Document) -> Document:
        """What the database would do for a command, with the keys and documents that it examines."""
        # Its bounds may be the first and the last moment that the database knows, which no datetime holds.
        options = self._database.codec_options.with_options(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
        with plain_errors():
            answer: Document = await self._database.command(
                {"explain": dict(command), "verbosity": "executionStats"}, codec_options=options
            )
            return answer

    async def drop(self) -> None:
        """Removes the whole database."""
        await self._client.drop_database(self._database.name)

    # Inside

    @contextmanager
    def _writing(self, record: Record) -> Iterator[None]:
        """Forgets the copy that is held once a write is over: also one that failed may have changed something."""
        try:
            with plain_errors(record.name):
                yield
        finally:
            self._transactions.wrote(record)

    def _collection(self, record: Record) -> AsyncCollection[dict[str, Any]]:
        found = self._collections.get(record.name)
        if found is None:
            found = self._collections[record.name] = self._database[record.name]
        return found

    async def _aggregate_all(self, pipeline: Sequence[Document]) -> list[dict[str, Any]]:
        return await self._aggregate(self._database, pipeline)

    async def _aggregate(
        self,
        over: AsyncCollection[dict[str, Any]] | AsyncDatabase[dict[str, Any]],
        pipeline: Sequence[Document],
    ) -> list[dict[str, Any]]:
        with plain_errors():
            cursor = await over.aggregate(
                list(pipeline), session=session_now(), maxTimeMS=MAX_LOAD_MS, batchSize=_WHOLE
            )
            return await cursor.to_list()

    async def _create(self, record: Record) -> None:
        # Another process may be starting too.
        try:
            await self._database.create_collection(record.name)
        except PyMongoError:
            if record.name not in await self._database.list_collection_names():
                raise


def _model(index: Index) -> IndexModel:
    more: dict[str, Any] = {"unique": True} if index.unique else {}
    if index.where is not None:
        more["partialFilterExpression"] = dict(index.where)
    if index.only:
        more["wildcardProjection"] = dict.fromkeys(index.only, 1)
    return IndexModel(index.keys(), **more)
