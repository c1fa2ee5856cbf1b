"""How does the gateway get a database of its own, for a laptop and for tests?

It runs a real mongod as a replica set of one, reachable only through a socket that other users of the machine cannot
enter. mongod goes when the gateway goes, and comes back when it dies.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters import replicaset
from gateway.mongod.home import Home
from gateway.mongod.run import Run, find_binary
from gateway.mongod.trouble import (
    GaveUp,
    MongodError,
    said,
)

# mongod's own lower bound for its cache.
SMALLEST_CACHE_GB = 0.25
# A mongod that has served this long did not die of how it was started.
STEADY_S = 30.0
# Five deaths in a row with the pauses below take five to ten seconds: long enough for a passing cause.
QUICK_DEATHS = 5
PAUSE_S = 0.1


class Mongod:
    """A mongod of our own, as a one-node replica set, closed to other users of the machine.

    It belongs to the process and the event loop that started it; other processes get its `url`. `on_event` hears
    mongod.started, mongod.died, mongod.restart_failed, mongod.gave_up and mongod.stopped, each with its facts; it must
    not raise.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache_gb: float = SMALLEST_CACHE_GB,
        on_event: Callable[[str, Mapping[str, object]], None] | None = None,
    ) -> None:
        if cache_gb < SMALLEST_CACHE_GB:
            raise MongodError(f"cache_gb is {cache_gb}; mongod takes at least {SMALLEST_CACHE_GB}. Give it that much.")
        self.folder = folder.expanduser().resolve()
        self._cache_gb = cache_gb
        self._on_event = on_event
        self._binary = Path()
        self._home: Home | None = None
        self._run: Run | None = None
        self._watch: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._failure: MongodError | None = None

    @property
    def url(self) -> str:
        """Where clients connect, from `start` on; it stays the same when mongod is restarted."""
        if self._home is None:
            raise MongodError(f"The database in {self.folder} is not running; start it before asking for its url.")
        return replicaset.url_of(self._home.socket)

    @property
    def pid(self) -> int | None:
        """The process id of mongod itself; None while there is none."""
        return self._run.pid if self._run and not self._run.ended.done() else None

    async def start(self) -> None:
        """Return when mongod is a writable primary, within a second or so. Raises MongodError and leaves nothing."""
        if self._home is not None:
            raise MongodError(f"The database in {self.folder} is running already; stop it before starting it again.")
        self._binary = find_binary()
        self._home = await Home.enter(self.folder)
        self._over.clear()
        self._failure = None
        try:
            await self._launch()
        except BaseException:
            self._leave()
            raise
        self._watch = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """End mongod cleanly, in a second as a rule, in 25 s at worst. Nothing happens when it is not running."""
        began = time.monotonic()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait({watch})
        if self._run is not None:
            await self._run.stop()
            self._leave()
            self._tell("mongod.stopped", took_s=round(time.monotonic() - began, 3))
        if watch is not None and not watch.cancelled():
            watch.result()  # an `on_event` that raised has ended the watch: say so

    async def wait(self) -> None:
        """Return when the database was stopped. Raises GaveUp when it died too often and is not restarted any more."""
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _launch(self) -> None:
        if self._home is None:
            raise MongodError(f"The database in {self.folder} was stopped.")
        run = Run.begin(self._binary, self._home, self._cache_gb)
        self._run = run
        try:
            await run.become_primary()
        except BaseException:
            await run.stop()
            raise
        self._tell("mongod.started", pid=run.pid, took_s=round(run.lived_s, 3))

    async def _keep_alive(self) -> None:
        """Restart mongod whenever it ends, until it has died too often in a row; then say so and let go."""
        deaths, why = 0, ""
        while deaths < QUICK_DEATHS and self._run is not None:
            why = f"mongod {said(await asyncio.shield(self._run.ended))}"
            deaths = 1 if self._run.lived_s > STEADY_S else deaths + 1
            self._tell("mongod.died", why=why, lived_s=round(self._run.lived_s, 3), deaths=deaths)
            while deaths < QUICK_DEATHS:
                await asyncio.sleep(PAUSE_S * 2 ** (deaths - 1))
                try:
                    await self._launch()
                    break
                except MongodError as error:
                    deaths, why = deaths + 1, str(error)
                    self._tell("mongod.restart_failed", why=why, deaths=deaths)
        self._failure = GaveUp(
            f"The database in {self.folder} died {deaths} times in a row and is not restarted any more. "
            f"Mend the cause, then start the gateway again. The last time: {why}"
        )
        self._leave()
        self._tell("mongod.gave_up", message=str(self._failure))

    def _leave(self) -> None:
        if self._home is not None:
            self._home.leave()
        self._home = self._run = None
        self._over.set()

    def _tell(self, event: str, **facts: object) -> None:
        if self._on_event is not None:
            self._on_event(event, facts)
