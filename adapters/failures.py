"""What can go wrong with the store, filed by what the caller does next.

StoreError
├── Taken          a unique key is in use already: answer with what is there
├── Overtaken      someone else changed the same documents in the meantime: read again, then decide
├── TooSlow        the database gave up after the time allowed: narrow the question
├── StoreRefused   the database does not take the command: ask in another way
└── StoreDown      the database does not answer: try later
    └── Rearranging    an index is being made just now: try again at once
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)

# Server codes, from MongoDB's error_codes.yml.
_DUPLICATE_KEY = 11000
_WRITE_CONFLICT = 112
_SNAPSHOT_UNAVAILABLE = 246


class StoreError(Exception):
    """What the store could not do; the subclass says what to do next."""


class Taken(StoreError):
    """A unique key is in use already. `record` names the kind; the value is never told."""

    def __init__(self, record: str) -> None:
        super().__init__(f"A record of {record!r} with the same key is there already. Read it instead of adding it.")
        self.record = record


class Overtaken(StoreError):
    """The same documents were changed by someone else in the meantime. Read them again."""


class TooSlow(StoreError):
    """The database gave up after the time allowed for one load. Ask for less at once."""


class StoreRefused(StoreError):
    """The database does not take the command, or cannot give its answer whole. Ask in another way."""


class StoreDown(StoreError):
    """The database does not answer. Nothing was lost; try again shortly."""


class Rearranging(StoreDown):
    """A collection or an index is being made, and what stood at one moment cannot be read yet. Try again at once."""


PASSING: Final = (StoreDown, Overtaken, TooSlow)
"""The database is away or busy; with any other failure something is wrong with what was to be written."""


@contextmanager
def plain_errors(record: str = "") -> Iterator[None]:
    """Says the driver's exceptions in the store's own words; the driver's own is the cause."""
    try:
        yield
    except DuplicateKeyError as error:
        raise Taken(_collection_of(error) or record) from error
    except BulkWriteError as error:
        raise _of_bulk(error, record) from error
    except ExecutionTimeout as error:
        raise TooSlow("The database gave up on a load that took too long. Ask for less at once.") from error
    except (ConnectionFailure, NetworkTimeout) as error:
        raise StoreDown("The database does not answer. Check that it runs, then try again.") from error
    except OperationFailure as error:
        if error.code == _WRITE_CONFLICT or error.has_error_label("TransientTransactionError"):
            raise Overtaken("The same records were changed in the meantime. Read them again.") from error
        if error.code == _SNAPSHOT_UNAVAILABLE:
            raise Rearranging("The database is making an index. Try again in a moment.") from error
        raise StoreRefused(f"The database refused a command (code {error.code}).") from error
    except PyMongoError as error:
        raise StoreError(f"The database could not be asked: {type(error).__name__}.") from error


def is_passing(error: StoreError) -> bool:
    """Whether the same transaction may succeed when it is simply done again."""
    cause = error.__cause__
    return isinstance(cause, PyMongoError) and cause.has_error_label("TransientTransactionError")


def _of_bulk(error: BulkWriteError, record: str) -> StoreError:
    codes = {one.get("code") for one in error.details.get("writeErrors", [])}
    if codes == {_DUPLICATE_KEY}:
        return Taken(record)
    if _WRITE_CONFLICT in codes:
        return Overtaken("The same records were changed in the meantime. Read them again.")
    if not codes:
        # Written, but not said to be safe: a server that ends, or a set without its majority.
        return StoreDown("The database did not say that a write is safe. Check that it runs, then try again.")
    return StoreError(f"The database refused a write to {record!r} (codes {sorted(map(str, codes))}).")


def _collection_of(error: DuplicateKeyError) -> str:
    # The server's message names the collection and, behind it, the value: only the first may be told.
    words = str(error).split("collection: ")
    return words[1].split(" ")[0].split(".", 1)[-1] if len(words) > 1 else ""
