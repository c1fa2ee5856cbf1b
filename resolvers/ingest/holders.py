"""Whose is an account that nobody has yet: is there one customer alone whom a verified attribute names on the channel?

Only what somebody made sure of counts, and only where no other customer has the same value, verified or not: whoever
writes another's number into the own record is not linked to that one's account, and takes nothing from that one. The
same is concluded where both have proven one address (addressed.py).
"""

from collections.abc import Iterable, Mapping, Sequence

from adapters.contract.records import Person, Who
from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.aliases import ids_of
from resolvers.channel_identifiers import identifiers_of, is_bound, naming, role_named
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.ingest.addressed import customers_by_address
from resolvers.ingest.identities import Account, Identities
from resolvers.ingest.report import Visit
from resolvers.own_record import is_inferred

CONCLUDED = "INFERRED"
"""How well it is founded that an account is the customer's whom an attribute names: a machine's conclusion."""

_READ = ("attributes", "observed", "aliases")

# Of a value that more customers have it is enough to know of two.
_TWO = 2
# So many more are read at once; where values are crowded, each is asked for by itself.
_SOME = 200


class Holders:
    """The customers of one batch whom an attribute names as the holders of new accounts."""

    def __init__(self, visit: Visit, identities: Identities) -> None:
        self._all = identifiers_of(visit.definitions.values())
        self._bound = [one for one in self._all if is_bound(one)]
        self._identities = identities
        self._holders: dict[str, Document] = {}
        self._is_of_file = visit.is_of_file
        self._addressed: set[str] = set()
        """Accounts that have their holders by a proven address."""

    async def load(self, store: Store, people: Iterable[Person] = ()) -> list[RecordId]:
        """Reads who alone holds which of the new accounts, and answers the customers; no command where none can be.

        `people`: what channels say of those whose accounts they are.
        """
        new = [one for one in self._identities.new if one.digest]
        await self._load_named(store, [one for one in new if naming(self._bound, [_who(one)])])
        if not self._is_of_file:
            await self._load_addressed(store, new, people)
        await self._load_beside(store, [one for one in new if one.digest in self._holders])
        return list(dict.fromkeys(one["_id"] for one in self._holders.values()))

    async def _load_named(self, store: Store, new: Sequence[Account]) -> None:
        found = await self._having(store, [_who(one) for one in new]) if new else []
        for account in new:
            having = [one for one in found if role_named(self._all, one["attributes"], [_who(account)])]
            if len(having) == 1 and self._is_proven(having[0], _who(account)):
                self._holders[account.digest] = having[0]

    async def _load_addressed(self, store: Store, new: Sequence[Account], people: Iterable[Person]) -> None:
        by_who = {one.who: one for one in new}
        found = await customers_by_address(store, [one for one in people if one.who in by_who])
        for who, customer in found.items():
            digest = by_who[who].digest
            if self._holders.setdefault(digest, customer)["_id"] == customer["_id"]:
                self._addressed.add(digest)
            else:
                # An attribute names somebody else: then nobody is.
                del self._holders[digest]

    def concluded(self, account: Account, person: Person) -> RecordId | None:
        """Whose the account is of which the source says this; None where nothing is concluded."""
        if person.is_asserted or not (_is_bare(person, account) or account.digest in self._addressed):
            return None
        return self.of(account)

    def of(self, account: Account) -> RecordId | None:
        """The customer to whom the account is linked, as nobody has it and a verified attribute names that one alone.

        None also where people took it away from that one, and where there is no room for another identity.
        """
        found = self._holders.get(account.digest) if account.owner is None else None
        if found is None:
            return None
        ids, most = ids_of(found), IDENTITIES.at_most
        is_full = most is not None and self._identities.count_of(ids) >= most
        if is_full or self._identities.unlinked_at(account, ids) is not None:
            return None
        key: RecordId = found["_id"]
        return key

    async def _load_beside(self, store: Store, named: Sequence[Account]) -> None:
        if named:
            await self._identities.load_unlinked(store, [one.who for one in named])
            await self._identities.load_counts(
                store, {key for one in named for key in ids_of(self._holders[one.digest])}
            )

    async def _having(self, store: Store, whos: Sequence[Who]) -> list[Document]:
        """Everybody who has a value that names one of these; of those of one value some, where they are many."""
        most = _TWO * len(whos) + _SOME
        found = await self._find(store, whos, most)
        if len(found) < most:
            return found
        each = [await self._find(store, [who], _TWO) for who in whos]
        return list({one["_id"]: one for some in each for one in some}.values())

    async def _find(self, store: Store, whos: Sequence[Who], most: int) -> list[Document]:
        where = {"merged_into": None, "$or": naming(self._all, whos)}
        return await store.find(CUSTOMERS, where, limit=most, only=_READ)

    def _is_proven(self, customer: Document, who: Who) -> bool:
        """Whether somebody made sure of the value, and no machine alone has brought it to the customer."""
        seen: Mapping[str, Document] = customer["observed"]
        sure = [one for one in self._bound if seen.get(one["name"], {}).get("is_verified")]
        return not is_inferred(customer.get("aliases")) and role_named(sure, customer["attributes"], [who]) is not None


def _who(account: Account) -> Who:
    return account.who._replace(value=account.value)


def _is_bare(person: Person, account: Account) -> bool:
    """Whether the source says nothing but that somebody has the account, and what the channel shows of them.

    The number that the account is, said once more as a way to reach them, is nothing else.
    """
    further = [one for one in person.reaches if one.value != account.value]
    said: Iterable[object] = (person.attributes, further, person.tags, person.labels, person.custom_data)
    return not any((*said, person.also, person.assigned_agent, person.created_at))
