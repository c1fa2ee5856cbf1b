"""What does a person whom the outside hands over mean in storage: which customer is it, and what is new?

Uniqueness is that of `identity_keys`: of two takers of the same new person one meets the other's key, is thrown back
by the database, and finds the customer at the next attempt.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.contract import Person, Who
from adapters.mongo import Store
from adapters.records import Document, Observation, RecordId, key_hash, new_id
from resolvers.customers import CUSTOMERS, customer_document, naming
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest_company import Company
from resolvers.ingest_parts import canonical_who, contact_points, custom_data, labels, tags
from resolvers.ingest_report import INSERTED, NotTaken, Result, Visit, changed_or_not, require_text, stored_moment
from resolvers.ingest_shelf import Shelf
from resolvers.ingest_values import Values
from resolvers.search_words import search_words

_PROFILE = ("name", "username", "picture_url", "gender", "locale", "time_zone")
_ENTRY_POINT = ("channel", "page", "referrer")


class People:
    """The people of one batch: found by their identities, made where they are new."""

    def __init__(self, visit: Visit, company: Company) -> None:
        self._visit = visit
        self._company = company
        self._values = Values(visit)
        self._searchable = [one for one in visit.definitions.values() if one["is_searchable"]]
        self._hashes: dict[Who, tuple[str, str]] = {}
        self._keys: Shelf[str] = Shelf(IDENTITY_KEYS)
        self._identities: Shelf[RecordId] = Shelf(IDENTITIES)
        self._customers: Shelf[RecordId] = Shelf(CUSTOMERS)
        self.accounts: dict[tuple[str, str], None] = {}
        """Every (channel, account) on which someone of the batch is known."""

    async def load(self, store: Store, whos: Iterable[Who]) -> None:
        """Reads the customers of these identities, as far as there are any."""
        hashes = [found[0] for who in whos if (found := self._try_hash(who))]
        await self._keys.load(store, dict.fromkeys(hashes))
        entries = [entry for one in hashes if (entry := self._keys.get(one))]
        if not entries:
            return
        await self._customers.load(store, dict.fromkeys(entry["customer_id"] for entry in entries))
        await self._load_survivors(store, entries)
        await self._identities.load(store, [entry["identity_id"] for entry in entries if entry.get("identity_id")])

    def owner_of(self, who: Who) -> RecordId | None:
        """The customer under whom records of this identity stand; None while nobody is known by it."""
        found = self._try_hash(who)
        entry = self._keys.get(found[0]) if found else None
        return entry["customer_id"] if entry else None

    def customer_of(self, who: Who, heard_at: datetime | None) -> RecordId:
        """The same; where nobody is known by it, an anonymous customer is made.

        `heard_at` is when the person was heard of by this; the customer's last interaction only climbs.
        """
        entry = self._keys.get(self._hash(who)[0])
        if entry is None:
            customer = self._new_customer(who, self._values.of_new({}), heard_at)
            self._add_identity(who, customer["_id"], heard_at, "VERIFIED", None)
            key: RecordId = customer["_id"]
            return key
        key = entry["customer_id"]
        if heard_at is not None:
            self._heard(self._customers, self._survivor(key), heard_at, "last_interaction_at")
            self._heard(self._identities, entry.get("identity_id"), heard_at, "last_seen_at")
        return key

    def take(self, person: Person) -> Result:
        """What becomes of the person; raises NotTaken, and then nothing is changed."""
        news = _News(self, person)
        key = self._one_owner(person)
        return INSERTED if key is None and news.insert() else changed_or_not(news.update(self._survivor(key)))

    async def write(self, store: Store) -> None:
        """Writes whoever is new or different."""
        # The keys first: whoever comes second is thrown back before more is done.
        await self._keys.write(store)
        await self._customers.write(store)
        await self._identities.write(store)
