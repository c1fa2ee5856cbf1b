"""What is done in the background, by one process at a time?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from adapters.contract.channel import Capability
from adapters.lines import Line, Lines
from adapters.quiet import quiet

Work = Callable[[Any], Awaitable[bool]]
"""One step of a job: `async fn(shift) -> bool`, whether more is to do at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again, by one process at a time."""

    name: str
    every_s: float
    """How long after its end it is looked at anew."""
    work: Work
    when: Work | None = None
    """Whether there is anything to do; asked by every process before one of them begins, so it must cost nothing."""
    is_urgent: bool = False
    """Whether it is due as soon as `when` says so, however soon after its last end, unless it failed: for work of which
    some processes can do a part that others cannot."""


JobAt = Callable[[str, str], Job]
"""The job at the channel account of these names: the channel's, and our account's."""


Offers = Capability | Callable[[Line], bool]
"""What a channel account offers."""


@quiet
@dataclass(frozen=True, slots=True)
class LineJobs:
    """A job for each channel account that offers something, each by one process at a time.

    None waits for another account's, and no process takes one up whose settings do not name the account.
    """

    begins: str
    """The first word of their names; the channel account is the second."""
    offers: Offers
    """For which accounts there is such a job."""
    job_at: JobAt

    def of(self, lines: Lines) -> list[Job]:
        """Those of a process with these lines."""
        offers = self.offers
        fitting = lines.offering(offers) if isinstance(offers, Capability) else filter(offers, lines)
        return [self.job_at(*line.place) for line in fitting]
