"""Who does this now: a named lease that one process holds and that falls free when it dies.

The document's id is the name, so that MongoDB itself lets one holder win. Time is the database server's,
because processes' clocks differ.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from adapters.failures import plain_errors

_COLLECTION = "leases"


def application_name() -> str:
    """As what the connections of one store are known to the database: no other store's are called so."""
    return _name(secrets.token_hex(4))


def _name(sign: str) -> str:
    return f"profile-gateway {sign}"


@dataclass(frozen=True, slots=True)
class Hold:
    """How a lease stands once somebody asked for it."""

    holder: str
    """Who has it now."""
    left_by: str | None = None
    """From whom the holder got it who never gave it back: it was killed, or stands still."""


class Leases:
    """Named leases in one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._leases = database[_COLLECTION]
        self._admin = database.client.admin
        self.sign = (database.client.options.pool_options.appname or "").rpartition(" ")[2]
        """The word that is this store's alone, by which `end_work_of` finds what it has under way."""

    async def take(self, name: str, holder: str, *, for_s: float) -> bool:
        """Whether `holder` now has the lease, for so many seconds; the one who has it already renews it."""
        return (await self.hold(name, holder, for_s=for_s)).holder == holder

    async def hold(self, name: str, holder: str, *, for_s: float, instead_of: str | None = None) -> Hold:
        """The same, told with who has it; `instead_of` is somebody who is known to be gone, and whose it is no more."""
        # MongoDB takes no $expr in the condition of an upsert, so the choice stands in the change. A lease that
        # is not there has no `until`, which sorts before every moment.
        is_mine = {"$in": ["$holder", [{"$literal": one} for one in (holder, instead_of) if one]]}
        is_ours = {"$or": [is_mine, {"$lt": ["$until", "$$NOW"]}]}
        is_left = {"$and": [is_ours, {"$ne": ["$holder", {"$literal": holder}]}]}
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(for_s * 1000)}}
        change = {
            "holder": {"$cond": [is_ours, {"$literal": holder}, "$holder"]},
            "until": {"$cond": [is_ours, until, "$until"]},
            "left_by": {"$cond": [is_left, "$holder", "$left_by"]},
        }
        with plain_errors(_COLLECTION):
            try:
                found = await self._leases.find_one_and_update(
                    {"_id": name}, [{"$set": change}], upsert=True, return_document=True
                )
            except DuplicateKeyError:
                # Someone else made the lease in the same moment.
                found = None
        return Hold(holder=found["holder"], left_by=found.get("left_by")) if found else Hold(holder="")

    async def give_back(self, name: str, holder: str) -> None:
        """Frees the lease, where `holder` still has it."""
        with plain_errors(_COLLECTION):
            await self._leases.delete_one({"_id": name, "holder": holder})

    async def end_work_of(self, sign: str) -> int:
        """Ends the transactions that another store has under way, and answers how many there were.

        What a killed process changed in one can be changed by nobody until the server ends it by itself, after a minute
        by default. A store that lives does that work anew.
        """
        theirs = {"appName": _name(sign), "transaction": {"$exists": True}, "lsid": {"$exists": True}}
        with plain_errors(_COLLECTION):
            found = await self._admin.aggregate([{"$currentOp": {"idleSessions": True}}, {"$match": theirs}])
            sessions = [{"id": one["lsid"]["id"]} async for one in found]
            if sessions:
                await self._admin.command("killSessions", sessions)
        return len(sessions)

    async def holder_of(self, name: str) -> str | None:
        """Who holds the lease now, if anyone does."""
        with plain_errors(_COLLECTION):
            found = await self._leases.find_one({"_id": name, "$expr": {"$gte": ["$until", "$$NOW"]}})
        return str(found["holder"]) if found else None
