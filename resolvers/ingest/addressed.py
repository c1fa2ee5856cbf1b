"""Whose is an account that nobody has yet, where the channel has proven who has its e-mail address?

A channel that has made sure that the account's holder has an address, and a customer from whose address, proven, mail
comes: those are one person by two proofs, and not by what somebody has typed. What stands among a customer's contact
points proves nothing here, nor does a file.
"""

from collections.abc import Iterable, Mapping, Sequence

from adapters.contract.records import Person, Who
from adapters.mongo import Store
from adapters.records import Document, RecordId, key_hash
from resolvers.channels import places_reached_by
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.scalars import canonical_email
from resolvers.own_record import is_inferred

_PROVEN = "VERIFIED"


def is_addressed(person: Person) -> bool:
    """Whether the channel says of an address that it is the person's for certain."""
    return not person.is_asserted and any(one.is_verified and one.type == "EMAIL" for one in person.reaches)


async def customers_by_address(store: Store, people: Iterable[Person]) -> Mapping[Who, Document]:
    """The one customer who is proven to have an address that is proven to be the person's, by the person's id.

    Nobody where several are. Of no such people it asks nothing.
    """
    addresses = {one.who: _proven_addresses(one) for one in people if is_addressed(one)}
    places = await places_reached_by(store, "EMAIL") if addresses else []
    digests = {key_hash(*place, one): one for some in addresses.values() for one in some for place in places}
    owners = await _owners(store, digests) if digests else {}
    found = {}
    for who, some in addresses.items():
        having = {one["_id"]: one for address in some for one in owners.get(address, ())}
        if len(having) == 1:
            (found[who],) = having.values()
    return found


def _proven_addresses(person: Person) -> Sequence[str]:
    found: dict[str, None] = {}
    for one in person.reaches:
        if one.is_verified and one.type == "EMAIL":
            try:
                found[canonical_email(one.value)] = None
            except ValueError:
                # Whoever takes the person in says what is wrong with it.
                continue
    return list(found)


async def _owners(store: Store, digests: Mapping[str, str]) -> Mapping[str, list[Document]]:
    """Who speaks for those whose proven identities these are, by address."""
    keys = await store.by_ids(IDENTITY_KEYS, digests)
    if not keys:
        return {}
    theirs = {"customer_id": {"$in": [one["customer_id"] for one in keys.values()]}, "claim": _PROVEN}
    identities = await store.find(IDENTITIES, {**theirs, "value": {"$in": [digests[key] for key in keys]}})
    proven = [one for one in identities if not one.get("is_former") and _digest(one) in keys]
    customers = await _speaking(store, [one["customer_id"] for one in proven]) if proven else {}
    found: dict[str, list[Document]] = {}
    for one in proven:
        # What a machine has made one proves nothing until somebody has looked.
        if (customer := customers.get(one["customer_id"])) and not is_inferred(customer.get("aliases")):
            found.setdefault(one["value"], []).append(customer)
    return found


def _digest(identity: Document) -> str:
    return key_hash(identity["channel"], identity["account"], identity["value"])


async def _speaking(store: Store, keys: Sequence[RecordId]) -> Mapping[RecordId, Document]:
    found = await store.by_ids(CUSTOMERS, keys)
    into = {key: one["merged_into"] for key, one in found.items() if one.get("merged_into")}
    survivors = await store.by_ids(CUSTOMERS, into.values()) if into else {}
    return found | {key: survivors[one] for key, one in into.items() if one in survivors}
