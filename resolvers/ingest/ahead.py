"""Which of the moments of a record cannot be, as they lie ahead of when it arrived?

What has happened has a moment behind it. One that lies years ahead would stand first in every list for as long, and
no later word would ever count. Clocks differ, and whoever gets a zone wrong is off by some hours: that much is let
pass. When something is due, begins or ends may lie ahead and is not looked at.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.contract.company import Colleague
from adapters.contract.records import (
    Case,
    Departure,
    File,
    Leaning,
    Order,
    Person,
    Progress,
    Remark,
    Removal,
    Renaming,
    Say,
    Talk,
    Utterance,
    Watermark,
    Withdrawal,
)
from resolvers.ingest.report import NotTaken

# A local time of the easternmost zone that is taken for UTC is 14 hours ahead.
_MOST_AHEAD: Final = timedelta(days=1)

HAPPENED: Final[Mapping[type[Any], tuple[str, ...]]] = {
    Person: ("created_at", "seen_at"),
    Order: ("placed_at", "updated_at"),
    Case: ("created_at", "updated_at"),
    Talk: ("started_at", "last_message_at", "resolved_at", "updated_at"),
    Utterance: ("sent_at", "updated_at"),
    Leaning: ("observed_at", "triggered_at"),
    Remark: ("created_at",),
    File: ("created_at",),
    Colleague: ("created_at",),
    Watermark: ("until", "at"),
    **dict.fromkeys((Progress, Withdrawal, Say, Renaming, Removal, Departure), ("at",)),
}
"""The fields of each kind of record that say when something happened."""


def require_happened(record: Any, arrived_at: datetime) -> None:
    """Raises NotTaken where the record says that something happened long after it arrived."""
    for name in HAPPENED.get(type(record), ()):
        moment: datetime | None = getattr(record, name)
        # One without a zone is refused where it is stored, in better words.
        if moment is not None and moment.tzinfo is not None and moment - arrived_at > _MOST_AHEAD:
            raise NotTaken(f"`{name}` lies more than a day ahead of when it arrived here. Correct it in the source.")
