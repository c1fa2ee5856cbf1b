"""Who does this now: a named lease that one process holds and that falls free when it dies.

The document's id is the name, so that MongoDB itself lets one holder win. Time is the database server's,
because processes' clocks differ.
"""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from adapters.failures import plain_errors

_COLLECTION = "leases"


class Leases:
    """Named leases in one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._leases = database[_COLLECTION]

    async def take(self, name: str, holder: str, *, for_s: float) -> bool:
        """Whether `holder` now has the lease, for so many seconds; the one who has it already renews it."""
        # MongoDB takes no $expr in the condition of an upsert, so the choice stands in the change. A lease that
        # is not there has no `until`, which sorts before every moment.
        is_ours = {"$or": [{"$eq": ["$holder", {"$literal": holder}]}, {"$lt": ["$until", "$$NOW"]}]}
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(for_s * 1000)}}
        change = {
            "holder": {"$cond": [is_ours, {"$literal": holder}, "$holder"]},
            "until": {"$cond": [is_ours, until, "$until"]},
        }
        with plain_errors(_COLLECTION):
            try:
                found = await self._leases.find_one_and_update(
                    {"_id": name}, [{"$set": change}], upsert=True, return_document=True
                )
            except DuplicateKeyError:
                # Someone else made the lease in the same moment.
                return False
        return found is not None and found["holder"] == holder

    async def give_back(self, name: str, holder: str) -> None:
        """Frees the lease, where `holder` still has it."""
        with plain_errors(_COLLECTION):
            await self._leases.delete_one({"_id": name, "holder": holder})

    async def holder_of(self, name: str) -> str | None:
        """Who holds the lease now, if anyone does."""
        with plain_errors(_COLLECTION):
            found = await self._leases.find_one({"_id": name, "$expr": {"$gte": ["$until", "$$NOW"]}})
        return str(found["holder"]) if found else None
