"""Who asks the channels for all questions of this process, and takes in what they answer?"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog

from adapters.contract.channel import Capability
from adapters.failures import PASSING, StoreError
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.kit.sources import SourceStatus
from resolvers.live.answers import Landed, take_in, tell_unread
from resolvers.live.flights import LIVE, Flight, flights_for, unforeseen
from resolvers.live.known_people import KnownPeople
from resolvers.live.memory import Freshness, Remembered, Standing
from resolvers.live.pasts import NEW_PAST, WITH_PASTS, PastStanding, begin_pasts, standings_of
from resolvers.live.reports import Report, as_now, of_error, of_found
from resolvers.live.targets import Target

# Calls under way for all questions together; a dead channel's fill them within minutes, and then it is left alone.
_MOST_FLIGHTS: Final = 400
# Calls that one question begins: an inbox of a hundred customers on channels that answer for one at a time.
_MOST_BEGUN: Final = 100
# Of the time that a question waits, the rest is for taking in what came.
_SHARE_OF_WAITING: Final = 0.9
_log = structlog.get_logger("resolvers.live")
_NOT_STORED: Final = -1
_NOT_BEGUN: Final = Report(status=SourceStatus.BUSY)


def is_any_live(lines: Lines) -> bool:
    """Whether any line offers something that can be asked for at the moment of a question."""
    return any(LIVE & line.capabilities for line in lines)


class Asking:
    """Asks the lines of a gateway. One object for a process; `close` ends what is under way."""

    def __init__(
        self,
        store: Store,
        lines: Lines,
        *,
        clock: Callable[[], datetime],
        default_region: str | None = None,
        behind_s: float = 10.0,
        freshness: Freshness | None = None,
    ) -> None:
        self.lines = lines
        self.offered = frozenset(one for line in lines for one in line.capabilities if one in LIVE)
        self._store, self._clock, self._default_region = store, clock, default_region
        self._behind_s = behind_s
        self._freshness = freshness or Freshness()
        self.people = KnownPeople(store, lines, self.offered)
        self._standings: Remembered[Target, Standing] = Remembered()
        self.pasts: Remembered[Target, PastStanding] = Remembered()
        """How far the pasts are of which a channel said that it has more, as this process last saw."""
        self._flights: dict[Target, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends whatever is under way; what it would have brought is asked for again another time."""
        self.people.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self) -> None:
        """Returns when nothing is under way any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Has something done that outlives the question, though not the process."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def is_fresh(self, target: Target) -> bool:
        """Whether nobody needs to ask this again for now."""
        standing = self._standings.get(target)
        return standing is not None and standing.is_fresh

    def report(self, target: Target) -> Report | None:
        """How this question went the last time that it was asked; None where it never was."""
        standing = self._standings.get(target)
        return standing.report if standing else None

    def as_now(self, target: Target, report: Report) -> Report:
        """The report of a question, with what its channel account has said since to others (`reports.as_now`)."""
        line = self.lines.at(*target.place)
        return as_now(report, line.channel.way.standing()) if line else report

    async def ask(self, targets: Sequence[Target], wait_s: float) -> dict[Target, Report]:
        """Asks all of it side by side, and says how it went. What came within the time is taken in then."""
        begun = time.monotonic()
        under_way = {flight for one in targets if (flight := self._flights.get(one))}
        own = self._launch(targets)
        # Who has been waited for as long already by others is not waited for again.
        landings = [
            asyncio.ensure_future(one.landed.wait())
            for one in under_way
            if begun - one.began < wait_s * _SHARE_OF_WAITING
        ]
        if every := [*own.values(), *landings]:
            await asyncio.wait(every, timeout=wait_s * _SHARE_OF_WAITING)
        for landing in landings:
            landing.cancel()
        arrived = [flight for flight, task in own.items() if task.done()]
        for flight, task in own.items():
            flight.is_late = not task.done()
        await self._land(arrived)
        return {one: self._report_now(one) for one in targets}

    def ask_behind(self, targets: Sequence[Target]) -> None:
        """Asks all of it, and nobody waits: what comes is taken in behind the answer."""
        for flight in self._launch(targets):
            flight.is_late = True

    def _launch(self, targets: Sequence[Target]) -> dict[Flight, asyncio.Task[None]]:
        """Begins the calls for what nobody asks at this moment, as many as there is room for."""
        by_line: dict[tuple[tuple[str, str], Capability], list[Target]] = {}
        for one in targets:
            if one not in self._flights:
                by_line.setdefault((one.place, one.capability), []).append(one)
        flights = []
        for (place, capability), some in by_line.items():
            line = self.lines.at(*place)
            flights += flights_for(line, capability, some) if line else []
        room = min(_MOST_BEGUN, _MOST_FLIGHTS - len(self._tasks))
        begun = {}
        for flight in flights[: max(room, 0)]:
            self._flights.update(dict.fromkeys(flight.targets, flight))
            begun[flight] = self.begin(self._run(flight))
        return begun

    async def _run(self, flight: Flight) -> None:
        try:
            await flight.fly(self._behind_s)
        except asyncio.CancelledError:
            self._done(flight)
            raise
        if flight.is_late:
            await self._land([flight])

    def _report_now(self, target: Target) -> Report:
        """How the question stands for whoever waits no longer."""
        standing = self._standings.get(target)
        flight = self._flights.get(target)
        if flight is None:
            return standing.report if standing else _NOT_BEGUN
        # A throttled one is not slow: its call waits until it may be sent again.
        wait_s = flight.line.channel.way.standing().retry_after_s
        status = SourceStatus.LATE if wait_s is None else SourceStatus.BUSY
        return Report(status=status, as_of=standing.answered_at if standing else None, retry_after_s=wait_s)

    async def _land(self, flights: Sequence[Flight]) -> None:
        """Takes in what is new of what came; whatever happens, the flights are over then."""
        try:
            news = [landed for flight in flights for landed in self._news(flight)]
            trouble = await self._take(news)
            for flight in flights:
                for target in flight.targets:
                    self._keep(target, flight, trouble.get(target, 0))
            await self._look_at_pasts([target for flight in flights for target in flight.targets])
        finally:
            for flight in flights:
                self._done(flight)

    async def _look_at_pasts(self, targets: Sequence[Target]) -> None:
        """Learns how far the pasts of these are, by one command where any has one; has those fetched that are new."""
        wanted = [one for one in targets if one.capability in WITH_PASTS and self._may_have_past(one)]
        if not wanted:
            return
        try:
            known = await standings_of(self._store, wanted)
        except StoreError as error:
            # The answer itself needs none of it; whoever asks next tries again.
            _log.warning("pasts wait for the database", error=str(error))
            return
        new = [one for one in wanted if one not in known and self._has_more(one)]
        for one, standing in {**known, **dict.fromkeys(new, NEW_PAST)}.items():
            self.pasts.keep(one, standing)
        if new:
            self.begin(self._begin_pasts(new))

    async def _begin_pasts(self, targets: Sequence[Target]) -> None:
        try:
            await begin_pasts(self._store, targets, self._clock())
        except StoreError as error:
            _log.warning("pasts wait for the database", error=str(error))

    def _has_more(self, target: Target) -> bool:
        report = self.report(target)
        return report is not None and report.has_more

    def _may_have_past(self, target: Target) -> bool:
        """Whether it is worth a look: one that is over stays so; who does not answer may have one of another time."""
        past, report = self.pasts.get(target), self.report(target)
        if past is not None:
            return past.is_waiting
        return report is not None and (report.has_more or not report.is_good)

    def _news(self, flight: Flight) -> list[Landed]:
        return [
            Landed(target, found.records, found.as_of or self._clock())
            for target, found in flight.found.items()
            if found.records and ((old := self._standings.get(target)) is None or old.is_news(found.records))
        ]

    async def _take(self, news: Sequence[Landed]) -> dict[Target, int | None]:
        """How many records of each answer could not be taken in; None where nothing could.

        Where the database fails, _NOT_STORED.
        """
        if not news:
            return {}
        try:
            left = await take_in(self._store, news, at=self._clock(), default_region=self._default_region)
        except PASSING as error:
            # No vendor's fault, and not told as one: what it said stands nowhere yet, and is asked for again.
            _log.warning("taking in waits for the database", error=str(error))
            return {one.target: _NOT_STORED for one in news}
        except Exception as error:  # noqa: BLE001  one adapter's odd record must not take the other sources along
            if len(news) == 1:
                target = news[0].target
                unforeseen(error, target.place, target.capability)
                return {target: None}
            return {target: left for one in news for target, left in (await self._take([one])).items()}
        return {one.target: count for one, count in zip(news, left, strict=True)}

    def _keep(self, target: Target, flight: Flight, left: int | None) -> None:
        """Remembers how a question went."""
        old = self._standings.get(target)
        report = self._report_of(target, flight, old)
        found = flight.found.get(target)
        if left == _NOT_STORED:
            report = Report(status=SourceStatus.LATE, as_of=old.answered_at if old else None)
        elif left is None:
            report = replace(report, status=SourceStatus.UNREADABLE)
        elif left:
            report = replace(report, unread=report.unread + left)
        elif found is not None and old is not None and not old.is_news(found.records):
            # What could not be read of it the last time cannot be read of the same now.
            report = replace(report, unread=max(report.unread, old.report.unread))
        if found is not None and found.unread and (old is None or old.is_news(found.records)):
            tell_unread(target, found.unread)
        fresh_s = self._freshness.of(report, is_profile=target.capability is Capability.PROFILE)
        standing = Standing(report, time.monotonic() + fresh_s, old.answered_at if old else None)
        if report.is_good:
            standing.answered_at = report.as_of
        if found is not None and left is not None and left != _NOT_STORED:
            standing.took(found.records, since=old)
        elif old is not None:
            standing.digest, standing.digest_until = old.digest, old.digest_until
        self._standings.keep(target, standing)

    def _report_of(self, target: Target, flight: Flight, old: Standing | None) -> Report:
        error = flight.error
        if error is None:
            return of_found(flight.found[target], latency_ms=flight.latency_ms, at=self._clock())
        answered_at = self._clock() if flight.knows_nobody else old.answered_at if old else None
        return of_error(error, latency_ms=flight.latency_ms, was_resting=flight.was_resting, as_of=answered_at)

    def _done(self, flight: Flight) -> None:
        for target in flight.targets:
            if self._flights.get(target) is flight:
                del self._flights[target]
        flight.landed.set()
