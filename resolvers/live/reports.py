"""How did a channel do when it was asked, in words that viewers may read?

Nothing of what a channel or vendor said stands in them: no message, no code, no value.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Found
from adapters.contract.way import Standing
from resolvers.kit.sources import Source, SourceStatus
from resolvers.live.pasts import PastStanding, PastState
from resolvers.live.targets import Target

WORDS: Final[Mapping[Capability, str]] = {
    Capability.PROFILE: "profile",
    Capability.HISTORY: "conversations",
    Capability.TICKETS: "tickets",
    Capability.PURCHASES: "purchases",
    Capability.INTERESTS: "interests",
    Capability.PRODUCTS: "products",
}
_COUNTED: Final[Mapping[Capability, str]] = {Capability.PROFILE: "profiles"}
_WHY: Final[Mapping[SourceStatus, str]] = {
    SourceStatus.STALE: "It does not answer anew",
    SourceStatus.LATE: "It has not answered in time",
    SourceStatus.DOWN: "It is down",
    SourceStatus.BUSY: "It takes no more requests for now",
    SourceStatus.REFUSED: "It refuses our requests",
    SourceStatus.RESTING: "It failed too often in a row and is left alone for some seconds",
    SourceStatus.UNREADABLE: "What it answered cannot be read",
}
# The worst of several is told: what makes an answer short comes behind what does not.
_RANKS: Final = {
    status: n
    for n, status in enumerate(
        (
            SourceStatus.STORED,
            SourceStatus.OK,
            SourceStatus.STALE,
            SourceStatus.LATE,
            SourceStatus.BUSY,
            SourceStatus.RESTING,
            SourceStatus.DOWN,
            SourceStatus.UNREADABLE,
            SourceStatus.REFUSED,
        )
    )
}
# By these, what is missing comes when the wait is over.
_WAITING: Final = frozenset({SourceStatus.STALE, SourceStatus.LATE, SourceStatus.BUSY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How one question to one channel account went."""

    status: SourceStatus
    latency_ms: int | None = None
    as_of: datetime | None = None
    retry_after_s: float | None = None
    complete_since: datetime | None = None
    """From when on it shows everything, where it shows only some of the past."""
    withheld: tuple[str, ...] = ()
    """What it keeps from us of what it has."""
    unread: int = 0
    """Records that could not be read or taken in."""
    has_more: bool = False
    """Whether the channel has older ones, which were not asked for."""
    past: PastStanding | None = None
    """How far the older ones were fetched; None where nobody fetches them."""

    @property
    def is_good(self) -> bool:
        """Whether it answered anew."""
        return self.status is SourceStatus.OK


def of_found(found: Found, *, latency_ms: int, at: datetime) -> Report:
    """The report of an answer."""
    return Report(
        status=SourceStatus.STALE if found.is_stale else SourceStatus.OK,
        latency_ms=latency_ms,
        as_of=found.as_of or at,
        complete_since=found.complete_since,
        withheld=found.withheld,
        unread=len(found.unread),
        has_more=found.after is not None,
    )


def of_error(error: ChannelError, *, latency_ms: int, was_resting: bool, as_of: datetime | None) -> Report:
    """The report of a failure; `as_of`: when the channel last answered this question well."""
    retry_after_s = error.retry_after_s if isinstance(error, ChannelBusy) else None
    return Report(
        status=_status(error, was_resting=was_resting),
        latency_ms=latency_ms,
        as_of=as_of,
        retry_after_s=retry_after_s,
    )


def as_now(report: Report, standing: Standing) -> Report:
    """The report, where the channel account has asked everybody to wait since, whatever it was asked for.

    Who takes no more for now is not down, although it was when this was asked.
    """
    wait_s, is_busy = standing.retry_after_s, standing.failure == ChannelBusy.kind
    if report.is_good or not (is_busy or wait_s is not None):
        return report
    status = SourceStatus.BUSY if report.status is SourceStatus.DOWN else report.status
    if status not in _WAITING:
        return report
    return replace(report, status=status, retry_after_s=report.retry_after_s if wait_s is None else wait_s)


def _status(error: ChannelError, *, was_resting: bool) -> SourceStatus:
    match error:
        case ChannelBusy():
            return SourceStatus.BUSY
        case ChannelRefused():
            return SourceStatus.REFUSED
        case BadPayload():
            return SourceStatus.UNREADABLE
        case NoSuchIdentity():
            # It knows nobody by that id: there is nothing to show, and nothing is missing.
            return SourceStatus.OK
        case _:
            return SourceStatus.RESTING if was_resting else SourceStatus.DOWN


def sources_of(reports: Iterable[tuple[Target, Report]], *, by_visitor: bool = False) -> list[Source]:
    """Each channel account once, with the worst of its reports, in the order in which they were asked.

    Visitors read neither which account of ours it is nor why something is missing.
    """
    by_place: dict[tuple[str, str], list[tuple[Target, Report]]] = {}
    for target, report in reports:
        by_place.setdefault(target.place, []).append((target, report))
    return [_source(place, some, by_visitor=by_visitor) for place, some in by_place.items()]


def _source(place: tuple[str, str], some: list[tuple[Target, Report]], *, by_visitor: bool) -> Source:
    reports = [report for _, report in some]
    worst = max(reports, key=lambda one: _RANKS[one.status])
    moments = [one.as_of for one in reports if one.as_of]
    latencies = [one.latency_ms for one in reports if one.latency_ms is not None]
    since = [at for one in reports if (at := _complete_since(one))]
    return Source(
        name=place[0],
        account=None if by_visitor else place[1],
        status=worst.status,
        latency_ms=max(latencies, default=None),
        as_of=min(moments, default=None),
        is_stale=not all(one.is_good for one in reports),
        missing=_missing(some, worst, by_visitor=by_visitor),
        retry_after_s=worst.retry_after_s,
        complete_since=max(since, default=None),
        is_backfilling=any(one.past.is_waiting for one in reports if one.past),
    )


def _unread(some: list[tuple[Target, Report]]) -> dict[Capability, int]:
    """How many records of each kind could not be read, where some could not.

    Whoever is asked for by identities of other channels, too, is the same person, with the same records.
    """
    found: dict[Capability, list[int]] = {}
    for target, report in some:
        own, others = found.setdefault(target.capability, [0, 0])
        is_own = target.who.channel == target.place[0]
        found[target.capability] = [own + report.unread, others] if is_own else [own, max(others, report.unread)]
    return {what: max(counts) for what, counts in found.items() if max(counts)}


def _complete_since(report: Report) -> datetime | None:
    return report.past.complete_since if report.past else report.complete_since


def _kept_back(some: list[tuple[Target, Report]], *, by_visitor: bool) -> Iterator[str]:
    """What a channel keeps from us, by what it was asked for."""
    found: dict[str, dict[str, None]] = {}
    for target, report in some:
        found.setdefault(WORDS[target.capability], {}).update(dict.fromkeys(report.withheld))
    for what, withheld in found.items():
        if withheld:
            told = f"{' and '.join(withheld)} of its {what}"
            yield f"{told[0].upper()}{told[1:]} may be missing." if by_visitor else f"It keeps {told} from us."


def _not_shown(some: list[tuple[Target, Report]], *, by_visitor: bool) -> Iterator[str]:
    """What of the past a channel shows nobody."""
    for target, report in some:
        if report.complete_since is not None:
            what = f"{WORDS[target.capability]} before {report.complete_since.date().isoformat()} may be missing."
            yield what[0].upper() + what[1:] if by_visitor else f"It shows us only some of the past: {what}"


def _missing(some: list[tuple[Target, Report]], worst: Report, *, by_visitor: bool) -> str | None:
    sentences = []
    if not worst.is_good:
        short = dict.fromkeys(WORDS[target.capability] for target, report in some if not report.is_good)
        moments = [report.as_of for _, report in some if not report.is_good]
        newer = "newer " if all(moments) else ""
        what = f"{newer}{' and '.join(short)} may be missing."
        sentences.append(what[0].upper() + what[1:] if by_visitor else f"{_WHY[worst.status]}: {what}")
    if unread := _unread(some):
        counts = [f"{count} of its {_COUNTED.get(what, WORDS[what])}" for what, count in unread.items()]
        sentences.append(f"{' and '.join(counts)} could not be read.")
    sentences += [*_kept_back(some, by_visitor=by_visitor), *_not_shown(some, by_visitor=by_visitor)]
    older = [(WORDS[target.capability], report.past) for target, report in some if report.has_more or report.past]
    if whats := dict.fromkeys(what for what, past in older if past is None):
        sentences.append(f"It has more {' and '.join(whats)}, which were not asked for.")
    if whats := dict.fromkeys(what for what, past in older if past and past.is_waiting):
        sentences.append(f"Its older {' and '.join(whats)} are being fetched.")
    if whats := dict.fromkeys(what for what, past in older if past and past.state is PastState.FAILED):
        sentences.append(f"Its older {' and '.join(whats)} could not be fetched whole.")
    return " ".join(sentences) or None
