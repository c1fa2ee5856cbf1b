"""Whose are both ids when a channel says that a person's id became another one?

They are one person's, on the channel's own word. Where somebody was made for one of them meanwhile of whom nothing is
known, or for the new one since the change what that channel account alone says, that one goes into the other, as by any
merge, and it can be undone: whoever wrote first by the new id after the moment of the change, as the channel dates it,
is whom the channel gave it to, whenever the change is told of here. Two customers of whom more is known are never made
one by a machine: somebody else may have had the new number before. They are suggested as one person, and the old id
counts as a former one all the same.

By a former id the person is neither proven nor reached any more. Whoever writes by it after the moment of the change is
somebody else, until more is known; what is from before it is the person's, whenever it comes. Who was first heard of by
the old id after that moment is somebody else already, and the change says nothing of them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.contract.records import HandedOver, Person, Reach, Renaming, Who
from adapters.mongo import Store
from adapters.records import Document, Observation, RecordId, new_id
from resolvers.aliases import ids_of
from resolvers.channels import reach_by
from resolvers.contacts import CONTACT_POINTS
from resolvers.customers import CUSTOMERS, following
from resolvers.identities import IDENTITIES
from resolvers.ingest.ahead import require_happened
from resolvers.ingest.company import Company
from resolvers.ingest.identities import Account
from resolvers.ingest.parts import changed
from resolvers.ingest.people import People
from resolvers.ingest.report import NotTaken, Outcome, Result, Visit, stored_moment
from resolvers.kept_pairs import pairs_of_one, suggest
from resolvers.merging.bounds import MOST_ALIASES
from resolvers.merging.joining import Joined, Joining, put
from resolvers.merging.ledger import MERGES

_REASON = "The channel says that one id of the person became the other."
_PARTED = (
    "People took one of the two ids away from the customer who has the other. If they are one person's after all, "
    "link it with `linkIdentity`."
)
# The clocks of a channel's parts differ a little.
_A_LITTLE = timedelta(minutes=1)
_ANONYMOUS_PARTS = frozenset({"consents"})


async def rename(
    store: Store, visit: Visit, records: Sequence[HandedOver], *, is_dry: bool = False
) -> dict[int, Result]:
    """What became of the renamings among the records, by their place; no command where there are none.

    They come before everything else of a batch, one after the other, in the caller's transaction. `is_dry`: nothing is
    written.
    """
    results: dict[int, Result] = {}
    for n, one in enumerate(records):
        if isinstance(one, Renaming):
            try:
                require_happened(one, visit.at)
                results[n] = await _rename(store, visit, one, is_dry=is_dry)
            except NotTaken as error:
                results[n] = Result(Outcome.REJECTED, str(error))
    return results


async def _rename(store: Store, visit: Visit, one: Renaming, *, is_dry: bool) -> Result:
    if one.was[:2] != one.who[:2]:
        raise NotTaken("The two ids are of different channel accounts, where an id never becomes another's.")
    at = stored_moment(one.at, "at")
    people = await _people(store, visit, one)
    was, who = _accounts(people, one)
    if _is_anothers(people, was, at):
        return Result(Outcome.UNCHANGED)
    if was.owner and who.owner and people.speaking(was.owner)["_id"] != people.speaking(who.owner)["_id"]:
        sides = await _sides(store, people, visit, was, who, at)
        if is_dry:
            return Result(Outcome.UPDATED)
        if sides is None:
            return await _suggested(store, visit, people, was, who, at)
        await _merge(store, visit, *sides)
        people = await _people(store, visit, one)
        was, who = _accounts(people, one)
    result = people.take(_told(people, one, was, who), as_of=at)
    owners = {people.speaking(account.owner)["_id"] if account.owner else None for account in (was, who)}
    if len(owners) > 1:
        raise NotTaken(_PARTED)
    is_news = people.identities.rename(was, who, at)
    if not is_dry:
        if is_news:
            _prefer(people, was, who)
        await people.write(store)
    return Result(Outcome.UPDATED) if is_news and result.outcome is Outcome.UNCHANGED else result


async def _people(store: Store, visit: Visit, one: Renaming) -> People:
    people = People(visit, Company(visit))
    both = (one.who, one.was)
    await people.load(store, both, is_whole=True, related=both, may_link=False)
    return people


def _told(people: People, one: Renaming, was: Account, who: Account) -> Person:
    """What is said of the person: that both ids are theirs, and that they are reached by the new one as by the old."""
    kind = reach_by(who.who.channel, who.value)
    is_reached = kind is not None and was.owner is not None and _point(people.speaking(was.owner), was) is not None
    reaches = (Reach(type=kind, value=who.value),) if kind and is_reached else ()
    return Person(who=one.who, also=(one.was,), reaches=reaches)


def _prefer(people: People, was: Account, who: Account) -> None:
    """Has the new number be the primary one where the old one was."""
    customer = people.speaking(who.owner) if who.owner else {}
    old, new = _point(customer, was), _point(customer, who)
    if old and new and old["is_primary"]:
        primary = {old["id"]: False, new["id"]: True}
        points = [
            {**one, "is_primary": primary.get(one["id"], one["is_primary"])} for one in customer[CONTACT_POINTS.name]
        ]
        people.update(customer, {CONTACT_POINTS.name: points}, has_joined=False)


def _point(customer: Document, account: Account) -> Document | None:
    """The customer's contact point that is the account's number or address."""
    kind, points = reach_by(account.who.channel, account.value), customer.get(CONTACT_POINTS.name) or ()
    return next((one for one in points if (one["type"], one["value"]) == (kind, account.value)), None)


def _accounts(people: People, one: Renaming) -> tuple[Account, Account]:
    """Whose the ids were at the moment of the change; of an id that had become another one before, somebody new's."""
    at, identities = stored_moment(one.at, "at"), people.identities
    was, who = identities.account(one.was), identities.account(one.who, at)
    became = (identities.identity_of(was) or {}).get("became")
    return identities.account(one.was, at, is_heard=became not in {None, who.mark}), who


def _is_anothers(people: People, was: Account, at: datetime) -> bool:
    """Whether the old id is known by what somebody did by it after the change alone."""
    known = people.identities.identity_of(was)
    if known is None or not known["was_heard_of"] or (known.get("named_at") or at) > at:
        return False
    return bool(known["first_seen_at"] > at + _A_LITTLE)


async def _suggested(store: Store, visit: Visit, people: People, was: Account, who: Account, at: datetime) -> Result:
    """Suggests the two for one person, unless people said that they are two; the old id is a former one from now on."""
    ends = [people.speaking(one.owner) for one in (was, who) if one.owner]
    is_suggested = await suggest(store, *(ids_of(one) for one in ends), at=visit.at, by=visit.by)
    is_news = people.identities.rename(was, who, at)
    await people.write(store)
    return Result(Outcome.UPDATED if is_suggested or is_news else Outcome.UNCHANGED)


async def _sides(
    store: Store, people: People, visit: Visit, was: Account, who: Account, at: datetime
) -> tuple[Document, Document] | None:
    """Who stays, and who goes into that one; None where more is known of both. Raises NotTaken.

    Whoever goes is somebody of whom nothing but an account is known, or nothing but what the account itself says that
    appeared when the id was changed.
    """
    first, second = (people.speaking(one.owner) for one in (was, who) if one.owner)
    identities = people.identities
    if identities.unlinked_at(was, ids_of(second)) or identities.unlinked_at(who, ids_of(first)):
        raise NotTaken(_PARTED)
    for survivor, blank in ((first, second), (second, first)):
        if _is_blank(store, blank, visit) or (blank is second and await _is_new(store, blank, visit, who.who, at)):
            count = len(ids_of(survivor)) + len(ids_of(blank)) - 1
            if count > MOST_ALIASES:
                raise NotTaken(f"{count} customers would have gone into one; at most {MOST_ALIASES} can.")
            return survivor, blank
    return None


async def _is_new(store: Store, customer: Document, visit: Visit, who: Who, at: datetime) -> bool:
    """Whether nothing but ways to reach the customer is known, by that channel account alone and since the change."""
    parts = _written(store, customer)
    points = parts.pop(CONTACT_POINTS.name, ())
    others = [one for one in points if one["observed_from"] != f"{who.channel}/{who.account}"]
    is_more = customer["attributes"] != _defaults(visit) or any(parts.values())
    if others or is_more or customer.get("assigned_agent_id") or customer.get("removed"):
        return False
    identities = await store.find(IDENTITIES, {"customer_id": {"$in": ids_of(customer)}})
    return all(
        (one["channel"], one["account"]) == who[:2] and one["first_seen_at"] >= at - _A_LITTLE for one in identities
    )


def _written(store: Store, customer: Document) -> dict[str, Any]:
    """What stands in each part of the customer's record but in those that anybody may have."""
    names = {part.name for part in store.records[CUSTOMERS.name].parts} - _ANONYMOUS_PARTS
    return {name: customer.get(name) or () for name in names}


def _is_blank(store: Store, customer: Document, visit: Visit) -> bool:
    """Whether the customer is anonymous, and no person of the staff wrote anything into the record."""
    parts = _written(store, customer).values()
    is_written = customer.get("assigned_agent_id") or customer.get("removed") or any(parts)
    return bool(customer["is_anonymous"]) and customer["attributes"] == _defaults(visit) and not is_written


def _defaults(visit: Visit) -> Document:
    return {name: one["default"] for name, one in visit.definitions.items() if one["default"] is not None}


async def _merge(store: Store, visit: Visit, survivor: Document, blank: Document) -> None:
    """Has the one go into the other, with all that stands under its ids."""
    await _require_room(store, survivor, blank)
    parts = store.records[CUSTOMERS.name].parts
    joined = Joining(
        survivor=survivor,
        others=[blank],
        parts=parts,
        definitions=visit.definitions,
        chosen={},
        said=Observation(observed_from=visit.by, observed_at=visit.at),
        region=visit.default_region,
    ).joined()
    entry = await _entry(store, visit, survivor, blank, joined)
    document = _joined(store, visit, survivor, blank, joined, entry)
    marks = {"merged_into": survivor["_id"], "merged_at": visit.at, "merge_id": entry["_id"]}
    changes: list[tuple[Document, Document]] = [({"_id": blank["_id"]}, {"$set": marks})]
    changes += [({"_id": one}, {"$set": {"merged_into": survivor["_id"]}}) for one in _carried(blank)]
    await store.replace(CUSTOMERS, [document])
    await store.update_each(CUSTOMERS, changes)
    await store.insert(MERGES, entry)
    await pairs_of_one(store, survivor["_id"], ids_of(document))


async def _require_room(store: Store, survivor: Document, blank: Document) -> None:
    count = await store.count(IDENTITIES, {"customer_id": {"$in": [*ids_of(survivor), *ids_of(blank)]}})
    if IDENTITIES.at_most is not None and count > IDENTITIES.at_most:
        raise NotTaken(f"Together they would have {count} identities; at most {IDENTITIES.at_most} are kept.")


async def _entry(store: Store, visit: Visit, survivor: Document, blank: Document, joined: Joined) -> dict[str, Any]:
    """The entry of the ledger, by which people can undo it."""
    owners = [survivor["_id"], *ids_of(blank)]
    identities = sorted(await store.find(IDENTITIES, {"customer_id": {"$in": owners}}), key=lambda one: one["_id"])
    return {
        "_id": new_id(),
        "survivor_id": survivor["_id"],
        "others": [{"id": blank["_id"], "carried": _carried(blank)}],
        "elements": _elements(store),
        "changed": [change.document() for change in joined.changes],
        "added": [{"part": name, "entries": entries} for name, entries in joined.added.items()],
        "replaced": [
            {"part": name, "entries": [one.document() for one in entries]} for name, entries in joined.replaced.items()
        ],
        "led": {},
        "heard_at": {"before": survivor["last_interaction_at"], "after": _heard_at(survivor, blank)},
        "reason": _REASON,
        "merged_at": visit.at,
        "merged_by": visit.by,
        # It is no conclusion, but the channel's own word.
        "is_inferred": False,
        "confirmed_at": None,
        "confirmed_by": None,
        "undone_at": None,
        "undone_by": None,
        "identities": [one for one in identities if one["customer_id"] != survivor["_id"]],
        "had": [one["_id"] for one in identities if one["customer_id"] == survivor["_id"]],
    }


def _joined(
    store: Store, visit: Visit, survivor: Document, blank: Document, joined: Joined, entry: Document
) -> dict[str, Any]:
    """The survivor's document as it is from now on."""
    document = dict(survivor)
    for change in joined.changes:
        put(document, change.path, change.after)
    for name, replaced in joined.replaced.items():
        document[name] = [next((two.after for two in replaced if two.before is one), one) for one in document[name]]
    for name, entries in joined.added.items():
        document[name] = [*document.get(name, ()), *entries]
    document["last_interaction_at"] = _heard_at(survivor, blank)
    document |= following(document, visit.definitions)
    version = max(survivor["version"], blank["version"]) + 1
    document |= {"version": version, "updated_at": visit.at, "updated_by": visit.by}
    document |= changed(version, survivor, document)
    new = {"merge_id": entry["_id"], "version": version}
    aliases = [{"id": blank["_id"], "at": visit.at, "elements": _elements(store), **new}]
    aliases += [{**one, **new} for one in blank.get("aliases") or ()]
    return {**document, "aliases": [*(survivor.get("aliases") or ()), *aliases]}


def _carried(blank: Document) -> list[RecordId]:
    return [alias["id"] for alias in blank.get("aliases") or ()]


def _heard_at(*customers: Document) -> Any:
    return max(one["last_interaction_at"] for one in customers)


def _elements(store: Store) -> list[str]:
    """Everything that a merge can bring along."""
    records: Iterable[Any] = (*store.records.values(), *store.records[CUSTOMERS.name].parts)
    return sorted({one.element for one in records if one.element})
