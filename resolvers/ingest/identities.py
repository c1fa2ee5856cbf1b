"""Which customers stand behind the identities of a batch?

Uniqueness is that of `identity_keys`: of two takers of the same new person one meets the other's key, is thrown back
by the database, and finds the customer at the next attempt.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.contract.records import Who
from adapters.mongo import Store
from adapters.records import Document, RecordId, key_hash, key_mark, new_id
from resolvers.aliases import ids_of
from resolvers.customers import NEVER
from resolvers.identities import (
    IDENTITIES,
    IDENTITY_KEYS,
    UNLINKED,
    identity_document,
    identity_key_document,
    is_stronger,
)
from resolvers.ingest.parts import canonical_who
from resolvers.ingest.report import NotTaken, Visit, bounded, require_text, too_many
from resolvers.ingest.shelf import Shelf
from resolvers.own_record import SAID_BY

# A number is somebody else's after months at the soonest.
_MOST_FORMER = 20
_PROFILE = ("name", "username", "picture_url", "gender", "locale", "time_zone")


@dataclass(slots=True, eq=False, repr=False)
class Account:
    """A person's account on a channel, as far as it is known here."""

    who: Who
    digest: str = ""
    """The identity's primary key."""
    value: str = ""
    """The person's id in its canonical form."""
    owner: RecordId | None = None
    """The customer under whom its records stand."""
    identity: RecordId | None = None
    mark: RecordId | None = None
    """By what a record that came by the identity names it."""
    trouble: NotTaken | None = None
    """Why this can be nobody's account."""


class Identities:
    """The identities of one batch: found by their keys, made where they are new."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._accounts: dict[Who, Account] = {}
        self._by_digest: dict[str, Account] = {}
        self._keys: Shelf[str] = Shelf(IDENTITY_KEYS)
        self._shelf: Shelf[RecordId] = Shelf(IDENTITIES)
        self._unlinked: dict[tuple[str, RecordId], datetime] = {}
        self._counts: Counter[RecordId] = Counter()
        self._former: dict[str, list[tuple[datetime, Account]]] = {}
        """Who had these ids before, and until when, the first first."""
        self._since: dict[str, datetime] = {}
        """Since when those who have them now can have them, where somebody else had them before."""
        self._places: set[tuple[str, str]] = set()
        """Channel accounts whose names are such."""

    @property
    def were_any_unlinked(self) -> bool:
        """Whether people took any of these identities away from anyone."""
        return bool(self._unlinked)

    @property
    def places(self) -> set[tuple[str, str]]:
        """The channel accounts on which the people of the batch are known."""
        return {(who.channel, who.account) for who in self._accounts}

    async def load(self, store: Store, whos: Iterable[Who]) -> list[RecordId]:
        """Reads what is known of these identities and answers their customers."""
        for who in whos:
            self._find(who)
        await self._keys.load(store, self._by_digest)
        unnamed: list[Account] = []
        for digest, account in self._by_digest.items():
            entry = self._keys.get(digest)
            if entry:
                account.owner, account.identity = entry["customer_id"], entry.get("identity_id")
                if account.identity is None:
                    unnamed.append(account)
                self._load_former(account, entry)
        known = [account for account in self._by_digest.values() if account.owner]
        known += [former for some in self._former.values() for _, former in some]
        await self._shelf.load(store, [one.identity for one in known if one.identity])
        await self._load_unnamed(store, unnamed)
        return list(dict.fromkeys(one.owner for one in known if one.owner))

    def _load_former(self, account: Account, entry: Document) -> None:
        if entry.get("since"):
            self._since[account.digest] = entry["since"]
            self._former[account.digest] = [
                (one["until"], replace(account, owner=one["customer_id"], identity=one["identity_id"]))
                for one in entry.get("former") or ()
            ]

    async def _load_unnamed(self, store: Store, accounts: list[Account]) -> None:
        """Keys that another room wrote without naming their identities: those are found through the customers."""
        if not accounts:
            return
        found = await store.find(IDENTITIES, {"customer_id": {"$in": [one.owner for one in accounts]}})
        self._shelf.place(found)
        by_place = {(one["customer_id"], one["channel"], one["account"], one["value"]): one["_id"] for one in found}
        for one in accounts:
            one.identity = by_place.get((one.owner, one.who.channel, one.who.account, one.value))

    @property
    def new(self) -> list[Account]:
        """The accounts that nobody has."""
        return [one for one in self._by_digest.values() if one.owner is None]

    def mark_of(self, who: Who) -> RecordId | None:
        """By what a record that came by the identity names it; None where it is nobody's yet."""
        return self._find(who).mark

    def account(self, who: Who, at: datetime | None = None, *, is_heard: bool = False) -> Account:
        """The account; raises NotTaken where this can be nobody's.

        `at`: of whoever had the id at that moment, by the channel's clock. `is_heard`: they did something by it then.
        Where the id had become another one by that moment, it is somebody unknown who did.
        """
        found = self._find(who)
        if found.trouble:
            raise found.trouble
        if at is None:
            return found
        if former := self._had(found, at):
            return former
        if at <= self._since.get(found.digest, NEVER):
            raise NotTaken(
                "It is from before the person's id became another one, and that person is not here any more. Leave it."
            )
        left_at = self._left_at(found) if is_heard else None
        if left_at is not None and left_at < at:
            self._former.setdefault(found.digest, []).append((left_at, replace(found)))
            self._since[found.digest] = left_at
            found.owner = found.identity = None
        return found

    def owner_of(self, who: Who, at: datetime | None = None) -> RecordId | None:
        """The customer under whom records of this identity stand; None where nobody is known by it.

        `at`: records of that moment.
        """
        found = self._find(who)
        return (self._had(found, at) or found).owner

    def owners_of(self, who: Who) -> list[RecordId]:
        """Everyone under whom records of this identity stand, of whichever moment."""
        found = self._find(who)
        return [one.owner for one in (found, *(one for _, one in self._former.get(found.digest, ()))) if one.owner]

    def held_since(self, who: Who, at: datetime) -> datetime | None:
        """Since when whoever had the id at that moment can have had it; None where nobody had it before them."""
        found = self._find(who)
        account = self._had(found, at) or found
        if account.identity is None:
            return self._since.get(found.digest)
        identity = self.identity_of(account)
        return identity.get("held_since") if identity else None

    def is_present(self, account: Account) -> bool:
        """Whether the account is somebody's whom the channel calls so still."""
        return account.owner is not None and self._left_at(account) is None

    def identity_of(self, account: Account) -> Document | None:
        """The account's identity as it is by now; None where that is not known."""
        return self._shelf.get(account.identity) if account.identity else None

    def _had(self, account: Account, at: datetime | None) -> Account | None:
        """Who had the id at that moment, where somebody else has it by now."""
        if at is None or at.tzinfo is None:
            # One without a zone is rejected when it is taken in, with a reason.
            return None
        return next((former for until, former in self._former.get(account.digest, ()) if at <= until), None)

    def _left_at(self, account: Account) -> datetime | None:
        """When the id became another one of its customer's; None where it has not."""
        found = self.identity_of(account)
        return found.get("renamed_at") if found and found.get("is_former") else None

    def known(self, who: Who) -> Account:
        """The account as far as it is known, also one that can be nobody's."""
        return self._find(who)

    async def load_unlinked(self, store: Store, whos: Iterable[Who]) -> None:
        """Reads from which customers people took these identities away."""
        digests = [account.digest for account in map(self._find, whos) if account.digest]
        for one in await store.find(UNLINKED, {"digest": {"$in": digests}}) if digests else ():
            self._unlinked[one["digest"], one["customer_id"]] = one["unlinked_at"]

    def require_room(self, customer: Document, accounts: Iterable[Account]) -> None:
        """Refuses more identities than a customer may have, with those of everyone who went into it."""
        free, most = [one.owner for one in accounts].count(None), IDENTITIES.at_most
        if not free or most is None:
            return
        count = self.count_of(ids_of(customer)) + free
        if count > most:
            raise too_many(count, "identities", most)

    def stays_away(self, account: Account, customer: Document, speaker: Who, heard_at: datetime | None) -> bool:
        """Whether people took the account away from this customer, and the source does not prove it anew.

        It does by word of its own channel's accounts from after that moment: a file that is read again is an old word.
        """
        ids = ids_of(customer)
        if account.owner in ids:
            return False
        at = self.unlinked_at(account, ids)
        if at is None or heard_at is None or claim_said(account.who, speaker) != "VERIFIED":
            return at is not None
        return heard_at <= at

    def may_grow(self, whos: Iterable[Who]) -> bool:
        """Whether someone known may get further identities: some of these, said to be of one person, are nobody's."""
        free = {account.owner is None for account in map(self._find, whos) if account.trouble is None}
        return len(free) > 1

    async def load_counts(self, store: Store, customers: Iterable[RecordId]) -> None:
        """Reads how many identities these customers have."""
        match = {"$match": {"customer_id": {"$in": list(customers)}}}
        for one in await store.aggregate(IDENTITIES, [match, {"$group": {"_id": "$customer_id", "n": {"$sum": 1}}}]):
            self._counts[one["_id"]] = one["n"]

    def count_of(self, customers: Iterable[RecordId]) -> int:
        """How many identities these customers have by now, where that was read or they are new."""
        return sum(self._counts[one] for one in customers)

    def unlinked_at(self, account: Account, customers: Iterable[RecordId]) -> datetime | None:
        """When people last took the account away from any of these customers; None where nobody has."""
        moments = [self._unlinked.get((account.digest, one)) for one in customers] if self._unlinked else []
        return max((one for one in moments if one), default=None)

    def claim_of(self, account: Account) -> str:
        """How well it is founded that the account is its customer's."""
        found = self.identity_of(account)
        # A key without its identity says whose it is, and not why.
        return found["claim"] if found else "ASSERTED"

    def add(self, account: Account, owner: RecordId, heard_at: datetime | None, claim: str) -> None:
        """Makes the account the customer's."""
        account.owner, account.identity = owner, new_id()
        self._counts[owner] += 1
        channel, place, _ = account.who
        document = identity_document(
            key=account.identity,
            customer=owner,
            who=Who(channel, place, account.value),
            claim=claim,
            at=self._visit.at,
            by=self._visit.by,
        )
        if heard_at is not None:
            document["first_seen_at"] = document["last_seen_at"] = heard_at
            document["was_heard_of"] = True
        self._key(account, document)
        self._shelf.add(document)

    def _key(self, account: Account, document: dict[str, Any]) -> None:
        """Makes the identity the one that has the id from now on; who had it before keeps what is from then."""
        key = identity_key_document(document, account.digest)
        since = self._since.get(account.digest)
        if since is None or account.digest not in self._keys:
            self._keys.add(key)
            return
        document["held_since"] = since
        former = [
            {"customer_id": one.owner, "identity_id": one.identity, "until": until}
            for until, one in self._former.get(account.digest, ())
        ]
        self._keys.copy(account.digest).update(key, since=since, former=former[-_MOST_FORMER:])

    def doubt(self, account: Account) -> None:
        """Notes that the customer was made for this account on somebody's word: nobody has proven anything."""
        if account.identity is not None:
            said = {"claim": "ASSERTED", "verified_at": None, "verified_by": None, "is_founder": True}
            self._shelf.copy(account.identity).update(said)

    def is_founder(self, account: Account) -> bool:
        """Whether the customer was made for this account on somebody's word."""
        found = self.identity_of(account)
        return found is not None and found.get("is_founder", False)

    def hear(self, account: Account, at: datetime) -> bool:
        """Notes that someone was heard of by this account; whether that was news."""
        found = self.identity_of(account)
        if found is None:
            return False
        is_first = not found.get("was_heard_of", True)
        if not is_first and found["first_seen_at"] <= at <= found["last_seen_at"]:
            return False
        copy = self._shelf.copy(found["_id"])
        copy["first_seen_at"] = at if is_first else min(at, copy["first_seen_at"])
        copy["last_seen_at"] = at if is_first else max(at, copy["last_seen_at"])
        copy["was_heard_of"] = True
        return True

    def describe(self, account: Account, profile: Mapping[str, str | None], *, said_by: str | None = None) -> bool:
        """Notes what the channel says of the person; whether that was news.

        `said_by`: who says so instead of the channel, whose own word then replaces it whole.
        """
        if not profile:
            return False
        found = self.identity_of(account)
        said = {name: profile.get(name) for name in _PROFILE if profile.get(name) is not None}
        if found is None or not said:
            return False
        known = found["profile"] or {}
        merged = dict.fromkeys(_PROFILE) | ({} if known.get(SAID_BY) else known) | said
        if said_by is not None:
            merged[SAID_BY] = said_by
        if merged == found["profile"]:
            return False
        self._shelf.copy(found["_id"])["profile"] = merged
        return True

    def claim(self, account: Account, claim: str) -> bool:
        """Notes how well it is founded that the account is its customer's, which only climbs; whether it did.

        What others had said of the person before goes where the channel itself proves it.
        """
        found = self.identity_of(account)
        if found is None or not is_stronger(claim, found["claim"]):
            return False
        by, at = self._visit.by, self._visit.at
        verified: dict[str, Any] = {"verified_at": at, "verified_by": by} if claim == "VERIFIED" else {}
        if verified and (found["profile"] or {}).get(SAID_BY):
            verified["profile"] = None
        self._shelf.copy(found["_id"]).update(claim=claim, claimed_by=by, **verified)
        return True

    def rename(self, was: Account, who: Account, at: datetime) -> bool:
        """Notes that the one id became the other, of which the latest word stands; whether that was news."""
        news = False
        for account, name in ((was, "renamed_at"), (who, "named_at")):
            found = self.identity_of(account)
            if found is not None and (found.get(name) is None or found[name] < at):
                said = {"renamed_at": found.get("renamed_at"), "named_at": found.get("named_at"), name: at}
                away, back = said["renamed_at"], said["named_at"]
                is_former = away is not None and (back is None or away > back)
                self._shelf.copy(found["_id"]).update(said, is_former=is_former)
                if account is was:
                    self._shelf.copy(found["_id"])["became"] = who.mark
                news = True
        return news

    async def climb(self, store: Store) -> None:
        """Raises at once when those accounts were last heard of by which nothing else became known."""
        await self._shelf.climb(store, "last_seen_at")

    async def write(self, store: Store) -> None:
        """Writes whatever is new or different, the keys first: whoever comes second is thrown back at once."""
        await self._keys.write(store)
        await self._shelf.write(store)

    def _find(self, who: Who) -> Account:
        found = self._accounts.get(who)
        if found is None:
            found = self._accounts[who] = self._made(who)
        return found

    def _made(self, who: Who) -> Account:
        """The account; two spellings of one id are one account."""
        try:
            channel, place, told = who
            if (channel, place) not in self._places:
                require_text(channel, "channel")
                require_text(place, "account")
                self._places.add((channel, place))
            bounded(told, "who")
            value = canonical_who(channel, told, self._visit.default_region, is_typed=self._visit.is_typed)
        except NotTaken as error:
            return Account(who, trouble=error)
        except ValueError:
            # The cause may quote a part of the value.
            trouble = f"The person's id on the channel {who.channel!r} cannot be one. Correct it, or leave it out."
            return Account(who, trouble=NotTaken(trouble))
        digest = key_hash(channel, place, value)
        found = self._by_digest.get(digest)
        if found is None:
            found = self._by_digest[digest] = Account(who, digest, value, mark=key_mark(digest))
        return found


def claim_said(who: Who, speaker: Who) -> str:
    """How well an account is founded by word of another: a channel proves its own, and only states those of others."""
    return "VERIFIED" if who.channel == speaker.channel else "ASSERTED"
