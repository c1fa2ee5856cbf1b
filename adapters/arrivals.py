"""How is what arrives written many at once, so that what came before is told and nothing acknowledged is lost?"""

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError
from pymongo.write_concern import WriteConcern

from adapters.failures import plain_errors
from adapters.records import Document, Record, RecordId

# Said to be safe when most servers have it in their journals: a server that is killed and another that takes over
# both have it then.
_LASTING = WriteConcern("majority", j=True)
_DUPLICATE_KEY = 11000


class Arrivals:
    """Adds what arrives to collections of one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database

    async def add(self, record: Record, documents: Sequence[Document]) -> frozenset[RecordId]:
        """Adds those whose id is not there yet, in one command, and answers the ids of those that were.

        It returns when all of them will outlive whatever is killed. Raises StoreError, and then some may be there.
        """
        if not documents:
            return frozenset()
        collection = self._database.get_collection(record.name, write_concern=_LASTING)
        with plain_errors(record.name):
            try:
                await collection.insert_many([dict(one) for one in documents], ordered=False)
            except BulkWriteError as error:
                wrong = error.details.get("writeErrors", [])
                is_unsafe = bool(error.details.get("writeConcernErrors"))
                if is_unsafe or any(one.get("code") != _DUPLICATE_KEY for one in wrong):
                    raise
                return frozenset(documents[one["index"]]["_id"] for one in wrong)
        return frozenset()
