"""What is handed to a job: everything that its work needs from outside the resolvers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.lines import NO_LINES, Lines
from adapters.mongo import Store
from resolvers.kit.slice import Declared


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
