"""How is a customer's list of records read, for one customer or for fifty, in one command?"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeVar

from adapters.quiet import quiet
from adapters.records import Part, Record, RecordId
from adapters.windows import Owner, Position, Row, Strand, Window
from resolvers.kit.context import Context, Info
from resolvers.kit.errors import BadUserInput
from resolvers.kit.paging import Connection, Page, Placed, Sealing, connection
from resolvers.kit.proofs import shown
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import Role, Viewer

T = TypeVar("T")


class Owning(Protocol):
    """Whoever records belong to: a customer with its aliases."""

    @property
    def key(self) -> RecordId:
        """The storage id."""

    def owner(self, records: Sequence[Record]) -> Owner:
        """The ids under which this customer's records of each kind were written."""


@quiet
class AtHand(NamedTuple, Generic[T]):
    """A row of a list that need not be read, and where it stands."""

    at: Position
    row: T


def hidden_from(viewer: Viewer, what: Record | Part) -> frozenset[str]:
    """The fields of what is kept that this viewer may not see."""
    if viewer.role is Role.VISITOR:
        return what.of_staff
    return frozenset() if viewer.may_see_personal else what.personal


def between(since: datetime | None, until: datetime | None) -> dict[str, datetime]:
    """What a moment must match to lie at or after `since` and before `until`; raises BadUserInput where none can."""
    if since and until and since >= until:
        raise BadUserInput(f"`until` is {until.isoformat()}, which is not after `since`. Send a later `until`.")
    return ({"$gte": since} if since else {}) | ({"$lt": until} if until else {})


def ids_of(customers: Sequence[Owning], record: Record) -> list[Sequence[RecordId]]:
    """For each customer the ids under which its records of this kind were written."""
    return [customer.owner([record])[record.name] for customer in customers]


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What a list is made of, how its rows become what it shows, and its stated order."""

    strands: Sequence[Strand]
    read: Callable[[Sequence[Row]], list[T]]
    newest_first: bool = True


def listing_of(cls: type[T], strand: Strand, info: Info, *, newest_first: bool = True) -> Listing[T]:
    """A list of one record's documents as objects of its type, without what the viewer may not see.

    Of a document is read what the answer shows.
    """
    only = info.reads.of(cls)
    read = reader_of(cls).reading(hidden_from(info.context.viewer, strand.record), only)
    return Listing([replace(strand, only=only)], lambda rows: [read(row.document) for row in rows], newest_first)


async def customer_lists(
    info: Info,
    customers: Sequence[Owning],
    listing: Listing[T],
    page: Page,
    *,
    beside: Mapping[RecordId, Sequence[AtHand[T]]] = MappingProxyType({}),
) -> list[Connection[T]]:
    """One page per customer, in their order, read by one command; counting, when asked for, is one more.

    `beside`: rows of a customer that are at hand already, to be put among those that are read.
    """
    records = [strand.record for strand in listing.strands]
    keys = [customer.key for customer in customers]
    distinct = dict(zip(keys, customers, strict=True))
    owners = [customer.owner(records) for customer in distinct.values()]
    live = info.context.live
    if live is not None:
        coming = live.before(info.context, list(distinct.values()), records)
        if coming is not None:
            await coming
    found = await _lists(info, list(distinct), owners, listing, page, beside)
    if live is not None:
        for one, customer in zip(found, distinct.values(), strict=True):
            one.telling = partial(live.told_of, customer, records)
    return _handed_out(info, keys, list(distinct), found)


async def lists_by(info: Info, keys: Sequence[RecordId], listing: Listing[T], page: Page) -> list[Connection[T]]:
    """One page per owner that is no customer (a conversation's messages), in their order, read by one command."""
    distinct = list(dict.fromkeys(keys))
    owners: list[Owner] = [{strand.record.name: [key] for strand in listing.strands} for key in distinct]
    return _handed_out(info, keys, distinct, await _lists(info, distinct, owners, listing, page, {}))


def _handed_out(
    info: Info, keys: Sequence[RecordId], distinct: Sequence[RecordId], found: list[Connection[T]]
) -> list[Connection[T]]:
    """The page of each key, in their order: read once, but counted for each place at which it stands."""
    if len(distinct) == len(keys):
        return found
    by_key = dict(zip(distinct, found, strict=True))
    again = Counter(keys) - Counter(distinct)
    info.context.budget.spend(sum(len(by_key[key].rows) * times for key, times in again.items()))
    return [by_key[key] for key in keys]


async def _lists(
    info: Info,
    keys: Sequence[RecordId],
    owners: Sequence[Owner],
    listing: Listing[T],
    page: Page,
    beside: Mapping[RecordId, Sequence[AtHand[T]]],
) -> list[Connection[T]]:
    """The page of each owner; no two keys are the same."""
    context, name = info.context, info.field_name
    if not keys:
        return []
    listing = await _shown(context, listing)
    sealings = [Sealing(context.seal, name, key) for key in keys]
    # A cursor is of one list: it is refused for any other, so that with several customers it is refused.
    opened = sealings if page.cursor is not None else sealings[:1]
    window, *_ = [page.window(sealing, newest_first=listing.newest_first) for sealing in opened]
    found = await _read(context, owners, listing.strands, window)
    counting = _counting(listing.strands)
    pages = []
    for key, owner, sealing, rows in zip(keys, owners, sealings, found, strict=True):
        made = listing.read(rows)
        places: Sequence[Placed] = rows
        at_hand = beside.get(key, ()) if beside else ()
        if at_hand:
            made, places = _merged(zip(rows, made, strict=True), at_hand, window)
        pages.append(connection(made, places, page, sealing, partial(counting, owner=owner, more=len(at_hand))))
    return pages


async def _shown(context: Context, listing: Listing[T]) -> Listing[T]:
    """The list without what the viewer is not shown."""
    if context.viewer.role is not Role.VISITOR:
        return listing
    strands = [
        replace(strand, where={**strand.where, **await shown(context, strand.record)}) for strand in listing.strands
    ]
    return replace(listing, strands=strands)


async def _read(
    context: Context, owners: Sequence[Owner], strands: Sequence[Strand], window: Window
) -> list[list[Row]]:
    """The rows of each owner, in one command where they cannot be more than the request may load at all."""
    at_once = max(context.budget.most_rows // window.limit, 1)
    found: list[list[Row]] = []
    for start in range(0, len(owners), at_once):
        rows = await context.store.windows(owners[start : start + at_once], strands, window)
        context.budget.spend(sum(map(len, rows)))
        found += rows
    return found


def _merged(
    read: Iterable[tuple[Placed, T]], at_hand: Iterable[AtHand[T]], window: Window
) -> tuple[list[T], list[Placed]]:
    """Both lists' rows in the window's order with their places, as many as it wants."""
    place = window.beyond
    ahead = [one for one in at_hand if place is None or (one.at < place if window.is_descending else one.at > place)]
    both = sorted([*read, *ahead], key=lambda one: one[0].position, reverse=window.is_descending)[: window.limit]
    return [one for _, one in both], [place for place, _ in both]


_OwnerKey = tuple[tuple[str, tuple[RecordId, ...]], ...]


def _frozen(owner: Owner) -> _OwnerKey:
    return tuple((name, tuple(ids)) for name, ids in owner.items())


def _counting(strands: Sequence[Strand]) -> Callable[..., Awaitable[int]]:
    """Counts lists of the same strands together, however many customers ask."""

    async def lengths_by_owner(context: Context, keys: Sequence[_OwnerKey]) -> Mapping[_OwnerKey, int]:
        counts = await context.store.counts([dict(key) for key in keys], strands)
        return dict(zip(keys, counts, strict=True))

    async def count(context: Context, owner: Owner, more: int) -> int:
        return (await context.loaders.load(lengths_by_owner, _frozen(owner)) or 0) + more

    return count
