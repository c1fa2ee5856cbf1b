"""What becomes of a customer's word on a purpose that a channel hands over?

The rules are those of resolvers/consents.py: each word is kept once and never changed, and the newest stands, in
whichever order they come.
"""

from collections.abc import Iterable
from typing import Any

from adapters.contract.records import Say
from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.aliases import ids_of
from resolvers.consents import CONSENT_WORDS, CONSENTS, LONGEST_PURPOSE, ConsentMeans, ConsentStatus
from resolvers.ingest.fields import one_of
from resolvers.ingest.people import People
from resolvers.ingest.report import INSERTED, UNCHANGED, NotTaken, Result, Visit, require_readable, stored_moment
from resolvers.ingest.report import too_many as too_many_of
from resolvers.ingest.shelf import Shelf
from resolvers.kit.texts import plain_line

# What the customer wrote by the account itself, and not through others.
_OWN_WORDS = frozenset({"MESSAGE", "FLOW", "FORM"})


class Sayings:
    """The words of one batch on purposes."""

    def __init__(self, visit: Visit, people: People) -> None:
        self._visit = visit
        self._people = people
        self._words: Shelf[RecordId] = Shelf(CONSENT_WORDS)

    async def load(self, store: Store, says: Iterable[Say]) -> None:
        """Reads which of these words are written down already; no command where there are none."""
        keys: dict[RecordId, None] = {}
        for one in says:
            owners = {*self._people.identities.owners_of(one.who), self._people.owner_of(one.who)}
            for owner in filter(None, owners):
                keys |= dict.fromkeys(_ids(self._people.ids_of(owner), one))
        if keys:
            await self._words.load(store, keys)

    def take(self, say: Say) -> Result:
        """What becomes of the word; raises NotTaken."""
        said = self._said(say)
        at = said["at"] if say.means in _OWN_WORDS else None
        account = self._people.identities.account(say.who, said["at"], is_heard=at is not None)
        customer = self._people.speaking(self._people.customer_of(account, at, channel=say.who.channel))
        if any(key in self._words for key in _ids(ids_of(customer), say)):
            return UNCHANGED
        stands = _standing(customer, said)
        word: dict[str, Any] = {"customer_id": customer["_id"], **said}
        self._words.add({"_id": CONSENT_WORDS.id_of(word), **word})
        if stands is not None:
            self._people.update(customer, {CONSENTS.name: stands}, has_joined=False)
        return INSERTED

    async def write(self, store: Store) -> None:
        """Writes down what was not."""
        await self._words.write(store)

    def _said(self, say: Say) -> dict[str, Any]:
        at = stored_moment(say.at, "at")
        if at > self._visit.at:
            raise NotTaken(
                f"`at` is {at.isoformat()}, which lies in the future: it would outlive all others. Set the clocks."
            )
        return {
            "purpose": require_readable(plain_line, say.purpose, "`purpose`", LONGEST_PURPOSE).casefold(),
            "status": one_of(ConsentStatus, say.status, "status"),
            "at": at,
            "means": one_of(ConsentMeans, say.means, "means"),
            "channel": say.who.channel,
            "recorded_at": self._visit.at,
            "recorded_by": self._visit.by,
        }


def _ids(customers: Iterable[RecordId], say: Say) -> list[RecordId]:
    """The ids that the word has, whichever of these customers it is kept with; none where it can be no word."""
    try:
        purpose = require_readable(plain_line, say.purpose, "`purpose`", LONGEST_PURPOSE).casefold()
        said = {"purpose": purpose, "status": say.status, "at": stored_moment(say.at, "at")}
    except NotTaken:
        return []
    return [CONSENT_WORDS.id_of({"customer_id": one, **said}) for one in customers]


def _standing(customer: Document, said: Document) -> list[Document] | None:
    """How things stand with each purpose now; None where a later word stands. Raises NotTaken beyond what is kept."""
    known = customer.get(CONSENTS.name, ())
    others = [one for one in known if one["purpose"] != said["purpose"]]
    place = CONSENTS.place_in_time(said)
    if any(one["purpose"] == said["purpose"] and CONSENTS.place_in_time(one) > place for one in known):
        return None
    if len(others) >= CONSENTS.at_most:
        raise too_many_of(len(others) + 1, "purposes", CONSENTS.at_most)
    return sorted([*others, dict(said)], key=lambda one: str(one["purpose"]))
