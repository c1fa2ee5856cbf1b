"""What becomes of a channel's word that a person was deleted there, or asked to be?

A channel is wrong at times: it deletes doubles, and one mistake of an adapter would delete everybody. So nobody is
erased by it. It is refused as long as the person is known by the account, and the delivery stands aside with the reason
and the customer's name on it: operators see it, `eraseCustomer` takes it along, and once the person is erased the same
word is taken for done.
"""

from adapters.contract.records import Departure
from resolvers.ingest.people import People
from resolvers.ingest.report import NotTaken, stored_moment

_KNOWN = (
    "The channel says that a person was deleted there, or asked to be. Find the customer by the account, look at "
    "`previewErasure`, and erase what is to go with `eraseCustomer`; a machine does not erase people."
)


def require_unknown(departure: Departure, people: People) -> None:
    """Returns where nobody is known by the account, so that nothing is left to do; raises NotTaken else."""
    stored_moment(departure.at, "at")
    if people.identities.owner_of(departure.who) is not None:
        raise NotTaken(_KNOWN)
