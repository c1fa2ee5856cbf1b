"""How does a command get at the store: of the gateway that runs on this data folder, or of one of its own?"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from adapters.mongo import Store
from gateway.acts import AT_THE_COMMAND_LINE, ActLedger
from gateway.app import records_of
from gateway.database import as_served, database, opened_store
from gateway.kept_secrets import with_secrets
from gateway.logs import configure_logs
from gateway.settings import load_settings
from resolvers.kit.acts import Act, ActOutcome
from resolvers.schema import graph

T = TypeVar("T")


def with_store(work: Callable[[Store], Awaitable[T]], *, act: Act | None, needs_secret: bool = False) -> T:
    """What the work gives with the store open: of the gateway that runs on this data folder, if one does.

    `act`: what it does, for the ledger of acts; None where it changes nothing. The work may add what it concerns.
    `needs_secret`: whether it erases, or takes in what channels say; raises BadSettings where the secret is missing.
    """

    async def inside() -> T:
        asyncio.get_running_loop().set_exception_handler(partial(_unless_broken_off, asyncio.current_task()))
        settings = as_served(load_settings())
        if needs_secret:
            settings = with_secrets(settings)
        configure_logs("warning")
        async with (
            database(settings, may_join=True) as url,
            opened_store(url, settings, records_of(graph(), settings)) as store,
        ):
            return await (work(store) if act is None else _written_down(work, store, act))

    return asyncio.run(inside())


def _unless_broken_off(
    work: asyncio.Task[Any] | None, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    """Tells of what broke beside the work, but for Ctrl-C: pressed again, it strikes whatever is just being done.

    Nor of what breaks because the work was broken off.
    """
    is_over = work is not None and (work.cancelling() or work.done())
    if not is_over and not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)


async def _written_down(work: Callable[[Store], Awaitable[T]], store: Store, act: Act) -> T:
    ledger = ActLedger(store, now)
    key = await ledger.begin(act, AT_THE_COMMAND_LINE)
    try:
        return await work(store)
    finally:
        raised = sys.exc_info()[1]
        act.outcome = ActOutcome.DONE if raised is None else ActOutcome.FAILED
        # Ctrl-C leaves open how far it came.
        if raised is None or isinstance(raised, Exception):
            await ledger.end(key, act, AT_THE_COMMAND_LINE)


def now() -> datetime:
    """This moment, as MongoDB keeps it."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
