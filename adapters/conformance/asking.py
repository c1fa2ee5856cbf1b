"""Is a channel asked for page after page, and by every kind of identity that it names?"""

from dataclasses import replace
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, not_offered, summed
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import Vendor, vendor
from adapters.conformance.wire import channel_at, outcome_of, reads_of, unsound_in
from adapters.contract.channel import Capability
from adapters.contract.errors import NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Case, Order, Person, Talk, Who

_PAGED: Final = {Capability.HISTORY: "past", Capability.TICKETS: "tickets", Capability.PURCHASES: "purchases"}
_ALL: Final = {**_PAGED, Capability.PROFILE: "person", Capability.INTERESTS: "interests"}
_COUNTED: Final = (Order, Case, Talk)
# What is recorded of one person has no more pages.
_MOST_PAGES: Final = 20

_FOR_EVER: Final = (
    "it leads to a page that was given before, for ever. Answer `after=None` where the vendor names the same cursor "
    "again, and record the last page in EXAMPLES.answers, as `/path?cursor=...`."
)


async def paged(trial: Trial) -> Finding:
    """Every page is asked for by the cursor of the one before, comes to an end, and is no longer than was asked for."""
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return reads
    offered = [one for one in _PAGED if one in reads]
    if not offered:
        return not_offered("It lists nothing, so that there are no pages.")
    wrong, count = [], 0
    async with vendor(trial.answers) as double:
        for capability in offered:
            pages, found = await _pages(trial, double, capability)
            count += pages
            wrong += [f"{capability}: {one}" for one in found]
            if pages > 1:
                wrong += [f"{capability}: {one}" for one in await _bounded(trial, double, capability)]
    return summed(wrong, f"{count} page{'' if count == 1 else 's'}.")


async def _pages(trial: Trial, double: Vendor, capability: Capability) -> tuple[int, list[str]]:
    """How many pages there are, and what is wrong with those behind the first."""
    who, portion, before = trial.own, Portion(), [""]
    cursors: set[str] = set()
    for n in range(_MOST_PAGES):
        double.asked.clear()
        found = await _asked(trial, double, capability, who, portion)
        if not isinstance(found, Found):
            # Of the first page `answered` tells.
            told = raised(found) if isinstance(found, Exception) else "no Found"
            return n, [f"page {n + 1}: {told}.{double.hint()}"] if n else []
        now = [f"{one.method} {one.path} {sorted(one.query.items())} {one.body}" for one in double.asked]
        if n and now == before:
            return n, ["the next page is asked for as the one before. Hand `Portion.after` to the vendor."]
        if n and (unfit := [*unsound_in(trial, found), *(one.why for one in found.unread)]):
            return n, [f"page {n + 1}: {one}" for one in unfit]
        if found.after is None:
            return n + 1, []
        if found.after in cursors:
            return n, [_FOR_EVER]
        cursors.add(found.after)
        portion, before = replace(portion, after=found.after), now
    return _MOST_PAGES, [f"there is no end after {_MOST_PAGES} pages. Answer `after=None` at the end."]


async def _bounded(trial: Trial, double: Vendor, capability: Capability) -> list[str]:
    """What is wrong where few are asked for: where there are pages, one need not give everything."""
    said = []
    for at_most in (1, 2):
        double.asked.clear()
        found = await _asked(trial, double, capability, trial.own, Portion(at_most=at_most))
        records = found.records if isinstance(found, Found) else ()
        if at_most == 1 and all(sum(isinstance(one, kind) for one in records) <= 1 for kind in _COUNTED):
            return []
        said.append([f"{one.path} {sorted(one.query.items())} {one.body}" for one in double.asked])
    return ["`Portion.at_most` is ignored. Hand it to the vendor."] if said[0] == said[1] else []


async def asked_by(trial: Trial) -> Finding:
    """By each kind of identity that it names the same person is found, under the channel's own id."""
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return reads
    named = trial.channel().asked_by()
    others = [one for one in named if one != trial.cls.name]
    if not others:
        return summed([], "It is asked by its own ids alone.")
    persons = trial.examples.persons if trial.examples else {}
    if missing := [one for one in others if one not in persons]:
        return not_checked(f"Name the person of EXAMPLES by {', '.join(missing)}, too: `EXAMPLES.persons`.")
    wrong = []
    async with vendor(trial.answers) as double:
        for other in others:
            who = Who(other, "", persons[other])
            for capability in (one for one in _ALL if one in reads):
                outcome = await _asked(trial, double, capability, who, Portion())
                wrong += [f"{capability} by {other}: {one}" for one in _unlike(trial, outcome, double)]
    return summed(wrong, f"Asked by {', '.join(others)}, too.")


def _unlike(trial: Trial, outcome: Any, double: Vendor) -> list[str]:
    """What is wrong with an answer about the person by another identity."""
    if not isinstance(outcome, Found):
        if isinstance(outcome, NoSuchIdentity):
            return [f"it knows nobody.{double.hint()}"]
        return [f"{raised(outcome) if isinstance(outcome, Exception) else 'no Found'}.{double.hint()}"]
    wrong = list(unsound_in(trial, outcome))
    people = {one.who for one in outcome.records if isinstance(one, Person | Order | Case | Talk)}
    if people - {trial.own} and not wrong:
        wrong.append("a record is of somebody else than `EXAMPLES.person`. Say under which id of yours you know them.")
    return wrong


async def _asked(trial: Trial, double: Vendor, capability: Capability, who: Who, portion: Portion) -> Any:
    """What the channel answers, or the error that it raises."""
    double.unrecorded.clear()
    async with channel_at(trial, double) as channel:
        method = getattr(channel, _ALL[capability])
        more = (portion,) if capability in _PAGED or capability is Capability.INTERESTS else ()
        return await outcome_of(trial, method(who, *more))
