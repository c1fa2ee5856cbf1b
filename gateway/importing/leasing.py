"""Who imports these files now? One run at a time: two would write over each other's positions and rejected rows.

A run renews its lease while it works. One that was killed leaves it behind: on this machine the process is known to be
gone, and its lease is taken at once; that of another machine falls free after a few seconds.
"""

import asyncio
import os
import platform
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from rich.console import Console

from adapters.failures import StoreError
from adapters.mongo import Store
from gateway.importing.troubles import CannotImport
from gateway.processes import is_alive

T = TypeVar("T")

# Short, for somebody waits where a run on another machine was killed; and long beside the longest batch.
LEASE_S = 10.0
_RENEWALS = 3
_GIVING_BACK_S = 2.0
_POLL_S = 0.25


async def while_leased(store: Store, name: str, console: Console, work: Callable[[], Awaitable[T]]) -> T:
    """What the work gives, done while nobody else holds the lease; raises CannotImport where somebody does."""
    holder = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(4)}"
    await _take(store, name, holder, console)
    try:
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(_keep(store, name, holder))
            try:
                return await work()
            finally:
                keeping.cancel()
    except BaseExceptionGroup as group:
        raise first_of(group) from group
    finally:
        # Where the database is gone, the lease goes by itself.
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_GIVING_BACK_S):
                await store.leases.give_back(name, holder)


def first_of(group: BaseException) -> BaseException:
    """The first exception of a group of groups."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


async def _take(store: Store, name: str, holder: str, console: Console) -> None:
    wait_s, is_told = LEASE_S * 1.1, False
    while not await store.leases.take(name, holder, for_s=LEASE_S):
        other = await store.leases.holder_of(name) or ""
        host, _, rest = other.partition(":")
        pid = rest.partition(":")[0]
        if host == platform.node() and pid.isdecimal():
            if is_alive(int(pid)):
                raise _refusal(f"process {pid} of this machine")
            console.print(
                f"Process {pid}, which imported these files, was killed. What it had under way is given up by the "
                "database within ten seconds, or within a minute in one that is not the gateway's own.",
                highlight=False,
            )
            await store.leases.give_back(name, other)
            continue
        if wait_s <= 0:
            raise _refusal(f"process {pid} on {host}")
        if not is_told and host:
            console.print(f"A run on {host} has these files; waiting to see whether it still works.", highlight=False)
            is_told = True
        wait_s -= _POLL_S
        await asyncio.sleep(_POLL_S)


def _refusal(who: str) -> CannotImport:
    return CannotImport(
        f"These files are being imported by the same mapping already, by {who}. Wait until that run is done, or end "
        "it; a run that was killed lets go within seconds."
    )


async def _keep(store: Store, name: str, holder: str) -> None:
    """Renews the lease until it is cancelled; raises CannotImport where somebody else has it."""
    myself = asyncio.current_task()
    # Where a wait ends at that very moment, Python 3.11 can lose a cancellation, but it counts it.
    while myself is None or not myself.cancelling():
        await asyncio.sleep(LEASE_S / _RENEWALS)
        # Where the database is away, the work finds that out itself.
        with suppress(StoreError):
            if not await store.leases.take(name, holder, for_s=LEASE_S):
                raise CannotImport(
                    "This run stood still, and another one has gone on with the same files. Let that one end."
                )
