"""What is handed to a job: everything that its work needs from outside the resolvers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.lines import NO_LINES, Lines
from adapters.mongo import Store
from resolvers.kit.jobs import Job
from resolvers.kit.slice import Declared


class Knocks:
    """Tells the jobs of this process that there is something to do, so that they look at once."""

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = {}

    def bell(self, name: str) -> asyncio.Event:
        """What is set when somebody knocks for that job; whoever looks clears it before."""
        return self._bells.setdefault(name, asyncio.Event())

    def knock(self, name: str) -> None:
        """Has the job looked at at once, or again at once where it is under way. Other processes hear nothing of it."""
        self.bell(name).set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One process's hand in the jobs."""

    store: Store
    declared: Declared
    clock: Callable[[], datetime]
    retention: Mapping[str, timedelta] = field(default_factory=dict)
    """How long records of a kind are kept, by the record's name; for ever where it is not named."""
    lines: Lines = NO_LINES
    """The channel accounts that can be reached."""
    default_region: str | None = None
    """The country (ISO 3166) by which phone numbers without a country code are read."""
    knocks: Knocks = field(default_factory=Knocks)
    """Wakes jobs of this process."""

    def jobs(self) -> list[Job]:
        """Every job of this process: the declared ones, and those of each of its channel accounts."""
        of_lines = (job for one in self.declared.line_jobs for job in one.of(self.lines))
        return [*self.declared.jobs.values(), *of_lines]
