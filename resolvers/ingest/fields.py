"""How is one field of what a source says read, and which of two words of a source is the later?"""

from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from adapters.contract.records import Case, Progress, Removal, Talk, Utterance, Withdrawal
from adapters.records import Document
from resolvers.ingest.report import NotTaken, require_text, stored_moment


def place_of(one: Case | Talk | Utterance | Progress | Withdrawal | Removal) -> dict[str, Any]:
    """The channel account of the record and its id there; raises NotTaken where one of them is empty."""
    return {
        "channel": require_text(one.channel, "channel"),
        "account": require_text(one.account, "account"),
        "external_id": require_text(one.external_id, "external_id"),
    }


def one_of(kinds: type[Enum], value: str, field: str) -> str:
    """The value as it is; raises NotTaken where it is none of these."""
    if value not in _names(kinds):
        raise NotTaken(f"`{field}` is {value[:64]!r}; it is one of {', '.join(kinds.__members__)}.")
    return value


# An enum makes a new mapping each time that it is asked for its members.
@cache
def _names(kinds: type[Enum]) -> frozenset[str]:
    return frozenset(kinds.__members__)


def maybe(moment: datetime | None, field: str) -> datetime | None:
    """The moment as it is stored, where there is one; raises NotTaken."""
    return stored_moment(moment, field) if moment else None


def dated(moment: datetime | None) -> dict[str, Any]:
    """When the source changed it, of what seldom is: nothing where the source does not say."""
    return {"updated_at": stored_moment(moment, "updated_at")} if moment else {}


def newer(old: Document, new: dict[str, Any]) -> dict[str, Any]:
    """The new document, unless the source itself calls it older.

    An undated word counts; as of when the source has spoken is known by the dated ones alone.
    """
    before, now = old.get("updated_at"), new.get("updated_at")
    if before and now and now < before:
        return {**old}
    return {**new, "updated_at": before} if before and not now else new


def is_older(new: Document, old: Document) -> bool:
    """Whether the word is older than the one that is kept, where one without a moment is older than one with it."""
    before, now = old.get("updated_at"), new.get("updated_at")
    return before is not None and (now is None or now < before)
