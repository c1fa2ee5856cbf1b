"""How are several changes all done or none, and which of them is a command of?"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession

from adapters.failures import StoreDown, StoreError, is_passing, plain_errors
from adapters.held import HeldRecords
from adapters.records import Record

T = TypeVar("T")

# MongoDB itself ends a transaction that is older; the driver would try again and again for two minutes.
TRANSACTION_S = 60.0

_session: ContextVar[AsyncClientSession | None] = ContextVar("session", default=None)
# What the transaction under way wrote to.
_touched: ContextVar[list[Record] | None] = ContextVar("touched", default=None)


def session_now() -> AsyncClientSession | None:
    """The session of the transaction under way, which every command of it names; None outside of one."""
    return _session.get()


class Transactions:
    """The transactions of one store."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], held: HeldRecords) -> None:
        self._client = client
        self._held = held

    def wrote(self, record: Record) -> None:
        """Forgets the copy that is held of these records, now and once the transaction under way is over."""
        self._held.forget(record)
        touched = _touched.get()
        if touched is not None:
            touched.append(record)

    async def all_or_none(self, work: Callable[[], Awaitable[T]]) -> T:
        """Does all of the work or none of it, and answers what it answers. Raises StoreDown after a minute."""
        if _session.get() is not None:
            return await work()
        touched: list[Record] = []

        async def inside(session: AsyncClientSession) -> T:
            token, notes = _session.set(session), _touched.set(touched)
            try:
                return await work()
            except StoreError as error:
                # The driver repeats the work when it sees its own exception, not ours.
                if is_passing(error) and error.__cause__:
                    raise error.__cause__ from error
                raise
            finally:
                _session.reset(token)
                _touched.reset(notes)

        try:
            with plain_errors():
                async with asyncio.timeout(TRANSACTION_S), self._client.start_session() as session:
                    return await session.with_transaction(inside)
        except TimeoutError as error:
            raise StoreDown(
                f"The database did not finish a change within {TRANSACTION_S:g} s. Check that it runs, then try again."
            ) from error
        finally:
            # Whoever read meanwhile has kept a copy from before the commit.
            for record in touched:
                self._held.forget(record)
