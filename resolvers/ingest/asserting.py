"""What is it worth that a source only says what somebody says of themselves, as the From of a mail?

Whoever is new by it is made, and is ASSERTED; nothing else that comes by the account with it proves more. Of somebody
whom the channel has proven it changes nothing.
"""

from adapters.contract.records import Person
from resolvers.identities import weaker
from resolvers.ingest.identities import Account, Identities
from resolvers.ingest.report import Visit


class Asserted:
    """The accounts of one batch of which a source only says what people say of themselves."""

    def __init__(self, visit: Visit, identities: Identities) -> None:
        self._visit, self._identities = visit, identities
        self._digests: set[str] = set()

    def is_all(self, account: Account) -> bool:
        """Whether nothing in the batch proves more of the account, as far as was taken in."""
        return account.digest in self._digests

    def weighed(self, proof: str, person: Person, account: Account) -> str:
        """How well it is founded that whoever is spoken of is the customer."""
        if not person.is_asserted:
            return proof
        self._digests.add(account.digest)
        return weaker(proof, "ASSERTED")

    def describe(self, account: Account, person: Person, *, is_new: bool = False) -> bool:
        """Notes what is shown of the person, and by whose word; whether that was news."""
        if not person.is_asserted:
            return self._identities.describe(account, person.profile)
        if is_new:
            self._identities.doubt(account)
        elif self._identities.claim_of(account) == "VERIFIED":
            return False
        return self._identities.describe(account, person.profile, said_by=self._visit.by)
