"""Who are the customers: one document each, found by id or in a list?

The hub of the house. Panels (notes, tickets, purchases ...) add their fields to Customer; this file knows none of them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Index, Observation, Record, RecordId
from adapters.windows import Owner
from resolvers.agents import Agent, agents_of
from resolvers.attribute_rights import NAMES, unseen
from resolvers.attributes import carried_by, definitions, personal_paths
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_type, told
from resolvers.kit.errors import not_found
from resolvers.kit.facts import Fact
from resolvers.kit.ids import key_of, require_key
from resolvers.kit.proofs import proof_of
from resolvers.kit.reads import Excerpt, Paths
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, inner, kept, reader_of
from resolvers.kit.viewer import EVERYONE, Role, Viewer
from resolvers.matching import naming_definitions, sounds_kept
from resolvers.own_record import own_reading
from resolvers.search_words import search_words, searchable_definitions
from resolvers.shown_names import SHOWN_AS, naming

SLICE = Slice("customers")

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands where a customer was never heard of, so that a moment is there to sort by, behind all real ones."""

BY_STAFF = "staff"
"""Where a value was observed that a person of the staff gave."""

BY_DEFAULT = "default"
"""Where a value was observed that nobody gave: it stands in the schema."""

CUSTOMERS = Record(
    name="customers",
    customer="_id",
    indexes=(
        # Lists show and count those who went into no other.
        Index(("merged_into", "created_at", "_id")),
        Index(("merged_into", "last_interaction_at", "_id")),
        Index(("merged_into", "sort_name", "_id")),
        Index(("search",)),
        # Of customers with names: whoever may be the same person is found by it (resolvers/lookalikes.py).
        Index(("sounds",), where={"sounds": {"$exists": True}}),
        Index(("assigned_agent_id",)),
        # Of the few with attributes that people cleared: found when such an attribute leaves the schema.
        Index(("removed.attributes",), where={"removed.attributes": {"$exists": True}}),
    ),
    # Whatever the administrators define.
    found_by=("attributes",),
    # Addresses of pages may hold whatever the person typed or was sent.
    personal=frozenset({"display_name", "entry_point.page", "entry_point.referrer"}),
    # Who of the staff changed the record is no business of the customer's.
    of_staff=frozenset({"created_by", "updated_by"}),
    news=frozenset({"attributes", "assigned_agent_id", "last_interaction_at"}),
)


# A merge takes some milliseconds, and few are undone at once.
_ATTEMPTS = 5


@graph_type
class EntryPoint:
    """Where a customer or conversation came in."""

    channel: str = kept("The channel's name.")
    page: str | None = kept("The page, story or advertisement from which it began.")
    referrer: str | None = kept("The page that led there.")


@SLICE.keeps(CUSTOMERS, keys=["id"], may=EVERYONE)
class Customer(Node, Redacted):
    """A person who deals with the company, whole: everything known of them hangs on this.

    A customer is anonymous until a name or a contact point is known.
    """

    display_name: str | None = kept(
        "The name to show: what was told of the customer, else what the channel that told last calls them; null where "
        "neither is known."
    )
    first_name: str | None = kept("The given name.", at="attributes.firstName")
    last_name: str | None = kept("The family name.", at="attributes.lastName")
    is_anonymous: bool = kept(
        "Whether neither a name nor a contact point was told: what a channel's profile calls somebody is no name that "
        "counts."
    )
    entry_point: EntryPoint | None = kept("Where the customer first came in.")
    created_at: datetime = kept("When the gateway first heard of the customer.")
    created_by: str | None = kept("Who or what made the record: an agent's subject, an import, a channel.")
    updated_at: datetime = kept("When the record was last changed.")
    updated_by: str | None = kept("Who or what changed it last.")
    last_interaction_at: datetime | None = kept(
        "When the customer was last heard of on any channel; null if never.",
        read=lambda moment: None if moment == NEVER else moment,
    )
    version: int = kept(
        "Counts the changes of this record. `editCustomer` and other edits take the one that you read, and are refused "
        "with StaleVersion where the record was changed since."
    )
    aliases: strawberry.Private[list[Document] | None] = inner()
    document: strawberry.Private[Document]

    def owner(self, records: Sequence[Record]) -> Owner:
        """The ids under which records of each kind were written: the customer's own and its aliases'."""
        key, aliases = self.key, self.aliases
        if not aliases:
            return {record.name: [key] for record in records}
        return {
            # What is no element of a merge comes along with everyone.
            record.name: [
                key,
                *(one["id"] for one in aliases if record.element is None or record.element in one["elements"]),
            ]
            for record in records
        }


@graph_type
class AttributeValue:
    """What one attribute of the customer schema holds for one customer."""

    name: str = told("The attribute's name.")
    label: str = told("What people read beside the value.")
    category: str = told("The heading under which the summary counts it.")
    value: AttributeScalar | None = told(
        "The value; null where it is hidden from you or can never be read.", is_personal=True
    )
    is_hidden: bool = told("Whether there is a value that you have no right to see.")
    observed_from: str | None = told("Where the value was seen.")
    observed_at: datetime | None = told("When it was seen there.")
    observed_by: str | None = told("Who of the staff said so; null where a source did.")
    is_verified: bool = told("Whether someone made sure of it.")
    carries: strawberry.Private[str | None] = None


@SLICE.column(Customer, reads=["attributes", "observed"])
async def attributes(customers: list[Customer], info: Info) -> list[list[AttributeValue]]:
    """What the configurable schema holds for the customer, in the schema's order. Empty ones are left out."""
    known, viewer = await definitions(info.context), info.context.viewer
    return [attribute_values(customer.document, known, viewer) for customer in customers]


@SLICE.facts
async def attribute_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The attribute values among the facts."""
    known, viewer = await definitions(context), context.viewer
    return [[_fact(value) for value in attribute_values(one.document, known, viewer)] for one in customers]


def _fact(value: AttributeValue) -> Fact:
    return Fact(
        category=value.category,
        name=value.label,
        value=value.value,
        is_hidden=value.is_hidden,
        observed_from=value.observed_from,
        observed_at=value.observed_at,
        is_verified=value.is_verified,
        carries=value.carries,
    )


@SLICE.personal
async def personal_attributes(context: Context) -> frozenset[str]:
    """Where attributes stand that the administrators made personal."""
    return personal_paths(await definitions(context))


@SLICE.column(Customer, reads=["assigned_agent_id"])
def assigned_agent(customers: list[Customer], info: Info) -> list[Agent | None]:
    """The agent who looks after the customer; null while none does."""
    return agents_of(info.context, [customer.document.get("assigned_agent_id") for customer in customers])


@SLICE.query(may=EVERYONE)
async def customer(
    info: Info,
    id: Annotated[strawberry.ID, about("The customer's id, also one from before a merge.")],
) -> Customer | None:
    """One customer by id; null when there is none, or none that you may see."""
    return await customer_by_id(info.context, require_key(id, "Customer", "id"))


def attribute_values(document: Document, known: Mapping[str, Document], viewer: Viewer) -> list[AttributeValue]:
    """A customer's attribute values in the schema's order, without those that the viewer may not see."""
    values: Mapping[str, Any] = document.get("attributes", {})
    seen: Mapping[str, Document] = document.get("observed", {})
    hidden = unseen(known, viewer)
    return [
        _attribute_value(known[name], values[name], seen.get(name, {}), is_hidden=name in hidden)
        for name in known
        if name in values
    ]


def _attribute_value(definition: Document, value: Any, seen: Document, *, is_hidden: bool) -> AttributeValue:
    is_secret = definition["type"] == "PASSWORD"
    return AttributeValue(
        name=definition["name"],
        label=definition["label"],
        category=definition["category"],
        value=None if is_hidden or is_secret else value,
        is_hidden=is_hidden,
        observed_from=seen.get("observed_from"),
        observed_at=seen.get("observed_at"),
        observed_by=seen.get("observed_by"),
        is_verified=seen.get("is_verified", False),
        carries=carried_by(definition),
    )


def changed_at(version: int, old: Document, values: Mapping[str, Any]) -> dict[str, int]:
    """The attributes whose values are no longer the old ones, each with the version that makes them so.

    Kept in the customer's document under `changed`, by attribute: it tells whoever saw an older version what is new.
    """
    before: Mapping[str, Any] = old.get("attributes", {})
    names = dict.fromkeys((*before, *values))
    return {name: version for name in names if before.get(name) != values.get(name)}


def attributes_of_people(document: Document) -> frozenset[str]:
    """Names of the attributes that a person of the staff has set or cleared: what a source says of them is not taken.

    The first are told by where they were observed, the second stand among what people took away.
    """
    said = [name for name, seen in document.get("observed", {}).items() if seen.get("observed_by")]
    return frozenset(said).union(document.get("removed", {}).get("attributes", ()))


def is_default(document: Document, name: str) -> bool:
    """Whether the attribute's value is the schema's default, which nobody has said or decided to keep."""
    return is_observed_default(document.get("observed", {}).get(name))


def is_observed_default(seen: Document | None) -> bool:
    """Whether a value that was observed there is the schema's default, and nobody's word."""
    return seen is not None and seen.get("observed_from") == BY_DEFAULT and not seen.get("observed_by")


async def customer_by_id(context: Context, key: RecordId) -> Customer | None:
    """The customer, or the survivor of the merge that the customer went into; None where there is none to see."""
    return await context.loaders.load(customers_by_id, key)


async def customer_of(context: Context, record: Record, key: Any) -> Customer | None:
    """The customer to whom the document of that id belongs, read together with it; None where there is none to see."""
    join = {"from": CUSTOMERS.name, "foreignField": "_id"}
    stages: list[Document] = [
        {"$match": {"_id": key}},
        {"$lookup": {**join, "localField": record.customer, "as": "own"}},
        {"$lookup": {**join, "localField": "own.merged_into", "as": "survivor"}},
    ]
    for one in await context.store.aggregate(record, stages):
        own, survivor = next(iter(one["own"]), None), next(iter(one["survivor"]), None)
        if own and own.get("merged_into") and not _is_told(own, survivor):
            return (await customers_by_id(context, [own["_id"]])).get(own["_id"])
        document = survivor or own
        if document is not None and context.viewer.may_see_customer(document["_id"]):
            return (await customer_reader(context))(document)
    return None


async def require_customer(context: Context, given: str, *, at: str = "customerId") -> Customer:
    """The customer whose id stands in a mutation's input; refuses with NOT_FOUND where there is none."""
    key = key_of(given, "Customer")
    found = await customer_by_id(context, key) if key else None
    if found is None:
        raise not_found("customer", ("input", at))
    return found


@SLICE.finds(Customer)
async def customers_by_id(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, Customer]:
    """Customers by id; an old id gives the survivor, and those that the viewer may not see are absent.

    A visitor who was merged goes on to see the own record, and nothing of the survivor's; one into whom a machine has
    merged others sees nothing that could be theirs.
    """
    documents = await _speaking(context, keys)
    for _ in range(_ATTEMPTS):
        # Between the two reads a merge was made or undone: both are read anew.
        torn = [key for key, (own, speaking) in documents.items() if not _is_told(own, speaking)]
        if not torn:
            break
        documents |= await _speaking(context, torn)
    read = await customer_reader(context)
    viewer = context.viewer
    return {key: read(one) for key, (_, one) in documents.items() if one and viewer.may_see_customer(one["_id"])}


async def _speaking(context: Context, keys: Sequence[RecordId]) -> dict[RecordId, tuple[Document, Document | None]]:
    """The documents of these customers, each with the one that speaks for it: its own, or that of the survivor."""
    found = await context.store.by_ids(CUSTOMERS, keys)
    if context.viewer.role is Role.VISITOR:
        # Who was merged in error, or said to be somebody, must not read that one's record: a visitor keeps the own one.
        return {key: (one, one) for key, one in found.items()}
    into = {one["merged_into"] for one in found.values() if one.get("merged_into")}
    survivors = await context.store.by_ids(CUSTOMERS, into) if into else {}
    own = [found[key] for key in keys if key in found]
    return {one["_id"]: (one, survivors.get(one["merged_into"]) if one.get("merged_into") else one) for one in own}


def _is_told(own: Document, speaking: Document | None) -> bool:
    """Whether the document that speaks for another knows of it: not so where a merge lies between the two reads."""
    if speaking is own:
        return True
    return speaking is not None and any(one["id"] == own["_id"] for one in speaking.get("aliases") or ())


async def customer_reader(context: Context, only: Paths | None = None) -> Callable[[Document], Customer]:
    """Makes customers from documents, without what the viewer may not see. `only`: what was read of them; None: all."""
    if context.viewer.role is Role.VISITOR:
        # Lists of customers, of which excerpts are read, are not for visitors.
        return own_reading(context, Customer, CUSTOMERS.of_staff, await proof_of(context))
    hidden: frozenset[str] = frozenset()
    if context.viewer.role is Role.PARTNER:
        # The staff sees every name (`rights_broken`), and other values stand in no field of Customer.
        hidden = hidden_paths(await definitions(context), context.viewer)
    read = reader_of(Customer).reading(hidden, only)

    def made(document: Document) -> Customer:
        one: Customer = read(document, document=document if only is None else Excerpt(document, only))
        return one

    return made


def hidden_paths(known: Mapping[str, Document], viewer: Viewer) -> frozenset[str]:
    """Where in a customer's document values stand that a partner may not see."""
    hidden = unseen(known, viewer)
    paths = frozenset(f"attributes.{name}" for name in hidden)
    if not viewer.may_see_personal:
        return paths | CUSTOMERS.personal
    # The name to show is made of the two.
    return paths | {"display_name"} if hidden & NAMES else paths


def customer_document(
    *,
    key: RecordId,
    values: Mapping[str, Any],
    observed: Observation,
    at: datetime,
    by: str,
    entry_point: Document | None = None,
) -> dict[str, Any]:
    """A new customer as it is stored, with attribute values that were checked before."""
    return {
        "_id": key,
        "attributes": dict(values),
        "observed": dict.fromkeys(values, observed.document()),
        "entry_point": entry_point,
        "created_at": at,
        "created_by": by,
        "updated_at": at,
        "updated_by": by,
        "last_interaction_at": at,
        "version": 1,
    } | naming(values)


def following(document: Document, known: Mapping[str, Document]) -> dict[str, Any]:
    """What follows from a customer's attribute values and contact points: names, and by what the customer is found.

    An empty list is left out where the document has none.
    """
    values, points = document["attributes"], document.get("contact_points") or ()
    names = naming(values, document.get(SHOWN_AS))
    lists = {
        "search": list(search_words(values, points, searchable_definitions(known.values()), document.get(SHOWN_AS))),
        "sounds": sounds_kept(values, naming_definitions(known.values())),
    }
    found = {**names, "is_anonymous": names["is_anonymous"] and not points}
    return found | {name: those for name, those in lists.items() if those or name in document}
