"""Is it certain that a customer is one person: whose data is handed over or erased is not only a machine's guess?"""

from collections.abc import Sequence

from adapters.records import Document
from resolvers.kit.errors import conflict
from resolvers.kit.ids import global_id
from resolvers.own_record import INFERRED_BY


def doubts(customer: Document) -> Sequence[str]:
    """The ids of the merges that hold the customer together by a machine's conclusion, which no person confirmed."""
    keys = dict.fromkeys(key for one in customer.get("aliases") or () for key in one.get(INFERRED_BY, ()))
    return [global_id("Merge", key) for key in keys]


def doubted(merges: Sequence[str]) -> str:
    """What is told where there are such merges."""
    return (
        f"A machine has concluded that this customer is one person, and nobody confirmed it: {', '.join(merges)}. What "
        "is kept may be several people's. Look at it, send `confirmMerge` or `unmergeCustomers`, then ask again."
    )


def require_no_doubt(customer: Document, *path: str) -> None:
    """Refuses with CONFLICT where a machine alone says that the customer is one person."""
    if merges := doubts(customer):
        raise conflict(doubted(merges), *path)
