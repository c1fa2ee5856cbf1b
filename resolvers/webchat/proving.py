"""Which customer is a visitor whom the company has signed: the one who is proven to be that person, or who becomes it?

An identity that is proven on both sides is a proof: the visitor's own, and that by which the company calls the person.
A machine makes two customers one by it only where nothing is known of one of them but the chat; people do the rest.
"""

from adapters.contract.records import Who
from adapters.contract.visitors import Signed
from adapters.records import Document, RecordId, key_hash, new_id
from resolvers.aliases import ids_of, speaking, touched
from resolvers.channels import canonical_value, every_place, places_reached_by
from resolvers.identities import (
    IDENTITIES,
    IDENTITY_KEYS,
    UNLINKED,
    ClaimStrength,
    identity_document,
    identity_key_document,
    weighed,
)
from resolvers.kit.context import Context
from resolvers.kit.errors import Refused, conflict, not_permitted
from resolvers.kit.scalars import canonical_email
from resolvers.merging.asking import Asked
from resolvers.merging.ledger import elements_of
from resolvers.merging.merge import merged
from resolvers.webchat.chats import Chatting, is_user, over, touch_chat, user_of

_SIGNED = ("input", "signed")
_OTHER_PERSON = (
    "In this chat somebody else has signed in before. End it with `endChat`, and begin another one without `resume`."
)
_FOR_PEOPLE = (
    "The company knows this person by two records, and people there have to look whether they are one. The chat goes "
    "on as it was."
)


async def proven_customer(context: Context, chatting: Chatting, signed: Signed) -> RecordId:
    """The customer whom the visitor is proven to be by the statement; belongs into a transaction. Refused else."""
    user = user_of(chatting.site, signed.user)
    mine = await _owner(context, chatting.who)
    if mine is None:
        raise over()
    await _require_same_user(context, chatting, mine, user)
    known = await _owner(context, user)
    beside = [*await _reached_by(context, signed), *await _named(context, chatting, signed)]
    if known is not None and await _claim(context, user, known) is not ClaimStrength.VERIFIED:
        raise conflict(_FOR_PEOPLE, *_SIGNED)
    theirs = known or await _only_owner(context, beside, user)
    await _require_proven(context, chatting.who, mine)
    if theirs is not None and theirs["_id"] != mine["_id"]:
        await _require_alone(context, chatting, mine)
        await _become(context, mine, theirs)
    else:
        # Nobody else is known to be that person; the record may be more people's than this visitor's all the same.
        if known is None:
            await _require_alone(context, chatting, mine, *beside)
        theirs = mine
    for who in (user, *beside):
        await _link(context, chatting, theirs["_id"], who)
    await touch_chat(context, chatting, {"user": key_hash(*user)})
    key: RecordId = theirs["_id"]
    return key


async def _require_same_user(context: Context, chatting: Chatting, mine: Document, user: Who) -> None:
    """Refused where the visitor was proven to be somebody else before: two people sit at one browser."""
    known = chatting.document.get("user")
    if known not in {None, key_hash(*user)} or await _is_another_user(context, mine, user):
        raise conflict(_OTHER_PERSON, *_SIGNED)


async def _is_another_user(context: Context, customer: Document, user: Who) -> bool:
    """Whether the company calls the customer by another id on the site."""
    ours = {"customer_id": {"$in": ids_of(customer, IDENTITIES)}, "channel": user.channel, "account": user.account}
    return any(is_user(one["value"], but=user) for one in await context.store.find(IDENTITIES, ours))


async def _require_alone(context: Context, chatting: Chatting, mine: Document, *beside: Who) -> None:
    """Refused where anything is known of the visitor's record but this chat and these: it may be another person's."""
    own = await context.store.find(IDENTITIES, {"customer_id": mine["_id"]}, limit=len(beside) + 2)
    is_apart = mine["_id"] == chatting.document["customer_id"] and not mine.get("aliases")
    if not is_apart or any(
        Who(one["channel"], one["account"], one["value"]) not in {chatting.who, *beside} for one in own
    ):
        raise conflict(_FOR_PEOPLE, *_SIGNED)


async def _become(context: Context, mine: Document, theirs: Document) -> None:
    """Makes the visitor's record one with that of the person."""
    question = Asked(
        survivor=theirs["_id"],
        others=[mine["_id"]],
        elements=frozenset(elements_of(context.declared)),
        chosen={},
        reason="The company has signed that the visitor is this customer.",
        versions={},
    )
    try:
        await merged(context, question)
    except Refused as error:
        # What stands in the way is the company's business.
        raise conflict(_FOR_PEOPLE, *_SIGNED) from error


async def _require_proven(context: Context, who: Who, customer: Document) -> None:
    """Refused where it is only said, or concluded, that whoever has the identity is the customer."""
    if await _claim(context, who, customer) is not ClaimStrength.VERIFIED:
        raise conflict(_FOR_PEOPLE, *_SIGNED)


async def _claim(context: Context, who: Who, customer: Document) -> ClaimStrength | None:
    place = {"channel": who.channel, "account": who.account, "value": who.value}
    found = await context.store.first(IDENTITIES, {"customer_id": {"$in": ids_of(customer, IDENTITIES)}, **place})
    return ClaimStrength(weighed(found, customer.get("aliases"))["claim"]) if found else None


async def _owner(context: Context, who: Who) -> Document | None:
    """Whoever speaks for the customer who has the identity."""
    key = await context.store.first(IDENTITY_KEYS, {"_id": key_hash(*who)})
    return await speaking(context.store, key["customer_id"]) if key else None


async def _only_owner(context: Context, whos: list[Who], user: Who) -> Document | None:
    """The one customer who is proven to have any of these, and is no other user; None where there is none such."""
    found: dict[RecordId, Document] = {}
    for who in whos:
        owner = await _owner(context, who)
        if owner is not None and await _claim(context, who, owner) is ClaimStrength.VERIFIED:
            found[owner["_id"]] = owner
    if len(found) != 1:
        return None
    (owner,) = found.values()
    return None if await _is_another_user(context, owner, user) else owner


async def _reached_by(context: Context, signed: Signed) -> list[Who]:
    """By which identities the person writes to mailboxes of ours, where the company has made sure of the address."""
    if signed.email is None or not signed.is_email_verified:
        return []
    address = canonical_email(signed.email)
    return [Who(*place, address) for place in await places_reached_by(context.store, "EMAIL")]


async def _named(context: Context, chatting: Chatting, signed: Signed) -> list[Who]:
    """By which accounts the company says that it knows the person on its other channels; refused where it has none."""
    places = await every_place(context.store) if signed.accounts else ()
    found = []
    for channel, account, value in signed.accounts:
        if (channel, account) not in places or channel == chatting.site.channel:
            raise not_permitted(
                "The statement's `accounts` names a channel account that is none of ours on another channel. Compare "
                "each with what `channels` lists.",
                *_SIGNED,
            )
        try:
            found.append(Who(channel, account, canonical_value(channel, value, context.limits.default_region)))
        except ValueError as error:
            raise not_permitted("The statement's `accounts` holds an id that can be none there.", *_SIGNED) from error
    return found


async def _link(context: Context, chatting: Chatting, customer: RecordId, who: Who) -> None:
    """Gives the customer an identity that nobody has, unless people took it off; what somebody has stays theirs.

    The customer's own, if it was only said or concluded to be theirs, is proven from now on.
    """
    store, digest = context.store, key_hash(*who)
    if await store.first(IDENTITY_KEYS, {"_id": digest}):
        await _climb(context, chatting, customer, who)
        return
    there = await touched(context, customer)
    if there is None:
        raise over()
    ids = ids_of(there)
    if await store.first(UNLINKED, {"digest": digest, "customer_id": {"$in": ids}}):
        return
    if await store.count(IDENTITIES, {"customer_id": {"$in": ids_of(there, IDENTITIES)}}) >= (IDENTITIES.at_most or 0):
        return
    identity = identity_document(
        key=new_id(),
        customer=there["_id"],
        who=who,
        claim=ClaimStrength.VERIFIED.value,
        at=context.clock(),
        by=chatting.site.place,
    )
    await store.insert(IDENTITY_KEYS, identity_key_document(identity))
    await store.insert(IDENTITIES, identity)


async def _climb(context: Context, chatting: Chatting, customer: RecordId, who: Who) -> None:
    proven = {"claim": ClaimStrength.VERIFIED.value, "claimed_by": chatting.site.place}
    sure = {"verified_at": context.clock(), "verified_by": chatting.site.place}
    place = {"customer_id": customer, "channel": who.channel, "account": who.account, "value": who.value}
    weak = {**place, "claim": {"$ne": ClaimStrength.VERIFIED.value}}
    await context.store.update(IDENTITIES, weak, {"$set": {**proven, **sure}})
