"""What is asked of the channels for one question, a level of it at a time?

Lists of one level ask in the same turn of the loop: what they want is gathered, asked side by side and taken in
together, and they go on together, so that their loads are one command as ever.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from adapters.contract.channel import Capability
from adapters.records import Record, RecordId
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context
from resolvers.kit.slice import Declared
from resolvers.kit.sources import Owned, Source
from resolvers.kit.viewer import Role
from resolvers.live.asking import Asking
from resolvers.live.reports import Report, sources_of
from resolvers.live.targets import Ids, Target, Whose

_Wanted = tuple[Whose, Capability]


@dataclass(slots=True, repr=False)
class _Wave:
    """What the lists of one level want to be asked."""

    coming: asyncio.Future[None]
    wanted: dict[_Wanted, None] = field(default_factory=dict)
    behind: dict[Whose, None] = field(default_factory=dict)
    """Whose profile is to be asked for behind the answer."""


class LiveQuestion:
    """Has the outside asked for one question; `live_s` is how long all its levels together wait for that."""

    def __init__(self, asking: Asking, declared: Declared, *, live_s: float) -> None:
        self._asking, self._declared = asking, declared
        self._live_s = live_s
        self._ends_at: float | None = None
        self._wave: _Wave | None = None
        self._waves: list[asyncio.Future[None]] = []
        self._asked: dict[_Wanted, None] = {}
        self._reports: dict[Target, Report] = {}
        self._whom: dict[Whose, Sequence[Target]] = {}
        """What may be asked about each customer, as this question saw it last: what it brings may change that."""

    def before(self, context: Context, customers: Sequence[Owned], records: Sequence[Record]) -> Awaitable[None] | None:
        """Has what the outside knows of these customers' records taken in before they are read.

        None where there is nothing to wait for: nobody offers it, or what is known is fresh.
        """
        # What is read inside a transaction is what stands there: nobody waits for the outside with locks in hand.
        if context.store.is_transacting:
            return None
        by_visitor = context.viewer.role is Role.VISITOR
        whose = [Whose(_ids(one), by_visitor) for one in customers]
        capabilities = self._capabilities(records)
        wanted = [(one, capability) for one in whose for capability in capabilities]
        self._asked.update(dict.fromkeys(wanted))
        new = [one for one in wanted if not self._is_known(*one)]
        behind = [] if by_visitor else [one for one in whose if not self._is_known(one, Capability.PROFILE)]
        if not new and not behind:
            return None
        wave = self._gathering(context)
        wave.wanted.update(dict.fromkeys(new))
        wave.behind.update(dict.fromkeys(behind))
        return wave.coming if new else None

    async def asked(self) -> None:
        """Returns when everything that was asked so far has come, or comes too late."""
        for coming in tuple(self._waves):
            await coming

    def told_of(self, customer: Owned, records: Sequence[Record]) -> list[Source]:
        """How those did who were asked for such records of the customer; `records` empty: for any."""
        ids, capabilities = _ids(customer), self._capabilities(records)
        of = [one for one in self._asked if one[0].ids == ids and (not records or one[1] in capabilities)]
        # A profile is no list, and is asked for behind the answer: of it is told what is kept from us.
        whose = [] if records else [one for one in dict.fromkeys(one for one, _ in of) if self._is_kept_back(one)]
        return self._sources([*of, *((one, Capability.PROFILE) for one in whose)])

    def _is_kept_back(self, whose: Whose) -> bool:
        reports = (self._asking.report(one) for one in self._targets(whose, Capability.PROFILE))
        return any(report is not None and report.withheld for report in reports)

    def told(self) -> list[Source]:
        """How everyone did who was asked for this question, each channel account once."""
        return self._sources(self._asked)

    def _sources(self, wanted: Iterable[_Wanted]) -> list[Source]:
        asked = list(wanted)
        targets = dict.fromkeys(chain.from_iterable(self._targets(*one) for one in asked))
        told = ((one, self._reports.get(one) or self._asking.report(one)) for one in targets)
        asking = self._asking
        now = [(one, asking.as_now(one, report)) for one, report in told if report]
        reports = ((one, replace(report, past=asking.pasts.get(one))) for one, report in now)
        return sources_of(reports, by_visitor=any(whose.by_visitor for whose, _ in asked))

    def _capabilities(self, records: Sequence[Record]) -> list[Capability]:
        """By what such records are asked for, where any line offers it."""
        live, offered = self._declared.live, self._asking.offered
        return list(dict.fromkeys(live[one.name] for one in records if live.get(one.name) in offered))

    def forget(self, customers: Iterable[RecordId]) -> None:
        """Has these customers asked about by what their identities are from now on."""
        self._asking.people.forget(customers)

    def _targets(self, whose: Whose, capability: Capability) -> list[Target]:
        known = self._asking.people.targets(whose)
        if known is not None:
            self._whom[whose] = known
        return [one for one in self._whom.get(whose, ()) if one.capability is capability]

    def _is_known(self, whose: Whose, capability: Capability) -> bool:
        """Whether nothing of this needs to be asked: nobody offers it, it is fresh, or this question asked already."""
        if capability not in self._asking.offered:
            return True
        if self._asking.people.targets(whose) is None:
            return False
        return all(one in self._reports or self._asking.is_fresh(one) for one in self._targets(whose, capability))

    def _gathering(self, context: Context) -> _Wave:
        """The wave that has not been sent yet."""
        if self._wave is None:
            loop = asyncio.get_running_loop()
            self._wave = _Wave(loop.create_future())
            self._waves.append(self._wave.coming)
            loop.call_soon(self._send, context)
        return self._wave

    def _send(self, context: Context) -> None:
        wave, self._wave = self._wave, None
        if wave is not None:
            self._asking.begin(self._answered(wave, context))

    async def _answered(self, wave: _Wave, context: Context) -> None:
        """Has the wave's questions asked, and lets whoever waits for it go on."""
        try:
            if self._ends_at is None:
                self._ends_at = time.monotonic() + self._live_s
            whom = [*(whose for whose, _ in wave.wanted), *wave.behind]
            self._whom.update(await self._asking.people.learn(whom))
            profiles = chain.from_iterable(self._targets(one, Capability.PROFILE) for one in wave.behind)
            self._asking.ask_behind([one for one in profiles if not self._asking.is_fresh(one)])
            targets = dict.fromkeys(chain.from_iterable(self._targets(*one) for one in wave.wanted))
            stale = [one for one in targets if not self._asking.is_fresh(one)]
            wait_s = max(0.0, min(self._ends_at - time.monotonic(), context.budget.left_s / 2))
            if stale:
                self._reports.update(await self._asking.ask(stale, wait_s))
        finally:
            # Where the identities could not be read, the list's own load says why.
            if not wave.coming.done():
                wave.coming.set_result(None)


def _ids(customer: Owned) -> Ids:
    return tuple(customer.owner([IDENTITIES])[IDENTITIES.name])
