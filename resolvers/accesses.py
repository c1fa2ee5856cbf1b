"""Who read whose personal data, when, and as what: the access ledger.

One document a request tells who asked, which fields of whom were shown, and in which way they were come by: names and
ids, never a value. What a request gave away is noted while it is answered (kit/delivered.py); the gate says when it is
written (gateway/ledger.py). Documents stay when their customers go; they hold nothing of a customer but the id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import strawberry

from adapters.records import Document, Index, Record, RecordId, Staying, new_id
from adapters.windows import Position, Strand, Window, branches, stretch
from resolvers.agents import Agent, agents_of
from resolvers.customers import NEVER, Customer, customers_by_id
from resolvers.kit.context import Context, Info
from resolvers.kit.delivered import AccessWay, Delivered
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.ids import global_id, require_key
from resolvers.kit.lists import between
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import ADMINISTRATORS, Role, Viewer

ACCESSES = Record(
    name="accesses",
    # Of several customers at once, and kept when they are gone.
    customer=None,
    indexes=(
        Index(("customers", "at", "_id")),
        Index(("viewer", "at", "_id")),
        Index(("ways", "at", "_id")),
        Index(("at", "_id")),
    ),
    stays=Staying("customers", "Who came by the data is told also when the data is gone; no value stands there."),
    aged_by="at",
)

SLICE = Slice("accesses")

MOST_CUSTOMERS: Final = 1_000
"""Customers of one document: 20 KB of ids. A request that shows more of them is written in several."""

_LONGEST_NAME: Final = 64
_ORDER: Final = "at"


@graph_type
class IdentityLookUps:
    """How often somebody was asked for on one channel account. By which value is kept nowhere."""

    channel: str = kept("The channel's name.")
    account: str = kept("Which of our accounts on that channel.")
    found: int = kept("How often a customer was known there.")
    missed: int = kept("How often nobody was.")


@SLICE.keeps(ACCESSES, may=ADMINISTRATORS)
class Access(Node):
    """One request that came by personal data: who asked, and what of whom was shown. No value stands in it."""

    at: datetime = kept("When it was answered.")
    viewer: str = kept("Who asked: the token's subject, or the name of the API key.")
    role: Role = kept("In which role.")
    key_handle: str | None = kept("The handle of the API key; null for a token.")
    ways: list[AccessWay] = kept("In which ways the data was come by.", read=lambda ways: [AccessWay(w) for w in ways])
    fields: list[str] = kept("The personal fields that were shown: `Note.text`, `Customer.attributes.phoneNumber`.")
    searched_by: list[str] = kept("By which personal fields customers were searched or filtered.")
    look_ups: list[IdentityLookUps] = kept("Where customers were asked for by an identity.")
    operation: str | None = kept("What the caller called the operation; null where it has no name.")
    question_hash: str = kept(
        "Tells equal questions: a SHA-256 of the question's text without its texts and numbers, and without variables."
    )
    agent_key: strawberry.Private[RecordId | None] = inner(at="agent_id")
    customer_keys: strawberry.Private[list[RecordId]] = inner(at="customers")


@SLICE.reading(Access, reads=["customers"])
def customer_ids(access: Access) -> list[strawberry.ID]:
    """The ids of those whose data was shown or who were found; of a merged customer all ids."""
    return [global_id("Customer", key) for key in access.customer_keys]


@SLICE.column(Access, may=ADMINISTRATORS, reads=["agent_id"])
def agent(accesses: list[Access], info: Info) -> list[Agent | None]:
    """The agent who asked; null for programs."""
    return agents_of(info.context, [one.agent_key for one in accesses])


def access_documents(
    delivered: Delivered, viewer: Viewer, *, at: datetime, operation: str | None, question_hash: str
) -> list[Document]:
    """What a request gave away as it is stored; none where that is nothing."""
    if not delivered.ways:
        return []
    entry: dict[str, Any] = {
        "at": at,
        "viewer": viewer.subject,
        "role": viewer.role.value,
        "agent_id": viewer.agent_id,
        "key_handle": viewer.key_handle,
        "ways": sorted(delivered.ways),
        "fields": sorted(delivered.fields),
        "searched_by": sorted(delivered.searched_by),
        "look_ups": _look_ups(delivered),
        "operation": operation[:_LONGEST_NAME] if operation else None,
        "question_hash": question_hash,
    }
    customers = list(delivered.customers)
    parts = [customers[start : start + MOST_CUSTOMERS] for start in range(0, len(customers), MOST_CUSTOMERS)]
    return [{"_id": new_id(), **entry, "customers": part} for part in parts or [[]]]


def _look_ups(delivered: Delivered) -> list[Document]:
    counts = delivered.look_ups
    places = dict.fromkeys((channel, account) for channel, account, _ in counts)
    return [
        {
            "channel": channel,
            "account": account,
            "found": counts[channel, account, True],
            "missed": counts[channel, account, False],
        }
        for channel, account in places
    ]


# Asking


@graph_input
class AccessFilter:
    """Which entries of the access ledger: those that fulfil every condition given."""

    customer_id: strawberry.ID | None = told(
        "Only those in which this customer's data was come by, under whichever of a merged customer's ids. Also the id "
        "of one who is gone.",
        default=None,
    )
    viewer: str | None = told("Only requests of this token's subject or API key's name.", default=None)
    way: AccessWay | None = told("Only those in which data was come by in this way.", default=None)
    since: datetime | None = told("Only requests at this moment or later.", default=None)
    until: datetime | None = told("Only requests before this moment.", default=None)


@SLICE.query(may=ADMINISTRATORS)
async def accesses(
    info: Info,
    page: Page,
    filter: Annotated[AccessFilter | None, about("Which entries; left out: all.")] = None,
) -> Connection[Access]:
    """The access ledger, newest first: who read whose personal data, when, and as what. Administrators only."""
    asked = filter or AccessFilter()
    keys: Sequence[RecordId] | None = None
    if asked.customer_id is not None:
        key = require_key(asked.customer_id, "Customer", "filter.customerId")
        found = (await customers_by_id(info.context, [key])).get(key)
        keys = [key] if found is None else _ids(found)
    (one,) = await _pages(info, [_where(asked, keys)], page, ["accesses"])
    return one


@SLICE.column(Customer, may=ADMINISTRATORS, reads=(), name="accesses")
async def accesses_of_customer(
    customers: list[Customer],
    info: Info,
    page: Page,
    way: Annotated[AccessWay | None, about("Only those in which data was come by in this way.")] = None,
    since: Annotated[datetime | None, about("Only requests at this moment or later.")] = None,
    until: Annotated[datetime | None, about("Only requests before this moment.")] = None,
) -> list[Connection[Access]]:
    """Who came by this customer's personal data, newest first. Administrators only."""
    asked = AccessFilter(way=way, since=since, until=until)
    distinct = {one.key: one for one in customers}
    wheres = [_where(asked, _ids(one)) for one in distinct.values()]
    found = dict(zip(distinct, await _pages(info, wheres, page, list(distinct)), strict=True))
    return [found[one.key] for one in customers]


def _ids(customer: Customer) -> Sequence[RecordId]:
    return customer.owner([ACCESSES])[ACCESSES.name]


def _where(asked: AccessFilter, customers: Sequence[RecordId] | None) -> Document:
    """What entries must match; the first condition is the one by which they are found."""
    where: dict[str, Any] = {}
    if customers is not None:
        where["customers"] = customers[0] if len(customers) == 1 else {"$in": list(customers)}
    if asked.viewer is not None:
        where["viewer"] = asked.viewer
    if asked.way is not None:
        where["ways"] = asked.way.value
    if asked.since or asked.until:
        where[_ORDER] = between(asked.since, asked.until)
    return where


async def _pages(
    info: Info, wheres: Sequence[Document], page: Page, names: Sequence[object]
) -> list[Connection[Access]]:
    """A page of the entries that match each of these, all of them read by one command."""
    if not wheres:
        return []
    context = info.context
    sealings = [Sealing(context.seal, "accesses", name) for name in names]
    window, *_ = [page.window(one, newest_first=True) for one in (sealings if page.cursor else sealings[:1])]
    found = await _read(context, wheres, window)
    context.budget.spend(sum(map(len, found)))
    read = reader_of(Access).read
    return [
        connection(
            [read(one) for one in documents],
            [Position(one[_ORDER], "", one["_id"]) for one in documents],
            page,
            sealing,
            partial(_count, where=where),
        )
        for where, sealing, documents in zip(wheres, sealings, found, strict=True)
    ]


async def _read(context: Context, wheres: Sequence[Document], window: Window) -> list[list[Document]]:
    """The newest entries of each, beyond the window's position: each is walked along its index, and no further."""
    walks = [
        [*stretch(strand, bounds, window), {"$set": {"of": {"$literal": n}}}]
        for n, where in enumerate(wheres)
        for strand, bounds in branches([Strand(record=ACCESSES, order=_ORDER, by="customers", where=where)], window)
    ]
    first, *others = walks
    unions: list[Document] = [{"$unionWith": {"coll": ACCESSES.name, "pipeline": one}} for one in others]
    found: list[list[Document]] = [[] for _ in wheres]
    for one in await context.store.aggregate(ACCESSES, [*first, *unions]):
        found[one["of"]].append(one)
    for documents in found:
        documents.sort(key=lambda one: (one[_ORDER], one["_id"]), reverse=window.is_descending)
    return [documents[: window.limit] for documents in found]


async def _count(context: Context, where: Document) -> int:
    return await context.loaders.load(_counts, _Frozen(where)) or 0


class _Frozen:
    """A condition that is asked for by its own self: no two lists of a question are one."""

    def __init__(self, where: Document) -> None:
        self.where = where


async def _counts(context: Context, keys: Sequence[_Frozen]) -> Mapping[_Frozen, int]:
    """How many entries match each, by one command."""
    counting: list[list[Document]] = [
        # Also where all are counted, along an index: it is a fraction of the documents.
        [{"$match": key.where or {_ORDER: {"$gte": NEVER}}}, {"$group": {"_id": {"$literal": n}, "count": {"$sum": 1}}}]
        for n, key in enumerate(keys)
    ]
    first, *others = counting
    unions: list[Document] = [{"$unionWith": {"coll": ACCESSES.name, "pipeline": one}} for one in others]
    found = await context.store.aggregate(ACCESSES, [*first, *unions])
    return {keys[one["_id"]]: one["count"] for one in found}
