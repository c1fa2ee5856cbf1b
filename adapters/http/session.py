"""Where do all calls to vendors start? One set of connections for the process, one way out per channel account."""

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiohttp.abc import AbstractResolver
from yarl import URL

from adapters.contract.manners import Manners
from adapters.http.addresses import Borders, to_strangers
from adapters.http.kept import Shelf
from adapters.http.observing import CallObserver, Unheard
from adapters.http.strangers import Strangers
from adapters.http.ways import AccountWay, House
from adapters.http.wire import Wire, to_vendors

_MOST_KEPT = 4096
_MOST_KEPT_BYTES = 64 * 1024 * 1024
"""A profile is some 2 kB and a page of tickets some 100 kB: so there is room for a shift's customers."""
_SWEEP_S = 30.0
"""How often answers too old for anybody are forgotten."""


_STRICT = Borders()


def _now() -> datetime:
    return datetime.now(UTC)


class Outside:
    """Everything beyond the gateway that is called over HTTP. Ways may be made before it is entered."""

    def __init__(
        self,
        *,
        observer: CallObserver | None = None,
        clock: Callable[[], datetime] = _now,
        tls: ssl.SSLContext | None = None,
        borders: Borders = _STRICT,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._wire = Wire(clock, lambda: to_vendors(tls, resolver))
        self._public_wire = Wire(clock, lambda: to_strangers(borders, tls, resolver))
        shelf = Shelf(most=_MOST_KEPT, most_bytes=_MOST_KEPT_BYTES)
        hears = observer or Unheard()
        strangers = Strangers(self._public_wire, borders, hears.called)
        self._house = House(wire=self._wire, strangers=strangers, shelf=shelf, observer=hears, clock=clock)
        self._ways: dict[tuple[str, str], AccountWay] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._wire.open()
        self._public_wire.open()
        self._sweeper = asyncio.create_task(self._sweep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        for way in self._ways.values():
            await way.close()
        await self._wire.close()
        await self._public_wire.close()

    def __repr__(self) -> str:
        return f"<Outside with {len(self._ways)} ways>"

    def way(self, name: str, account: str, manners: Manners, *, base_url: str | None = None) -> AccountWay:
        """The way out of that channel account; the same for whoever asks for it again.

        With a `base_url` addresses may be given relative to it (`tickets.json` below its path, `/tickets.json` below
        its host), and none leads away from its host.
        """
        base = URL(base_url.rstrip("/") + "/") if base_url is not None else None
        there = self._ways.get((name, account))
        if there is None:
            there = self._ways[name, account] = AccountWay(name, account, manners, base, self._house)
        elif (there.manners, there.base) != (manners, base):
            raise ValueError(f"There is a way of {name}/{account} already, with other manners. Make one per account.")
        return there

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._house.shelf.drop_old(time.monotonic())
