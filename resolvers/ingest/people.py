"""What does a person whom the outside hands over mean in storage: which customer is it, and what is new?"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from adapters.contract.records import Person, Who
from adapters.mongo import Store
from adapters.records import Document, Observation, RecordId, new_id
from resolvers.aliases import ids_of
from resolvers.customers import CUSTOMERS, NEVER, customer_document
from resolvers.identities import STRENGTHS, weaker
from resolvers.ingest.asserting import Asserted
from resolvers.ingest.company import Company
from resolvers.ingest.former import accounts_of
from resolvers.ingest.holders import CONCLUDED, Holders
from resolvers.ingest.identities import Account, Identities, claim_said
from resolvers.ingest.merged import Merged, news_of
from resolvers.ingest.parts import (
    came_in,
    changed,
    contact_points,
    custom_data,
    entry_point_document,
    labels,
    said_once,
    tags,
    told_by,
)
from resolvers.ingest.report import (
    INSERTED,
    NotTaken,
    Result,
    Visit,
    bounded_all,
    changed_or_not,
    stored_moment,
)
from resolvers.ingest.shelf import Shelf
from resolvers.ingest.shown import shown_as
from resolvers.ingest.values import Values
from resolvers.matching import naming_definitions, sounds_kept
from resolvers.own_record import SAID_BY
from resolvers.search_words import search_words, searchable_definitions
from resolvers.shown_names import SHOWN_AS, naming

# Lists inside the document that are left out while they are empty.
_PARTS = ("contact_points", "tags", "labels", "custom_data", "search", "sounds")


class People:
    """The people of one batch: found by their identities, made where they are new."""

    def __init__(self, visit: Visit, company: Company) -> None:
        self._visit = visit
        self._company = company
        self._values = Values(visit)
        self._searchable = searchable_definitions(visit.definitions.values())
        self._named = naming_definitions(visit.definitions.values())
        self._customers: Shelf[RecordId] = Shelf(CUSTOMERS)
        self._is_whole = True
        self._blanks: dict[tuple[str, str], dict[str, Any]] = {}
        self._seen: dict[tuple[str, str], Observation] = {}
        self._merged = Merged(visit, self._customers)
        self.identities = Identities(visit)
        self._holders = Holders(visit, self.identities)
        self._asserted = Asserted(visit, self.identities)

    async def load(
        self,
        store: Store,
        whos: Iterable[Who],
        *,
        is_whole: bool,
        related: Iterable[Who] = (),
        told: Sequence[Person] = (),
        may_link: bool = True,
    ) -> None:
        """Reads the customers of these identities; without `is_whole` only what hearing of them may change.

        `related`: those of which a source says that several are one person's. `told`: what it says of people.
        `may_link`: whether accounts that nobody has may be given to whom an attribute names, or a proven address.
        """
        self._is_whole = is_whole
        together = [*related, *(who for one in told if one.also for who in (one.who, *one.also))]
        await self.identities.load_unlinked(store, together)
        await self.load_customers(store, await self.identities.load(store, whos))
        if may_link:
            await self.load_customers(store, await self._holders.load(store, told))
        if self.identities.may_grow(together):
            owners = {owner for who in together if (owner := self.identities.owner_of(who)) in self._customers}
            await self.identities.load_counts(store, {key for one in owners if one for key in self.ids_of(one)})

    async def load_customers(self, store: Store, keys: Iterable[RecordId]) -> None:
        """Reads these customers and those into whom they were merged, as far as they were not read before."""
        wanted = list(keys)
        await self._load(store, wanted)
        survivors = {found for one in wanted if (found := (self._customers.get(one) or {}).get("merged_into"))}
        await self._load(store, survivors)
        if self._is_whole:
            await self._merged.load(store, wanted)

    async def _load(self, store: Store, keys: Iterable[RecordId]) -> None:
        if self._is_whole:
            await self._customers.load(store, keys)
            return
        wanted = [one for one in keys if one not in self._customers]
        if wanted:
            shown = dict.fromkeys(("merged_into", "last_interaction_at", "version"), 1)
            self._customers.place(
                await store.aggregate(CUSTOMERS, [{"$match": {"_id": {"$in": wanted}}}, {"$project": shown}])
            )

    def customer_of(self, account: Account, heard_at: datetime | None, *, channel: str) -> RecordId:
        """The customer under whom records of this identity stand; an anonymous one is made where nobody is known.

        `heard_at` is when the person was heard of by it, on that channel: the customer's last interaction only climbs.
        Raises NotTaken.
        """
        if account.owner is None:
            holder = self._holders.of(account) if channel == account.who.channel else None
            if holder is None:
                return self._add(self._unknown(account.who, heard_at), [account], heard_at)
            self._link(holder, account, heard_at)
            if heard_at is not None:
                self._hear(self.speaking(holder), heard_at)
            return holder
        if heard_at is not None:
            self._hear(self.speaking(account.owner), heard_at)
            self.identities.hear(account, heard_at)
            if channel == account.who.channel and not self._asserted.is_all(account) and self._is_founder(account):
                self.identities.claim(account, "VERIFIED")
        return account.owner

    def owner_of(self, who: Who, at: datetime | None = None) -> RecordId | None:
        """The customer under whom records of this identity, of that moment, may stand already; None where none is."""
        return self.identities.owner_of(who, at) or self._holders.of(self.identities.known(who))

    def hear_of(self, key: RecordId, at: datetime) -> None:
        """Notes that the customer was heard of by another's account, where there is such a customer."""
        if key in self._customers:
            self._hear(self.speaking(key), at)

    def meet(self, person: Person, *, is_vouched: bool) -> Document | None:
        """The anonymous customer who is made where nobody is known by the identity; None where someone is by now.

        Whom a verified attribute names on the channel is given it, where the asker vouches for the channel.

        Nobody was heard of by it: whoever asks who this is says nothing of when the person wrote, and unless they vouch
        for the channel, nothing that proves anything. Raises NotTaken.
        """
        account = self.identities.account(person.who)
        if account.owner is not None:
            # Says so where that customer is not there.
            known = self.speaking(account.owner)
            if is_vouched and self._is_founder(account):
                self._vouch(account, known, person)
            return None
        bounded_all(person.profile.items(), "profile.")
        if is_vouched and (holder := self._holders.of(account)):
            self._link(holder, account, None)
            self.identities.describe(account, person.profile)
            return None
        entry_point = entry_point_document(person.entry_point) if person.entry_point else None
        said_by = None if is_vouched else self._visit.by
        if entry_point and said_by:
            entry_point[SAID_BY] = said_by
        document = {**self._unknown(person.who, None), "entry_point": entry_point}
        self._add(document, [account], None)
        if not is_vouched:
            self.identities.doubt(account)
        self.identities.describe(account, person.profile, said_by=said_by)
        return document

    def _vouch(self, account: Account, known: Document, person: Person) -> None:
        """Takes the channel's word for who it is, and in the place of what others said of it before."""
        bounded_all(person.profile.items(), "profile.")
        self.identities.claim(account, "VERIFIED")
        self.identities.describe(account, person.profile)
        if news := came_in(person, known):
            self.update(known, news, has_joined=False)

    def take(self, person: Person, *, as_of: datetime | None = None) -> Result:
        """What becomes of the person; raises NotTaken, and then nothing is changed.

        `as_of`: when the ids were the person's, where nobody was seen.
        """
        heard_at = stored_moment(person.seen_at, "seen_at") if person.seen_at else None
        told = self._told(person, heard_at, as_of)
        proving = [one for one in told if claim_said(one.who, person.who) == "VERIFIED"]
        owner = self._one_owner(proving)
        proof = self._proof(proving)
        if owner is None and (owner := self._holders.concluded(told[0], person)):
            proof = CONCLUDED
        old = self._new(person, heard_at) if owner is None else self.speaking(owner)
        # What is only stated takes nobody's account away and makes nobody the same person.
        accounts = [one for one in told if one.owner is None or self.speaking(one.owner)["_id"] == old["_id"]]
        if self.identities.were_any_unlinked:
            accounts = [one for one in accounts if not self.identities.stays_away(one, old, person.who, heard_at)]
        # What is said of somebody who went into another is that one's own, and is carried over from there.
        home = old if owner is None else self._customers.get(owner) or old
        own = self._merged.own(home)
        claim = proof if owner is None or told[0].owner is None else self.identities.claim_of(told[0])
        proof = self._asserted.weighed(proof, person, told[0])
        said = self._said(person, own, shown_as(told[0], person.profile, claim) if told[0] in accounts else {})
        self.identities.require_room(old, accounts)
        if owner is None:
            self._add({**old, **said}, accounts, heard_at)
            self._asserted.describe(accounts[0], person, is_new=True)
            return INSERTED
        news, steps = self._merged.told(home, own, news_of(own, said))
        has_joined = self._join(owner, accounts, heard_at, proof)
        has_news = self._merged.apply(steps)
        has_news |= self.update(home, news, has_joined=has_joined)
        if has_joined and home is not old:
            self.update(old, {}, has_joined=True)
        has_news |= self._describe(person, accounts, proof)
        if heard_at is not None:
            has_news |= self._hear(old, heard_at)
            has_news |= self._hear(home, heard_at)
            has_news |= self.identities.hear(accounts[0], heard_at)
        return changed_or_not(is_changed=has_news)

    async def hear(self, store: Store) -> None:
        """Raises the last moment of those who were only heard of, and of their accounts; comes before any write.

        Where the batch comes to nothing after all, they were heard of none the less.
        """
        await self.identities.climb(store)
        await self._customers.climb(store, "last_interaction_at")

    async def write(self, store: Store) -> None:
        """Writes whoever is new or different."""
        await self.identities.write(store)
        await self._customers.write(store)
        await self._merged.write(store)

    # Which customer it is

    def _one_owner(self, accounts: Iterable[Account]) -> RecordId | None:
        # Of several of one customer the first counts: under that one the source speaks.
        owners = {self.speaking(one.owner)["_id"]: one.owner for one in reversed(list(accounts)) if one.owner}
        if len(owners) > 1:
            raise NotTaken(
                f"The identities of this person belong to {len(owners)} customers. Merge those customers, or correct "
                "the source; a machine does not merge people."
            )
        return next(iter(owners.values()), None)

    def ids_of(self, key: RecordId) -> list[RecordId]:
        """The ids of everyone who is one customer with this one, as far as they are there."""
        survivor = (self._customers.get(key) or {}).get("merged_into")
        document = self._customers.get(survivor or key)
        return ids_of(document) if document else [key]

    def speaking(self, key: RecordId) -> Document:
        """The document that speaks for the customer: its own, or that of the one into whom it was merged."""
        found = self._customers.get(key)
        if found and found.get("merged_into"):
            found = self._customers.get(found["merged_into"])
        if found is None:
            raise NotTaken("The identity points at a customer who is not there. Unlink the identity, then try again.")
        return found

    def _is_founder(self, account: Account) -> bool:
        """Whether the customer was made for this account, on somebody's word, and nobody has touched the record since.

        Whoever then writes by the account is that customer: there is nothing of anybody else's in the record.
        """
        if account.owner is None or not self.identities.is_founder(account):
            return False
        customer = self._customers.get(account.owner)
        return customer is not None and customer["version"] == 1 and not customer.get("merged_into")

    # What people parted

    def _told(self, person: Person, heard_at: datetime | None, as_of: datetime | None) -> list[Account]:
        """The accounts that are said to be the person's, each once: the first, and those not parted from it."""
        at, is_heard = heard_at or as_of, heard_at is not None
        first, *others = accounts_of(self.identities, person, at, is_heard=is_heard, speaking=self.speaking)
        if not self.identities.were_any_unlinked:
            return [first, *others]
        return [first, *(one for one in others if not self._are_parted(first, one, person, heard_at))]

    def _are_parted(self, first: Account, other: Account, person: Person, heard_at: datetime | None) -> bool:
        """Whether people took one of the two away from the other's customer."""
        for one, customer in ((first, other.owner), (other, first.owner)):
            if customer is not None and self.identities.stays_away(one, self.speaking(customer), person.who, heard_at):
                return True
        return False

    # What is new

    def _unknown(self, who: Who, heard_at: datetime | None) -> dict[str, Any]:
        """A new customer of whom nothing but this account is known: the same for all of a channel account."""
        place = who.channel, who.account
        if place not in self._blanks:
            words = search_words(self._values.defaults, (), self._searchable)
            self._blanks[place] = self._new(None, None) | ({"search": words} if words else {})
        return {**self._blanks[place], "_id": new_id(), "last_interaction_at": heard_at or NEVER}

    def _new(self, person: Person | None, heard_at: datetime | None) -> dict[str, Any]:
        """A new customer with nothing but the schema's defaults."""
        created_at = stored_moment(person.created_at, "created_at") if person and person.created_at else self._visit.at
        heard = {"created_at": created_at, "last_interaction_at": heard_at or NEVER}
        return {**self._blank, "_id": new_id(), **heard}

    @cached_property
    def _blank(self) -> Document:
        """What new customers have in common."""
        visit, values = self._visit, self._values
        return customer_document(key=new_id(), values=values.defaults, observed=values.unsaid, at=visit.at, by=visit.by)

    def _add(self, document: dict[str, Any], accounts: Iterable[Account], heard_at: datetime | None) -> RecordId:
        self._customers.add(document)
        key: RecordId = document["_id"]
        self._join(key, accounts, heard_at)
        return key

    def _join(
        self, owner: RecordId, accounts: Iterable[Account], heard_at: datetime | None, proof: str = "VERIFIED"
    ) -> bool:
        """Gives the customer the accounts that nobody has; whether there were any."""
        first, *others = accounts
        free = [one for one in (first, *others) if one.owner is None]
        for one in free:
            self.identities.add(one, owner, heard_at, weaker(claim_said(one.who, first.who), proof))
        return bool(free)

    def _link(self, holder: RecordId, account: Account, heard_at: datetime | None) -> None:
        """Gives the customer whom an attribute names the account."""
        self._join(holder, [account], heard_at, CONCLUDED)
        self.update(self.speaking(holder), {}, has_joined=True)

    def _proof(self, proving: Iterable[Account]) -> str:
        """How well it is founded that who speaks is the customer.

        Whoever is new is nobody but the one who speaks. Of a known customer, a channel proves who its accounts are, and
        not whose: one that was only said to be the customer's proves no other, and not itself.
        """
        known = ["VERIFIED" if self._is_founder(one) else self.identities.claim_of(one) for one in proving if one.owner]
        return max(known, key=STRENGTHS.index, default="VERIFIED")

    def _said(self, person: Person, old: Document, shown: Document) -> dict[str, Any]:
        """The fields of the customer's document as they are when the source has had its say."""
        seen, visit = self._observation(person.who), self._visit
        bounded_all(person.profile.items(), "profile.")
        values, observed = self._values.merged(old, person.attributes, seen)
        points = contact_points(old, person, seen, visit.default_region)
        shown_as = shown.get(SHOWN_AS) or old.get(SHOWN_AS)
        names, told = naming(values, shown_as), told_by(seen, visit)
        said = {
            "attributes": values,
            "observed": observed,
            "contact_points": points,
            "tags": tags(old, person.tags, told),
            "labels": labels(old, [self._company.label(one) for one in person.labels], told),
            "custom_data": custom_data(old, person.custom_data, told),
            "search": search_words(values, points, self._searchable, shown_as),
            "sounds": sounds_kept(values, self._named),
            **shown,
            **names,
            "is_anonymous": names["is_anonymous"] and not points,
            **said_once(person, old, self._company.agent),
        }
        return {name: value for name, value in said.items() if value or name not in _PARTS or name in old}

    def _observation(self, who: Who) -> Observation:
        """Where what is said by that account was seen."""
        channel, account, _ = who
        found = self._seen.get((channel, account))
        if found is None:
            found = Observation(observed_from=f"{channel}/{account}", observed_at=self._visit.at)
            self._seen[channel, account] = found
        return found

    def update(self, old: Document, news: Mapping[str, Any], *, has_joined: bool) -> bool:
        """Whether anything is new. Who has joined is counted: it is written with the customer, so that no two do."""
        if not news and not has_joined:
            return False
        version = old["version"] + 1
        touched = {"updated_at": self._visit.at, "updated_by": self._visit.by, "version": version}
        self._customers.copy(old["_id"]).update({**news, **touched, **changed(version, old, news)})
        return True

    def _describe(self, person: Person, accounts: Sequence[Account], proof: str) -> bool:
        news = self._asserted.describe(accounts[0], person)
        for one in accounts:
            news |= self.identities.claim(one, weaker(claim_said(one.who, person.who), proof))
        return news

    def _hear(self, found: Document, at: datetime) -> bool:
        if found["last_interaction_at"] >= at:
            return False
        self._customers.copy(found["_id"])["last_interaction_at"] = at
        return True
