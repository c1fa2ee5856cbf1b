"""As of when does a source say something, where it does not say when that changed?"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from adapters.contract.records import HandedOver, Order


def as_of(records: Iterable[HandedOver], moment: datetime | None) -> list[HandedOver]:
    """The records; those that may be undated, and are, are of that moment.

    What a shop answers is how an order stands as it answers, and what a delivery tells is how it stood when that
    happened: a word of before then, which arrives later, is older.
    """
    if moment is None:
        return list(records)
    return [
        replace(one, updated_at=moment) if isinstance(one, Order) and one.updated_at is None else one for one in records
    ]
