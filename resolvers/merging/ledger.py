"""Who was merged into whom, by whom, when and why, and what did the survivor's record hold before?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Index, Mention, Part, Record, RecordId
from adapters.windows import Row, Strand
from resolvers.attribute_rights import is_hidden
from resolvers.attributes import carried_by, definitions
from resolvers.customers import Customer, customers_by_id
from resolvers.kit.context import Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.ids import global_id
from resolvers.kit.lists import Listing, customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Declared, OpenEnum, Slice
from resolvers.kit.stored import Node, Redacted, inner, kept
from resolvers.kit.viewer import STAFF, Viewer

MERGES = Record(
    name="merges",
    customer="survivor_id",
    indexes=(Index(("survivor_id", "merged_at", "_id")),),
    personal=frozenset({"reason"}),
    # A merge that was undone still holds what the others had.
    mentions=Mention(
        fields=("others.id", "others.carried"),
        emptied={"others": [], "changed": [], "added": [], "replaced": [], "identities": [], "reason": None},
    ),
    news=frozenset({"undone_at", "confirmed_at"}),
    copies="changed",
)

SLICE = Slice("merging")

_ATTRIBUTES = "attributes."


def elements_of(declared: Declared) -> Mapping[str, Sequence[str]]:
    """The elements that a merge can bring along, each with the names of the records and parts that it stands for."""
    found: dict[str, list[str]] = {}
    there: list[Record | Part] = [*declared.records, *declared.customers.parts]
    for what in there:
        if what.element:
            found.setdefault(what.element, []).append(what.name)
    return found


def _described(declared: Declared) -> dict[str, str]:
    return {
        element: f"What others have of these: {', '.join(names).replace('_', ' ')}."
        for element, names in elements_of(declared).items()
    }


ELEMENT = OpenEnum("MergeElement", "What a merge brings along to the survivor.", _described)


@SLICE.shows
@graph_type
class MergedCustomer(Node):
    """A customer who went into another. The id stays good for ever: `customer` answers the other one to it."""

    merged_into: Customer = told("The customer into whom this one went, after all later merges.")
    merged_at: datetime = told("When.")


@graph_type
class MergeChange:
    """An attribute of the survivor that the merge changed.

    One whose values you may not see is told where there was no value before, or is none after; and not where one took
    another's place, which would tell that they differ.
    """

    name: str = told("The attribute's name.")
    before: AttributeScalar | None = told(
        "The value before; null where there was none, or where it is hidden.", is_personal=True
    )
    after: AttributeScalar | None = told(
        "The value after; null where there is none, or where it is hidden.", is_personal=True
    )
    is_hidden: bool = told("Whether there are values that you have no right to see, or that can never be read.")
    carries: strawberry.Private[str | None]


@SLICE.keeps(MERGES, may=STAFF)
class Merge(Node, Redacted):
    """One merge of the ledger: customers who went into another."""

    merged_at: datetime = kept("When it was done.")
    merged_by: str = kept("Who did it.")
    reason: str | None = kept("Why, in the words of whoever did it.")
    is_inferred: bool = kept(
        "Whether a machine has concluded that they are one person. Until `confirmMerge` nobody is signed in as the "
        "customer, and a visitor is shown nothing that could have come from the others.",
        read=bool,
    )
    confirmed_at: datetime | None = kept("When a person confirmed what a machine has concluded; null if nobody did.")
    confirmed_by: str | None = kept("Who confirmed it.")
    undone_at: datetime | None = kept("When it was undone; null while it holds.")
    undone_by: str | None = kept("Who undid it.")
    left_schema: list[str] | None = kept(
        "Attributes that it changed and that have left the schema since: undoing it does not bring back their values. "
        "Null where there is none."
    )
    survivor_id: strawberry.Private[RecordId] = inner()
    others: strawberry.Private[list[Document]] = inner()
    names: strawberry.Private[list[str]] = inner(at="elements")
    changed: strawberry.Private[list[Document] | None] = inner()


@SLICE.reading(Merge, reads=["elements"])
def elements(merge: Merge) -> list[Annotated[str, ELEMENT]]:
    """What it brought along."""
    return list(merge.names)


@SLICE.column(Merge, may=STAFF, reads=["survivor_id"])
async def survivor(merges: list[Merge], info: Info) -> list[Customer | None]:
    """The customer into whom the others went, or the one into whom that one went later."""
    found = await customers_by_id(info.context, [one.survivor_id for one in merges])
    return [found.get(one.survivor_id) for one in merges]


@SLICE.reading(Merge, reads=["others"])
def other_ids(merge: Merge) -> list[strawberry.ID]:
    """The ids of those who went into the survivor."""
    return [global_id("Customer", one["id"]) for one in merge.others]


@SLICE.column(Merge, may=STAFF, reads=["changed"])
async def changes(merges: list[Merge], info: Info) -> list[list[MergeChange]]:
    """The attributes of the survivor that it changed, in the schema's order."""
    known = await definitions(info.context)
    return [_changes(one.changed or (), known, info.context.viewer) for one in merges]


def _changes(changed: Sequence[Document], known: Mapping[str, Document], viewer: Viewer) -> list[MergeChange]:
    # What was kept on purpose stands in the ledger, too, but is no change.
    by_path = {one["path"]: one for one in changed if one["before"] != one["after"]}
    return [
        _change(definition, change, viewer)
        for name, definition in known.items()
        if (change := by_path.get(f"{_ATTRIBUTES}{name}")) and _is_told(definition, change, viewer)
    ]


def _is_told(definition: Document, change: Document, viewer: Viewer) -> bool:
    return None in (change["before"], change["after"]) or not is_hidden(definition, viewer)


def _change(definition: Document, change: Document, viewer: Viewer) -> MergeChange:
    is_unseen = is_hidden(definition, viewer)
    before, after = (None, None) if is_unseen else (change["before"], change["after"])
    carried = carried_by(definition)
    return MergeChange(name=definition["name"], before=before, after=after, is_hidden=is_unseen, carries=carried)


@SLICE.column(Customer, may=STAFF, reads=())
async def merges(customers: list[Customer], info: Info, page: Page) -> list[Connection[Merge]]:
    """The merges by which others went into this customer, or into one of those, newest first."""
    strand = Strand(record=MERGES, order="merged_at", where=_known_to(customers))
    found = listing_of(Merge, strand, info)
    (strand,) = found.strands
    strand = replace(strand, only=strand.only and strand.only | _TELLING)
    listing = Listing([strand], _as_then(found.read, customers), found.newest_first)
    return await customer_lists(info, customers, listing, page)


# The ledger is read a moment after the customer, and merges may be made and undone between the two. Of them is told
# what the customer's aliases say, by which everything else of the answer is found.


_TELLING = frozenset({"survivor_id", "undone_at"})


def _known_to(customers: Sequence[Customer]) -> Mapping[str, Any]:
    """Leaves out the merges that hold and of which these customers, as they were read, do not know."""
    aliases = [alias for one in customers for alias in one.aliases or ()]
    own = {"survivor_id": {"$in": [one.key for one in customers]}, "_id": {"$in": [one["merge_id"] for one in aliases]}}
    keys = [one["id"] for one in aliases]
    beneath = {"survivor_id": {"$in": keys}, "others.id": {"$in": keys}}
    return {"$or": [{"undone_at": {"$ne": None}}, own, beneath]}


def _as_then(
    read: Callable[[Sequence[Row]], list[Merge]], customers: Sequence[Customer]
) -> Callable[[Sequence[Row]], list[Merge]]:
    """Reads merges as they were when the customers were: those that held then are not undone yet."""
    holding = {alias["merge_id"] for one in customers for alias in one.aliases or ()}
    gone = {alias["id"]: alias["at"] for one in customers for alias in one.aliases or ()}

    def then(row: Row) -> Row:
        entry = row.document
        undone_at, left_at = entry.get("undone_at"), gone.get(entry["survivor_id"])
        # Beneath a later merge none is undone: what is told of one was done once that later one was.
        is_later = undone_at is not None and left_at is not None and undone_at > left_at
        if not is_later and entry["_id"] not in holding:
            return row
        return row._replace(document={**entry, "undone_at": None, "undone_by": None})

    return lambda rows: read([then(row) for row in rows])


def moved(found: Mapping[RecordId, Any]) -> Mapping[RecordId, Any]:
    """Customers by the ids that were asked for; where that is the id of one who was merged, MergedCustomer."""
    return {key: one if one.key == key else _merged(key, one) for key, one in found.items()}


def _merged(key: RecordId, survivor: Customer) -> MergedCustomer:
    at = next((alias["at"] for alias in survivor.aliases or () if alias["id"] == key), survivor.updated_at)
    return MergedCustomer(id=global_id("Customer", key), key=key, merged_into=survivor, merged_at=at)
