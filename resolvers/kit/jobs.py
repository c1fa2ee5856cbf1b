"""What is done in the background, by one process at a time?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

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
