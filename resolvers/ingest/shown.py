"""What does a channel call a person of whom nobody has told a name?"""

from collections.abc import Mapping

from adapters.records import Document
from resolvers.ingest.identities import Account
from resolvers.kit.texts import plain_line
from resolvers.shown_names import SHOWN_AS

# As long as a line may be that people write.
_LONGEST = 200


def shown_as(account: Account, profile: Mapping[str, str | None], claim: str) -> Document:
    """What a customer's document keeps of it; nothing where the account is not proven to be the customer's."""
    name = profile.get("name")
    if not name or claim != "VERIFIED":
        return {}
    try:
        line = plain_line(name, "It", _LONGEST)
    except ValueError:
        # It stands in the profile all the same.
        return {}
    channel, place, _ = account.who
    return {SHOWN_AS: {"name": line, "digest": account.digest, "observed_from": f"{channel}/{place}"}}
