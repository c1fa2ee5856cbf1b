"""How do loads that are asked for side by side become one command?

Whoever resolves a level asks for everything before anything is answered. So a load waits until whoever is ready has
spoken, which costs one turn of the event loop; what then waits for the same owners goes as one aggregation. Where the
database refuses it, because what it found is too large for one document or a cluster does not take a stage, each load
goes alone and joined; so does what is left of one whose sweep came to its bound.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from adapters.failures import StoreRefused
from adapters.fusing import Fusion, completed, rest_of
from adapters.loads import Load
from adapters.records import Document

Aggregate = Callable[[Sequence[Document]], Awaitable[list[dict[str, Any]]]]
"""Runs an aggregation over the whole database."""

_Key = bytes
"""The owners' first ids, one behind the other: bytes are compared faster than ids."""


class Levels:
    """Gathers the loads of one store."""

    def __init__(self, aggregate: Aggregate) -> None:
        self._aggregate = aggregate
        self._waves: dict[_Key, _Wave] = {}

    async def ask(self, load: Load) -> list[Any]:
        """The load's answers in the order of its owners."""
        key = b"".join([next(iter(owner.values()))[0].binary for owner in load.owners])
        wave = self._waves.get(key)
        if wave is None:
            wave = self._waves[key] = _Wave(self._aggregate)
            asyncio.get_running_loop().call_soon(self._send, key)
        return await wave.join(load)

    def _send(self, key: _Key) -> None:
        self._waves.pop(key).send()


class _Wave:
    """Loads for the same owners that go together."""

    def __init__(self, aggregate: Aggregate) -> None:
        self._aggregate = aggregate
        self._loads: list[Load] = []
        self._futures: list[asyncio.Future[list[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def join(self, load: Load) -> list[Any]:
        """The load's answers, once the wave was sent and came back."""
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._loads.append(load)
        self._futures.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            # When nobody waits any more, the database need not work on.
            if self._task is not None and all(one.done() for one in self._futures):
                self._task.cancel()
            raise

    def send(self) -> None:
        """Asks the database for what is still waited for; nobody joins any more."""
        waiting = [n for n, future in enumerate(self._futures) if not future.done()]
        self._loads = [self._loads[n] for n in waiting]
        self._futures = [self._futures[n] for n in waiting]
        if waiting:
            self._task = asyncio.ensure_future(self._answer())

    async def _answer(self) -> None:
        try:
            found = await self._together()
        except Exception as error:  # noqa: BLE001  it belongs to whoever asked
            found = [error] * len(self._loads)
        for future, answer in zip(self._futures, found, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _together(self) -> Sequence[list[Any] | Exception]:
        fusion = Fusion(self._loads)
        try:
            answers = fusion.answers(await self._aggregate(fusion.pipeline))
        except StoreRefused:
            return await asyncio.gather(*map(self._alone, self._loads))
        rests = [rest_of(load, found) for load, found in zip(self._loads, answers, strict=True)]
        if not any(rests):
            return answers
        return await asyncio.gather(*map(self._completed, answers, rests))

    async def _completed(self, answers: list[Any], rest: Load | None) -> list[Any] | Exception:
        """The answers with those of owners whom a sweep did not come to."""
        if rest is None:
            return answers
        others = await self._alone(rest)
        return others if isinstance(others, Exception) else completed(answers, others)

    async def _alone(self, load: Load) -> list[Any] | Exception:
        """Each owner read by itself, which every server takes."""
        fusion = Fusion([load], may_sweep=False)
        try:
            return fusion.answers(await self._aggregate(fusion.pipeline))[0]
        except Exception as error:  # noqa: BLE001  it belongs to whoever asked for this load
            return error
