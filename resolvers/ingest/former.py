"""Whose are the ids under which a source tells of a person, where some of them were somebody else's before?"""

from collections.abc import Callable
from datetime import datetime

from adapters.contract.records import Person, Who
from adapters.records import Document, RecordId
from resolvers.ingest.identities import Account, Identities


def accounts_of(
    identities: Identities,
    person: Person,
    at: datetime | None,
    *,
    is_heard: bool,
    speaking: Callable[[RecordId], Document],
) -> list[Account]:
    """The accounts that are said to be the person's at that moment, each once; raises NotTaken.

    Whoever is told of by a present id beside a former one of theirs is no stranger; by a former one alone, they are.
    `speaking` answers the document that speaks for a customer.
    """
    whos = (person.who, *person.also)
    present = [one.owner for one in map(identities.account, whos) if identities.is_present(one)]
    known = {speaking(one)["_id"] for one in present if one}

    def had(who: Who) -> Account:
        owner = identities.owner_of(who)
        is_theirs = owner is not None and bool(known) and speaking(owner)["_id"] in known
        return identities.account(who, at, is_heard=is_heard and not is_theirs)

    return list(dict.fromkeys(map(had, whos)))
