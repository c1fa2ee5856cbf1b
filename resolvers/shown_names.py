"""By which name is a customer shown?"""

from collections.abc import Mapping
from typing import Any, Final

from adapters.records import Document

SHOWN_AS: Final = "shown_as"
"""Where a customer's document keeps what a channel calls the person, by which of their identities and where."""


def called(values: Mapping[str, Any], shown_as: Document | None) -> str | None:
    """The name by which a channel calls the person; None where somebody has told one, or no channel knows any."""
    is_told = values.get("firstName") or values.get("lastName")
    return None if is_told else (shown_as or {}).get("name")


def naming(values: Mapping[str, Any], shown_as: Document | None = None) -> dict[str, Any]:
    """What follows from the names in the attribute values: what to show, and by what to sort.

    `shown_as`: what a channel calls the person, which is shown where nobody has told a name, and is none for all that.
    """
    first, last = values.get("firstName"), values.get("lastName")
    told = f"{first} {last}" if first and last else first or last
    shown = told or called(values, shown_as)
    by = f"{last or ''} {first or ''}" if told else shown or ""
    return {
        "display_name": shown or None,
        # Customers without any name sort behind everyone: the highest code point is in no name.
        "sort_name": by.casefold().strip() or "\U0010ffff",
        "is_anonymous": not told,
    }
