"""Does a channel behave? Every check, in the order in which one mends what they find."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.conformance import (
    addressing,
    asking,
    dropping,
    following,
    keeping,
    making,
    opening,
    ordering,
    proving,
    reading,
    sending,
    waiting,
    wire,
)
from adapters.conformance.findings import Finding, Outcome, failed, not_checked, summed
from adapters.conformance.leaks import overheard
from adapters.conformance.patience import STEP_S, NeverBack, Patience
from adapters.conformance.trial import Trial, Ways, raised
from adapters.contract.examples import Examples
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
_WAITING: Final = Check("waiting", waiting.waiting)
_WITH_IT: Final = (
    Check("capable", making.capable),
    _WAITING,
    Check("read", reading.read),
    Check("repeated", reading.repeated),
    Check("genuine", proving.genuine),
    Check("forged", proving.forged),
    Check("replayed", proving.replayed),
    Check("handshake", proving.handshake),
    Check("junk", reading.junk),
    Check("answered", wire.answered),
    Check("paged", asking.paged),
    Check("followed", following.followed),
    Check("taken", keeping.taken),
    Check("asked by", asking.asked_by),
    Check("escaped", addressing.escaped),
    Check("failing", wire.failing),
    Check("odd", wire.odd),
    Check("kept", dropping.kept),
    Check("opened", opening.opened),
    Check("sent", sending.sent),
    Check("sent once", sending.sent_once),
    Check("ordered", ordering.ordered),
    Check("asked once", ordering.asked_once),
    Check("silent", silent),
)
CHECKS: Final = (*_FIRST, _MADE, *_WITH_IT)
"""All of them, in their order."""

Tell = Callable[[Check, Finding], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a channel's checks."""

    findings: tuple[tuple[Check, Finding], ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing failed; what was not checked is not counted."""
        return not self.failed

    @property
    def failed(self) -> list[str]:
        """The names of the checks that failed."""
        return self._ended_as(Outcome.FAIL)

    @property
    def is_made(self) -> bool:
        """Whether the channel could be made, and does not hold up the process."""
        ended = {check.name: one.outcome for check, one in self.findings}
        return ended.get(_MADE.name) is Outcome.PASS and ended.get(_WAITING.name) is not Outcome.FAIL

    @property
    def unchecked(self) -> list[str]:
        """The names of the checks that could not be run for want of something that can be written."""
        return self._ended_as(Outcome.NOT_CHECKED)

    def _ended_as(self, outcome: Outcome) -> list[str]:
        return [check.name for check, one in self.findings if one.outcome is outcome]


def _told_later(check: Check, finding: Finding) -> None:
    """Nothing: the report tells of it."""
    del check, finding


async def try_out(  # noqa: PLR0913  each of them may be left out
    adapter: Adapter,
    ways: Ways,
    *,
    payloads: Path | None = None,
    mutations: int = 300,
    deadline_s: float = 0.3,
    tell: Tell = _told_later,
    checks: Sequence[Check] = CHECKS,
    step_s: float = STEP_S,
    examples: Examples | None = None,
) -> Report:
    """The checks of one adapter, all where no others are named. Nobody outside of this machine is asked.

    `ways`: how it gets out. `payloads`: a folder with bodies of recorded deliveries. `mutations`: how many spoilt ones
    are tried. `deadline_s`: how long a vendor that hangs is waited for; `step_s`: how long
    a channel is, at each step of a check. `tell` is called as each check ends. `examples` stand in
    the place of the adapter's own.
    """
    trial = Trial(
        adapter.cls, examples or adapter.examples, ways, payloads, mutations, deadline_s, patience=Patience(step_s)
    )
    found: list[tuple[Check, Finding]] = []
    why_not: str | None = None
    for one in checks:
        finding = await _ended(one, trial) if why_not is None else not_checked(why_not)
        if one is _MADE and finding.outcome is Outcome.PASS:
            trial.plant()
        elif one is _MADE:
            why_not = "It could not be made; see above."
        elif one is _WAITING and finding.outcome is Outcome.FAIL:
            # The suite's own vendor runs in the thread that it holds up.
            why_not = "It holds up the process; see above."
        found.append((one, finding))
        tell(one, finding)
    return Report(tuple(found))


async def _ended(check: Check, trial: Trial) -> Finding:
    """What the check found; where the channel surprises it, that."""
    try:
        with overheard(trial.heard), trial.patience.kept():
            return await check.run(trial)
    except NeverBack:
        return failed(
            f"It did not come back within {trial.patience.step_s:g} s. Does it follow cursors for ever, wait for "
            "something else than `self.way`, or never leave a loop?"
        )
    except Exception as error:  # noqa: BLE001  whatever a channel does
        trial.heard.error("that came out of a check", error)
        return failed(f"{raised(error)} came out of it. Raise the errors of adapters/contract/errors.py.")
