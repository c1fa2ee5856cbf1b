"""By which accounts on which channels is a customer known?

Uniqueness is a primary key: `identity_keys` holds the hash of (channel, account, value) and points at the customer,
so that no two customers can ever hold the same identity. Identities themselves are ordinary records with random ids.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from adapters.contract.records import Who
from adapters.records import Document, Index, Mention, Record, RecordId, key_hash, key_mark
from resolvers.aliases import ids_of
from resolvers.channels import canonical_value, reach_by, require_account, require_channels, require_known_place
from resolvers.customers import CUSTOMERS, Customer, customer_of
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_type, told
from resolvers.kit.errors import BadUserInput, Forbidden, invalid
from resolvers.kit.owned import own_only
from resolvers.kit.proofs import Proof
from resolvers.kit.reads import Paths
from resolvers.kit.scalars import Url
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Slice
from resolvers.kit.stored import Node, Redacted, kept
from resolvers.kit.viewer import EVERYONE, LOOKUP_SCOPE, STAFF_AND_PARTNERS, Role
from resolvers.own_record import SAID_BY, is_inferred
from resolvers.reaches import reading, unseen_reaches

IDENTITIES = Record(
    name="identities",
    element="IDENTITIES",
    indexes=(Index(("customer_id", "channel", "account")), Index(("channel", "customer_id"))),
    personal=frozenset({"value", "profile"}),
    of_staff=frozenset({"claimed_by", "verified_by"}),
    news=frozenset({"value", "claim"}),
    # By which of them channels are asked, every process remembers.
    watched=frozenset({"claim", "is_former", "customer_id"}),
    # Two for each customer of those who can have become one: a number and a scoped id.
    at_most=100,
)
IDENTITY_KEYS = Record(
    name="identity_keys",
    indexes=(
        Index(("customer_id",)),
        Index(("former.customer_id",), where={"former.customer_id": {"$exists": True}}),
    ),
    # Who had the id before whoever has it now. What is from then is nobody's when they are gone.
    mentions=Mention(fields=("former.customer_id",), emptied={"former": None}),
)
UNLINKED = Record(
    name="unlinked_identities",
    key=("digest", "customer_id"),
    indexes=(Index(("digest",)), Index(("customer_id",))),
)
"""Which identities people took off which customers, by the hash: no source's old word puts them on again."""

# By what a customer's identities are sorted.
_PLACE = frozenset({"channel", "account"})

SLICE = Slice("identities", unshown=[IDENTITY_KEYS, UNLINKED])


@graph_enum(
    {
        "VERIFIED": "Proven: the channel itself, or a signed statement, says so.",
        "ASSERTED": "Said by the person or an agent, and not proven.",
        "INFERRED": "Concluded by a machine.",
    }
)
class ClaimStrength(Enum):
    """How well a statement about identity is founded."""

    VERIFIED = "VERIFIED"
    ASSERTED = "ASSERTED"
    INFERRED = "INFERRED"


STRENGTHS = ("INFERRED", "ASSERTED", "VERIFIED")
"""The claims as they are stored, the least well founded first."""
_RANKS = {claim: n for n, claim in enumerate(STRENGTHS)}


def is_stronger(claim: str, other: str) -> bool:
    """Whether a claim, as it is stored, is better founded than another."""
    return _RANKS[claim] > _RANKS[other]


def weaker(claim: str, other: str) -> str:
    """The less well founded of two claims, as they are stored."""
    return claim if _RANKS[claim] <= _RANKS[other] else other


@graph_enum({"ANONYMOUS": "Nothing but the identity is known.", "IDENTIFIED": "A name or a contact point is known."})
class CustomerKind(Enum):
    """How well a customer is known."""

    ANONYMOUS = "ANONYMOUS"
    IDENTIFIED = "IDENTIFIED"


@graph_type
class ChannelProfile:
    """What a channel says of the person behind an identity. Each value is null where the channel does not give it.

    Of an identity that is only ASSERTED it may be what whoever asserted it said; a visitor is not shown that.
    """

    name: str | None = kept("The name shown there.")
    username: str | None = kept("The handle, without an at sign.")
    picture_url: Url | None = kept("A picture; such addresses expire within days.")
    gender: str | None = kept("The gender as the channel writes it.")
    locale: str | None = kept("The language and country, as `en_US`.")
    time_zone: str | None = kept("The time zone as the channel writes it.")


@SLICE.keeps(IDENTITIES, may=EVERYONE)
class Identity(Node, Redacted):
    """A customer's account on one channel: known by channel, our account there, and the customer's id on it."""

    channel: str = kept("The channel's name.")
    account: str = kept("Which of our accounts the id belongs to: vendors' ids are scoped to it.")
    value: str | None = kept("The customer's id on the channel: a number, an address, a scoped id.")
    claim: ClaimStrength = kept(
        "How well it is founded that this identity is the customer's: no better than INFERRED where a machine has "
        "merged others into the customer, until a person confirms that (`confirmMerge`), and of a former identity: "
        "somebody else may hold it by now."
    )
    profile: ChannelProfile | None = kept("What the channel says of the person.")
    first_seen_at: datetime = kept("When it was first seen.")
    last_seen_at: datetime = kept("When it was last heard of.")
    claimed_by: str | None = kept(
        "Who said that the identity is the customer's: an agent's subject, an import, a channel."
    )
    verified_by: str | None = kept(
        "Who made sure of it: an agent's subject, an import, a channel; null while nobody has."
    )
    verified_at: datetime | None = kept("When it was proven to be the customer's; null while it is not.")
    is_former: bool = kept(
        "Whether the channel calls the customer by another id by now, which is here, too.", read=bool
    )


@graph_type
class IdentifiedCustomer:
    """Who stands behind an identity."""

    customer: Customer = told("The customer.")
    kind: CustomerKind = told("How well the customer is known.")
    who: strawberry.Private[Who]


@SLICE.column(Customer, may=EVERYONE, reads=())
async def identities(customers: list[Customer], info: Info) -> list[list[Identity]]:
    """The customer's accounts on channels, by channel and account."""
    context = info.context
    only = info.reads.of(Identity)
    placed = None if only is None else only | _PLACE | {f"profile.{SAID_BY}", "is_former"}
    # Asked for before anything else is waited for: so it goes together with what else is read of the customers.
    found = await context.store.every([one.owner([IDENTITIES]) for one in customers], IDENTITIES, only=placed)
    read = await identity_reader(context, only)
    # Sorted here: the index gives each alias of a customer apart.
    return [
        [read(_own_word(context, weighed(one, customer.aliases))) for one in sorted(documents, key=_place)]
        for customer, documents in zip(customers, found, strict=True)
    ]


def weighed(identity: Document, aliases: Sequence[Document] | None) -> Document:
    """The identity with what its claim counts for at a customer with these aliases."""
    is_weak = identity.get("is_former") or is_inferred(aliases)
    return {**identity, "claim": ClaimStrength.INFERRED.value} if is_weak else identity


async def identity_reader(context: Context, only: Paths | None = None) -> Callable[[Document], Identity]:
    """Makes identities of documents, without what the viewer may not see."""
    return reading(context, Identity, IDENTITIES, await unseen_reaches(context), _reach, only=only)


def _reach(identity: Document) -> str | None:
    return reach_by(identity["channel"], identity.get("value") or "")


def _own_word(context: Context, identity: Document) -> Document:
    """The identity as the viewer is told of it: a visitor sees no profile that others than the channel have written."""
    is_hearsay = context.viewer.role is Role.VISITOR and (identity.get("profile") or {}).get(SAID_BY)
    return {**identity, "profile": None} if is_hearsay else identity


@SLICE.finds(Identity)
async def identities_by_id(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, Identity]:
    """Identities by storage id, each with what its claim counts for at its customer."""
    join = {"from": CUSTOMERS.name, "foreignField": "_id", "pipeline": [{"$project": {"merged_into": 1, "aliases": 1}}]}
    stages: list[Document] = [
        {"$match": {"_id": {"$in": list(keys)}}},
        {"$lookup": {**join, "localField": "customer_id", "as": "own"}},
        {"$lookup": {**join, "localField": "own.merged_into", "as": "survivor"}},
    ]
    read = await identity_reader(context)
    there = {one["_id"]: one for one in await context.store.aggregate(IDENTITIES, stages)}
    found = list((await own_only(context, IDENTITIES, there)).values())
    aliases = {
        one["_id"]: [alias for who in one["survivor"] or one["own"] for alias in who.get("aliases") or ()]
        for one in found
    }
    return {one["_id"]: read(_own_word(context, weighed(one, aliases[one["_id"]]))) for one in found}


def _place(identity: Document) -> tuple[str, str, RecordId]:
    return identity["channel"], identity["account"], identity["_id"]


@SLICE.proves
async def proofs_of(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, Proof]:
    """What is proven of these customers' identities, by one command; merges by a machine bring none along."""
    shown = ["customer_id", "channel", "account", "value", "claim"]
    join = {"localField": "ids", "foreignField": "customer_id", "pipeline": [{"$project": dict.fromkeys(shown, 1)}]}
    ids = {"$concatArrays": [["$_id"], {"$ifNull": ["$aliases.id", []]}]}
    stages: list[Document] = [
        {"$match": {"_id": {"$in": list(keys)}}},
        {"$project": {"aliases": 1, "ids": ids}},
        {"$lookup": {"from": IDENTITIES.name, **join, "as": "identities"}},
        {"$lookup": {"from": UNLINKED.name, **join, "as": "unlinked"}},
    ]
    return {one["_id"]: _proof(one) for one in await context.store.aggregate(CUSTOMERS, stages)}


def _proof(customer: Document) -> Proof:
    brought = [customer["_id"]] if is_inferred(customer.get("aliases")) else ids_of(customer, IDENTITIES)
    own = [one for one in customer["identities"] if one["customer_id"] in brought]
    proven = [one for one in own if one["claim"] == ClaimStrength.VERIFIED.value]
    # What somebody wrote by an identity that was taken off again stays with the customer.
    doubted = [one for one in [*own, *customer["unlinked"]] if one.get("claim") != ClaimStrength.VERIFIED.value]
    return Proof(
        marks=frozenset(key_mark(key_hash(one["channel"], one["account"], one["value"])) for one in proven),
        doubted=frozenset((one.get("channel", ""), one.get("account", "")) for one in doubted),
    )


@SLICE.query(may=STAFF_AND_PARTNERS)
async def customer_by_identity(
    info: Info,
    channel: Annotated[str, about("The channel's name, as `whatsapp`.")],
    account: Annotated[str, about("Which of our accounts on that channel.")],
    value: Annotated[str, about("The customer's id there; phone numbers and addresses in any notation.")],
    is_proven: Annotated[
        bool, about("Answer nobody unless the identity is proven to be the customer's: ask so before you sign one in.")
    ] = False,
) -> IdentifiedCustomer | None:
    """The customer behind an identity; null when nobody is known by it. Partners need the scope `lookup`.

    Of a customer who was merged, that is the survivor, also where the merge left identities behind (`claim` is null).
    Who may be meant where nobody is known, `likelyByIdentity` says.
    """
    context = info.context
    await require_look_up(context)
    who = await named_identity(context, channel, account, value)
    found = await (proven if is_proven else identified)(context, who)
    context.delivered.looked_up(channel, account, found.customer.key if found else None)
    return found


@SLICE.column(IdentifiedCustomer)
async def claim(found: list[IdentifiedCustomer], info: Info) -> list[ClaimStrength | None]:
    """How well it is founded that the identity is this customer's. Sign nobody in as the customer unless VERIFIED.

    No better than INFERRED where the channel calls the customer by another id by now: somebody else may hold this one.
    Null where it is none of this customer's identities: that of one who was merged into this one without them, or taken
    off in this moment.
    """
    return await claims_of(info.context, found)


async def require_look_up(context: Context) -> None:
    """Counts one look-up; raises Forbidden where the viewer may not look people up, LimitExceeded where too often."""
    if not context.viewer.may_look_up:
        # Whatever the data: an answer would tell whether somebody is known by it.
        raise Forbidden(f"Looking people up by an identity needs the scope `{LOOKUP_SCOPE}`. Ask for it.")
    if context.look_ups is not None:
        await context.look_ups.take(context.viewer)


async def named_identity(context: Context, channel: str, account: str, value: str) -> Who:
    """The identity that a question's arguments name, in its canonical form; raises BadUserInput without one."""
    await require_account(context, channel, account)
    try:
        return Who(channel, account, canonical_value(channel, value, context.limits.default_region))
    except ValueError as error:
        raise BadUserInput(f"`value` cannot be an identity on {channel!r}. {error}") from error


async def who_is_meant(context: Context, channel: str, account: str, value: str) -> Who:
    """The identity that an input names, in its canonical form; refuses what can be none on this gateway's channels."""
    await require_known_place(context, channel, account)
    try:
        canonical = canonical_value(channel, value, context.limits.default_region)
    except ValueError as error:
        raise invalid(f"`value` cannot be an identity on {channel!r}. {error}", "input", "value") from error
    return Who(channel, account, canonical)


async def identified(context: Context, who: Who) -> IdentifiedCustomer | None:
    """The customer behind an identity in its canonical form; None where nobody is known by it."""
    customer = await customer_of(context, IDENTITY_KEYS, key_hash(*who))
    return None if customer is None else identified_as(customer, who)


async def proven(context: Context, who: Who) -> IdentifiedCustomer | None:
    """The customer to whom the identity is proven to belong: whoever holds it may be signed in as that customer.

    None where it is only asserted or inferred: whoever made such a claim has proven nothing. A former identity
    proves nobody either: whoever holds it now may be anybody.
    """
    found = await identified(context, who)
    return found if found and await claims_of(context, [found]) == [ClaimStrength.VERIFIED] else None


def identified_as(customer: Customer, who: Who) -> IdentifiedCustomer:
    """The customer, as the answer to whose the identity is."""
    kind = CustomerKind.ANONYMOUS if customer.is_anonymous else CustomerKind.IDENTIFIED
    return IdentifiedCustomer(customer=customer, kind=kind, who=who)


async def claims_of(context: Context, found: Sequence[IdentifiedCustomer]) -> list[ClaimStrength | None]:
    """How well founded each is, by one command; None where the identity has become somebody else's, or nobody's."""
    digests = [key_hash(*one.who) for one in found]
    same = {"from": IDENTITIES.name, "localField": "customer_id", "foreignField": "customer_id"}
    shown = [{"$project": dict.fromkeys(("channel", "account", "value", "claim", "is_former"), 1)}]
    stages: list[Document] = [
        {"$match": {"_id": {"$in": digests}}},
        {"$lookup": same | {"pipeline": shown, "as": "identities"}},
    ]
    keys = {one["_id"]: one for one in await context.store.aggregate(IDENTITY_KEYS, stages)}
    return [_claim_of(one, keys.get(digest)) for one, digest in zip(found, digests, strict=True)]


def _claim_of(found: IdentifiedCustomer, key: Document | None) -> ClaimStrength | None:
    if key is None or key["customer_id"] not in found.customer.owner([IDENTITIES])[IDENTITIES.name]:
        return None
    if is_inferred(found.customer.aliases):
        return ClaimStrength.INFERRED
    same = (one for one in key["identities"] if Who(one["channel"], one["account"], one["value"]) == found.who)
    return next((ClaimStrength(weighed(one, ())["claim"]) for one in same), None)


def identity_document(
    *, key: RecordId, customer: RecordId, who: Who, claim: str, at: datetime, by: str
) -> dict[str, Any]:
    """An identity as it is stored, in its canonical form."""
    is_verified = claim == "VERIFIED"
    return {
        "_id": key,
        "customer_id": customer,
        "channel": who.channel,
        "account": who.account,
        "value": who.value,
        "claim": claim,
        "claimed_by": by,
        "profile": None,
        "first_seen_at": at,
        "last_seen_at": at,
        "was_heard_of": False,
        "verified_at": at if is_verified else None,
        "verified_by": by if is_verified else None,
    }


def identity_key_document(identity: Document, digest: str | None = None) -> dict[str, Any]:
    """The key that makes the identity one, as it is stored. `digest`: the key's hash, where it is known already."""
    key = digest or key_hash(identity["channel"], identity["account"], identity["value"])
    return {"_id": key, "customer_id": identity["customer_id"], "identity_id": identity["_id"]}


@SLICE.condition(CUSTOMER_FILTER)
async def on_channels(channels: list[str], context: Context) -> Having:
    """Customers who are known on any of these channels."""
    await require_channels(context, channels, "filter.onChannels")
    return Having(IDENTITIES, {"channel": {"$in": channels}})
