"""Whose is an identity: what do people say of it, take back, and make sure of?

A claim that nobody has proven merges no customers and takes no identity away, and whoever holds the identity is not
signed in as the customer by it. An identity keeps its id while it is one customer's; linked anew, it has another.
"""

from typing import Annotated, Any

import strawberry

from adapters.contract.records import Who
from adapters.records import Document, RecordId, key_hash, new_id
from resolvers.aliases import ids_of, touched
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS, Customer, customer_reader, following, require_customer
from resolvers.identities import (
    IDENTITIES,
    IDENTITY_KEYS,
    UNLINKED,
    ClaimStrength,
    Identity,
    identity_document,
    identity_key_document,
    identity_reader,
    is_stronger,
    require_look_up,
    weighed,
    who_is_meant,
)
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, Refused, conflict, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.settling import settled
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import STAFF
from resolvers.shown_names import SHOWN_AS

SLICE = Slice("linking")

_ELSEWHERE = (
    "This identity belongs to another customer. If both are one person, merge them; if it was never the other one's, "
    "unlink it there first. To move what was said in one conversation, use `relinkConversation`."
)
_LEFT_BEHIND = (
    "This identity belongs to somebody who went into this customer by a merge that left identities behind. Undo that "
    "merge (`Customer.merges` has it) and merge again with IDENTITIES among the `elements`."
)


@graph_input
class LinkIdentityInput:
    """An account on a channel that is said to be a customer's."""

    customer_id: strawberry.ID = told("The customer.")
    channel: str = told("The channel's name, as `whatsapp`.")
    account: str = told("Which of our accounts on that channel.")
    value: str = told("The customer's id there; phone numbers and addresses in any notation.")
    claim: ClaimStrength = told(
        "How well it is founded: ASSERTED or INFERRED. What you made sure of is verified afterwards.",
        default=ClaimStrength.ASSERTED,
    )


@graph_input
class UnlinkIdentityInput:
    """An identity that is not the customer's."""

    id: strawberry.ID = told("The identity.")


@graph_input
class VerifyIdentityInput:
    """An identity that someone made sure of."""

    id: strawberry.ID = told("The identity.")


@graph_type
class LinkIdentityPayload:
    """The identity with its customer."""

    identity: Identity = told("The identity.")
    customer: Customer = told("The customer as it is now.")


@graph_type
class UnlinkIdentityPayload:
    """What was taken off."""

    removed_id: strawberry.ID = told("The id that the identity had.")
    customer: Customer | None = told("The customer as it is now; null where there is none any more.")


@graph_type
class VerifyIdentityPayload:
    """The identity as it is now."""

    identity: Identity = told("The identity.")


@SLICE.mutation(may=STAFF)
async def link_identity(
    info: Info, input: Annotated[LinkIdentityInput, about("The account and the customer.")]
) -> LinkIdentityPayload | NotFound | InvalidInput | Conflict:
    """Says that an account on a channel is a customer's, or says it better founded than before.

    An account that is another customer's stays that one's. Nobody is signed in as the customer by what is only said.
    It counts among the look-ups, as the answer tells whether somebody is known by it.
    """
    context = info.context
    if input.claim is ClaimStrength.VERIFIED:
        words = (
            "What you say is not verified by saying so. Link it as ASSERTED, then make sure and use `verifyIdentity`."
        )
        raise invalid(words, "input", "claim")
    await require_look_up(context)
    who = await who_is_meant(context, input.channel, input.account, input.value)
    key = (await require_customer(context, input.customer_id)).key
    owner: RecordId | None = None

    async def work() -> LinkIdentityPayload:
        nonlocal owner
        known = await context.store.first(IDENTITY_KEYS, {"_id": key_hash(*who)})
        owner = known["customer_id"] if known else None
        return await _link(context, key, who, input.claim.value, known)

    try:
        linked = await settled(context.store, work)
    finally:
        context.delivered.looked_up(who.channel, who.account, owner)
    _asked_anew(context, linked.customer.key)
    return linked


@SLICE.mutation(may=STAFF)
async def unlink_identity(
    info: Info, input: Annotated[UnlinkIdentityInput, about("Which identity.")]
) -> UnlinkIdentityPayload | NotFound:
    """Takes an identity off a customer, also the last one. What was written by it stays the customer's.

    A source that says it again does not put it on again, unless the channel itself proves it by something newer.
    Whoever writes by it next is somebody unknown.
    """
    context = info.context
    key = key_of(input.id, "Identity")

    async def work() -> tuple[RecordId, Document | None]:
        identity = await context.store.first(IDENTITIES, {"_id": key}) if key else None
        if identity is None:
            raise not_found("identity")
        await take_off(context, identity)
        return identity["customer_id"], await touched(context, identity["customer_id"])

    owner, document = await settled(context.store, work)
    _asked_anew(context, owner)
    customer = (await customer_reader(context))(document) if document else None
    return UnlinkIdentityPayload(removed_id=input.id, customer=customer)


@SLICE.mutation(may=STAFF)
async def verify_identity(
    info: Info, input: Annotated[VerifyIdentityInput, about("Which identity.")]
) -> VerifyIdentityPayload | NotFound | Conflict:
    """Says that you made sure that the identity is the customer's. Who did and when is kept.

    From then on whoever holds the identity may be signed in as the customer, unless a machine has merged others into
    that one and nobody has confirmed it.
    """
    context = info.context
    key = key_of(input.id, "Identity")
    unproven = {"_id": key, "claim": {"$ne": ClaimStrength.VERIFIED.value}}
    changed = await context.store.update(IDENTITIES, unproven, {"$set": _verified(context)}) if key else None
    if changed is None:
        if key is None or await context.store.first(IDENTITIES, {"_id": key}) is None:
            raise not_found("identity")
        raise conflict(
            "The identity is verified already. Where it counts as INFERRED none the less, a machine has merged its "
            "customer: confirm that with `confirmMerge`.",
            *("input", "id"),
        )
    _asked_anew(context, changed["customer_id"])
    return VerifyIdentityPayload(identity=await _read(context, weighed(changed, ())))


def _asked_anew(context: Context, customer: RecordId) -> None:
    """Has channels asked by what this change made of the customer's identities, from the next list on."""
    if context.live is not None:
        context.live.forget([customer])


async def take_off(context: Context, identity: Document) -> None:
    """Removes the identity and its key, and remembers of whom it was, and where; belongs into a transaction."""
    store = context.store
    digest = _digest(identity)
    await store.delete(IDENTITIES, {"_id": identity["_id"]})
    # By now a former id may be somebody else's.
    await store.delete(IDENTITY_KEYS, {"_id": digest, "customer_id": identity["customer_id"]})
    called = {"_id": identity["customer_id"], f"{SHOWN_AS}.digest": digest}
    if (customer := await store.first(CUSTOMERS, called)) is not None:
        # What the channel calls its holder is nothing of the customer's any more.
        left = {name: value for name, value in customer.items() if name != SHOWN_AS}
        found = following(left, await definitions(context))
        shown = {name: found[name] for name in ("display_name", "sort_name", "search") if name in found}
        await store.update(CUSTOMERS, called, {"$unset": {SHOWN_AS: ""}, "$set": shown})
    taken = {"digest": digest, "customer_id": identity["customer_id"]}
    place = {name: identity[name] for name in ("channel", "account", "claim")}
    change = {"$set": taken | place | {"unlinked_at": context.clock(), "unlinked_by": context.viewer.subject}}
    await store.upsert(UNLINKED, [(UNLINKED.id_of(taken), change)])


async def _link(context: Context, key: RecordId, who: Who, claim: str, known: Document | None) -> LinkIdentityPayload:
    """What linking comes to, inside a transaction."""
    store = context.store
    customer = await touched(context, key)
    if customer is None:
        raise not_found("customer", ("input", "customerId"))
    digest = key_hash(*who)
    if known is None:
        # The customer was written just now, so that nobody else adds one meanwhile.
        await _require_room(context, customer)
        identity: Document = identity_document(
            key=new_id(), customer=customer["_id"], who=who, claim=claim, at=context.clock(), by=context.viewer.subject
        )
        # Where the customer is parted from others again, people say whose it is.
        identity = {**identity, "linked_at": context.clock()}
        await store.insert(IDENTITY_KEYS, identity_key_document(identity))
        await store.insert(IDENTITIES, identity)
        await store.delete(UNLINKED, {"digest": digest, "customer_id": {"$in": ids_of(customer)}})
    else:
        identity = await _climbed(context, known, customer, who, claim)
    shown = await _read(context, weighed(identity, customer.get("aliases")))
    return LinkIdentityPayload(identity=shown, customer=(await customer_reader(context))(customer))


async def _require_room(context: Context, customer: Document) -> None:
    count = await context.store.count(IDENTITIES, {"customer_id": {"$in": ids_of(customer, IDENTITIES)}})
    if IDENTITIES.at_most is not None and count >= IDENTITIES.at_most:
        raise conflict(
            f"The customer has {count} identities already; at most {IDENTITIES.at_most} are kept. "
            "Unlink one first with `unlinkIdentity`."
        )


async def _climbed(context: Context, known: Document, customer: Document, who: Who, claim: str) -> Document:
    """The customer's own identity with the better founded claim; refuses where it is another's, or no better."""
    if known["customer_id"] not in ids_of(customer):
        raise conflict(_ELSEWHERE, "input", "value")
    if known["customer_id"] not in ids_of(customer, IDENTITIES):
        raise conflict(_LEFT_BEHIND, "input", "value")
    channel, account, value = who
    place = {"customer_id": known["customer_id"], "channel": channel, "account": account, "value": value}
    identity = await context.store.first(IDENTITIES, place)
    if identity is None or not is_stronger(claim, identity["claim"]):
        raise _already(claim)
    change = {"$set": {"claim": claim, "claimed_by": context.viewer.subject}}
    return await context.store.update(IDENTITIES, {"_id": identity["_id"]}, change) or identity


def _already(claim: str) -> Refused:
    return conflict(
        f"The customer has this identity already, and {claim} is no better founded than what is known of it. "
        "If you made sure of it, use `verifyIdentity`.",
        "input",
        "value",
    )


def _digest(identity: Document) -> str:
    return key_hash(identity["channel"], identity["account"], identity["value"])


def _verified(context: Context) -> dict[str, Any]:
    return {
        "claim": ClaimStrength.VERIFIED.value,
        "verified_at": context.clock(),
        "verified_by": context.viewer.subject,
    }


async def _read(context: Context, identity: Document) -> Identity:
    return (await identity_reader(context))(identity)
