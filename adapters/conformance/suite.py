"""Does a channel behave? Every check, in the order in which one mends what they find."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.conformance import making, ordering, proving, reading, wire
from adapters.conformance.findings import Finding, Outcome, failed, not_checked, summed
from adapters.conformance.leaks import overheard
from adapters.conformance.trial import Trial, Ways, raised
from adapters.discovery import Adapter


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that every channel must do."""

    name: str
    run: Callable[[Trial], Awaitable[Finding]]

    @property
    def rule(self) -> str:
        """What the channel must do, as a sentence."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]


async def silent(trial: Trial) -> Finding:
    """No secret and nobody's number or address stands in a message, a `repr` or a log line."""
    return summed(trial.heard.leaks(), "Neither secrets nor numbers nor addresses were heard.")


_FIRST: Final = (Check("described", making.described), Check("secret", making.secret))
_MADE: Final = Check("made", making.made)
_WITH_IT: Final = (
    Check("capable", making.capable),
    Check("read", reading.read),
    Check("repeated", reading.repeated),
    Check("genuine", proving.genuine),
    Check("forged", proving.forged),
    Check("junk", reading.junk),
    Check("answered", wire.answered),
    Check("failing", wire.failing),
    Check("odd", wire.odd),
    Check("sent once", wire.sent_once),
    Check("ordered", ordering.ordered),
    Check("asked once", ordering.asked_once),
    Check("silent", silent),
)
CHECKS: Final = (*_FIRST, _MADE, *_WITH_IT)
"""All of them, in their order."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a channel's checks."""

    findings: tuple[tuple[Check, Finding], ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing failed; what was not checked is not counted."""
        return all(one.outcome is not Outcome.FAIL for _, one in self.findings)

    @property
    def failed(self) -> list[str]:
        """The names of the checks that failed."""
        return [check.name for check, one in self.findings if one.outcome is Outcome.FAIL]


async def try_out(
    adapter: Adapter, ways: Ways, *, payloads: Path | None = None, mutations: int = 300, deadline_s: float = 0.3
) -> Report:
    """Every check of one adapter. Nobody outside of this machine is asked.

    `ways`: how it gets out. `payloads`: a folder with bodies of recorded deliveries. `mutations`: how many spoilt ones
    are tried. `deadline_s`: how long a vendor that hangs is waited for.
    """
    trial = Trial(adapter.cls, adapter.examples, ways, payloads, mutations, deadline_s)
    with overheard(trial.heard):
        found = [(one, await _ended(one, trial)) for one in (*_FIRST, _MADE)]
        if found[-1][1].outcome is Outcome.PASS:
            trial.plant()
            found += [(one, await _ended(one, trial)) for one in _WITH_IT]
        else:
            found += [(one, not_checked("It could not be made; see above.")) for one in _WITH_IT]
    return Report(tuple(found))


async def _ended(check: Check, trial: Trial) -> Finding:
    """What the check found; where the channel surprises it, that."""
    try:
        return await check.run(trial)
    except Exception as error:  # noqa: BLE001  whatever a channel does
        trial.heard.error("that came out of a check", error)
        return failed(f"{raised(error)} came out of it. Raise the errors of adapters/contract/errors.py.")
