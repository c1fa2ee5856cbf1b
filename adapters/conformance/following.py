"""Is every recorded page of an answer asked for?"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, not_offered, summed
from adapters.conformance.trial import Trial
from adapters.conformance.vendor import Vendor, vendor
from adapters.conformance.wire import asked, channel_at, outcome_of, reads_of
from adapters.contract.channel import Capability
from adapters.contract.found import Found, Portion
from adapters.contract.records import Who

LISTS: Final[Mapping[Capability, str]] = {
    Capability.HISTORY: "past",
    Capability.TICKETS: "tickets",
    Capability.PURCHASES: "purchases",
    Capability.INTERESTS: "interests",
}
"""What a channel answers page after page, and by which method."""
# What is recorded of one person has no more pages; of a channel that never ends another check tells.
_MOST_PAGES: Final = 20
# With few at once a vendor may be asked otherwise.
_SIZES: Final = (Portion().at_most, 2, 1)


async def followed(trial: Trial) -> Finding:
    """Each further page that is recorded is asked for: whoever reads one page leads to the next."""
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return reads
    if not any(one in reads for one in LISTS):
        return not_offered("It lists nothing, so that there are no pages.")
    if not trial.answers:
        return not_checked("Write recorded answers of the vendor into `EXAMPLES.answers`, by the path that asks.")
    async with vendor(trial.answers) as double:
        for ask in reads.values():
            await asked(trial, double, ask)
        for who in _named(trial):
            for capability in (one for one in LISTS if one in reads):
                for size in _SIZES:
                    async for _ in pages(trial, double, capability, who, size):
                        pass
        paths = {one.path for one in double.asked}
        left = [one for one in trial.answers if one not in double.given and _is_page_of(one, paths)]
    wrong = (
        f"EXAMPLES.answers has {one}, which nobody asked for. Follow the vendor's `next` in `after`." for one in left
    )
    return summed(wrong, f"{len(double.given)} recorded answers were asked for.")


def _is_page_of(address: str, paths: set[str]) -> bool:
    """Whether it is another answer at a path that is asked, and not one to another question."""
    path, _, query = address.partition("?")
    return bool(query) and path in paths


def _named(trial: Trial) -> list[Who]:
    """The person of the examples, by each identity by which the channel may be asked."""
    persons = trial.examples.persons if trial.examples else {}
    others = [Who(one, "", persons[one]) for one in trial.channel().asked_by() if one in persons]
    return [trial.own, *others]


async def pages(
    trial: Trial, double: Vendor, capability: Capability, who: Who, size: int = _SIZES[0]
) -> AsyncIterator[Found]:
    """What is found, page after page, as far as it can be asked for."""
    after: str | None = None
    for _ in range(_MOST_PAGES):
        async with channel_at(trial, double) as channel:
            method: Any = getattr(channel, LISTS[capability])
            found = await outcome_of(trial, method(who, Portion(at_most=size, after=after)))
        if not isinstance(found, Found):
            return
        yield found
        after = found.after
        if after is None:
            return
