"""How is a customer's list of records read, for one customer or for fifty, in one command?"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from adapters.records import Record, RecordId
from adapters.windows import Owner, Row, Strand
from resolvers.kit.context import Context, Info
from resolvers.kit.errors import BadUserInput
from resolvers.kit.paging import Connection, Page, PageRow, connection
from resolvers.kit.stored import Reader
from resolvers.kit.viewer import Viewer

T = TypeVar("T")


class Owning(Protocol):
    """Whoever records belong to: a customer with its aliases."""

    @property
    def key(self) -> RecordId:
        """The storage id."""

    def owner(self, records: Sequence[Record]) -> Owner:
        """The ids under which this customer's records of each kind were written."""


def hidden_from(viewer: Viewer, record: Record) -> frozenset[str]:
    """The record's fields that this viewer may not see."""
    return frozenset() if viewer.may_see_personal else record.personal


def between(since: datetime | None, until: datetime | None) -> dict[str, datetime]:
    """What a moment must match to lie at or after `since` and before `until`; raises BadUserInput where none can."""
    if since and until and since >= until:
        raise BadUserInput(f"`until` is {until.isoformat()}, which is not after `since`. Send a later `until`.")
    return ({"$gte": since} if since else {}) | ({"$lt": until} if until else {})


def ids_of(customers: Sequence[Owning], record: Record) -> list[Sequence[RecordId]]:
    """For each customer the ids under which its records of this kind were written."""
    return [customer.owner([record])[record.name] for customer in customers]


async def customer_lists(
    info: Info,
    customers: Sequence[Owning],
    strands: Sequence[Strand],
    page: Page,
    read: Callable[[Row], T],
    *,
    newest_first: bool = True,
) -> list[Connection[T]]:
    """One page per customer, in their order, read by one command; counting, when asked for, is one more."""
    records = [strand.record for strand in strands]
    owners = {customer.key: customer.owner(records) for customer in customers}
    found = await _lists(info, owners, strands, page, read, newest_first=newest_first)
    return [found[customer.key] for customer in customers]


async def lists_by(
    info: Info,
    keys: Sequence[RecordId],
    strands: Sequence[Strand],
    page: Page,
    read: Callable[[Row], T],
    *,
    newest_first: bool = True,
) -> list[Connection[T]]:
    """One page per owner that is no customer (a conversation's messages), in their order, read by one command."""
    owners: dict[RecordId, Owner] = {key: {strand.record.name: [key] for strand in strands} for key in keys}
    found = await _lists(info, owners, strands, page, read, newest_first=newest_first)
    return [found[key] for key in keys]


async def _lists(
    info: Info,
    owned: Mapping[RecordId, Owner],
    strands: Sequence[Strand],
    page: Page,
    read: Callable[[Row], T],
    *,
    newest_first: bool,
) -> dict[RecordId, Connection[T]]:
    context: Context = info.context
    owners = list(owned.values())
    names = [f"{info.field_name}:{key}" for key in owned]
    window = page.window(names[0], context.seal, newest_first=newest_first)
    if page.cursor is not None:
        # A cursor is of one list: it is refused for any other.
        for name in names[1:]:
            page.window(name, context.seal, newest_first=newest_first)
    found = await context.store.windows(owners, strands, window)
    counting = _counting(strands)
    return {
        key: connection(
            [PageRow(read(row), row.position) for row in rows],
            page,
            name,
            context.seal,
            partial(counting, key=_frozen(owner)),
        )
        for (key, owner), rows, name in zip(owned.items(), found, names, strict=True)
    }


def reading(reader: Reader, context: Context, record: Record) -> Callable[[Row], Any]:
    """Makes the type's object from a row, without what the viewer may not see."""
    hidden = hidden_from(context.viewer, record)
    return lambda row: reader.read(row.document, hidden)


_OwnerKey = tuple[tuple[str, tuple[RecordId, ...]], ...]


def _frozen(owner: Owner) -> _OwnerKey:
    return tuple((name, tuple(ids)) for name, ids in owner.items())


def _counting(strands: Sequence[Strand]) -> Callable[..., Awaitable[int]]:
    """Counts lists of the same strands together, however many customers ask."""

    async def lengths_by_owner(context: Context, keys: Sequence[_OwnerKey]) -> Mapping[_OwnerKey, int]:
        counts = await context.store.counts([dict(key) for key in keys], strands)
        return dict(zip(keys, counts, strict=True))

    async def count(context: Context, key: _OwnerKey) -> int:
        return await context.loaders.load(lengths_by_owner, key) or 0

    return count
