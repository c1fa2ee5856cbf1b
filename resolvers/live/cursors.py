"""Does a vendor's cursor lead on, or in a circle?"""

from collections.abc import Mapping
from typing import Any


def leads_nowhere(past: Mapping[str, Any], after: str) -> bool:
    """Whether following this cursor would fetch what was fetched already.

    A single one is kept for the comparison, that of the last portion whose number was a power of two: a circle of
    whatever length is found before it was walked three times (R. Brent, 1980).
    """
    return after in {past["cursor"], past["mark"]}


def next_mark(past: Mapping[str, Any]) -> str | None:
    """With which cursor later ones are compared, once this portion is taken in."""
    portions = past["portions"] + 1
    mark: str | None = past["cursor"] if portions & (portions - 1) == 0 else past["mark"]
    return mark
