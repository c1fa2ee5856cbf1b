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
        free_or_ours = {"_id": name, "$or": [{"holder": holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(for_s * 1000)}}
        with plain_errors(_COLLECTION):
            try:
                result = await self._leases.update_one(
                    free_or_ours, [{"$set": {"holder": holder, "until": until}}], upsert=True
                )
            except DuplicateKeyError:
                # The name is there and matched neither condition: someone else holds it.
                return False
        return result.matched_count == 1 or result.upserted_id is not None

    async def give_back(self, name: str, holder: str) -> None:
        """Frees the lease, where `holder` still has it."""
        with plain_errors(_COLLECTION):
            await self._leases.delete_one({"_id": name, "holder": holder})

    async def holder_of(self, name: str) -> str | None:
        """Who holds the lease now, if anyone does."""
        with plain_errors(_COLLECTION):
            found = await self._leases.find_one({"_id": name, "$expr": {"$gte": ["$until", "$$NOW"]}})
        return str(found["holder"]) if found else None
