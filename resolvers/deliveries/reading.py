"""What does a kept delivery tell, read by the channel as it is today?"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Who
from adapters.contract.soundness import unsound, unsound_among
from adapters.lines import Lines
from adapters.records import Document, RecordId
from resolvers.deliveries.waiting import delivery_of
from resolvers.ingest.dating import as_of
from resolvers.ingest.forgotten import named
from resolvers.kit.masking import reason_of

_log = structlog.get_logger("resolvers.deliveries")

_NO_LINE = "The settings file names no such channel account that receives deliveries. Name it, then replay."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reading:
    """One delivery, and what was read in it."""

    id: RecordId
    document: Document
    events: tuple[Event, ...] = ()
    """What is to be taken in."""
    reasons: tuple[str, ...] = ()
    """Why it is to be set aside whole, whatever becomes of its events; none: it is read well."""
    left_alone: int = 0
    """How many events are none of the house's business."""
    people: frozenset[Who] = frozenset()
    """Everyone of whom it tells, also by what cannot be read, as far as the channel says of whom that is."""
    is_untold: bool = True
    """Whether something in it is of nobody who can be told."""

    @property
    def place(self) -> tuple[str, str]:
        """The channel, and the account on it."""
        return self.document["channel"], self.document["account"]


def read(lines: Lines, document: Document) -> Reading:
    """What the delivery tells; what cannot be read stands under `reasons`, and nothing is raised."""
    line = lines.receiving(document["channel"], document["account"])
    if line is None:
        return _aside(document, _NO_LINE)
    try:
        events = tuple(line.events(delivery_of(document)))
        return _sorted_out(document, events, _accounts(lines, document))
    except BadPayload as error:
        return _aside(document, told_of(document, error.reason))
    except Exception as error:  # noqa: BLE001  an adapter's mistake must not stop the deliveries behind it
        return _aside(document, unforeseen(error, "reading it"))


def _accounts(lines: Lines, document: Document) -> Sequence[str]:
    """Of which of our accounts the delivery may tell."""
    line = lines.at(document["channel"], document["account"])
    return line.channel.accounts() if line is not None else ()


def told_of(document: Document, words: object) -> str:
    """A reason as it is logged, kept and shown: nothing of what the delivery says stands in it."""
    return reason_of(words, delivery_of(document))


def unforeseen(error: Exception, doing: str) -> str:
    """A reason in words, with the reference under which the log has the error."""
    reference = secrets.token_hex(6)
    _log.error("unforeseen", reference=reference, doing=doing, exc_info=error)
    return f"Unforeseen while {doing} ({type(error).__name__}); the log has it under {reference}."


def _sorted_out(document: Document, events: Sequence[Event], accounts: Sequence[str]) -> Reading:
    places = [(document["channel"], one) for one in accounts]
    wrong = [_wrong(one, places) for one in events]
    good = tuple(
        replace(one, records=tuple(as_of(one.records, _moment(one, document))))
        for one, words in zip(events, wrong, strict=True)
        if words is None and one.left_alone is None
    )
    reasons = tuple(dict.fromkeys(told_of(document, one) for one in dict.fromkeys(wrong) if one is not None))
    left_alone = sum(words is None for words in wrong) - len(good)
    people = [_people(one) for one in events]
    return Reading(
        id=document["_id"],
        document=document,
        events=good,
        reasons=reasons,
        left_alone=left_alone,
        people=frozenset().union(*people),
        is_untold=not all(people),
    )


def _moment(event: Event, document: Document) -> datetime | None:
    """When what it tells was so: by the channel's clock, which may be ahead of ours."""
    return min(event.at, document["received_at"]) if event.at is not None else None


def _wrong(event: Event, places: Sequence[tuple[str, str]]) -> str | None:
    """Why the event cannot be taken in, in words for operators; None where it can, or is none of our business."""
    if (words := unsound(event)) is not None:
        return words
    if event.unread is not None:
        return event.unread
    return next((words for one in event.records if (words := unsound_among(one, places)) is not None), None)


def _people(event: Event) -> frozenset[Who]:
    """Whom an event is about; nobody where it is so wrong that nobody can be told."""
    if unsound(event) is not None or any(unsound(one) is not None for one in event.records):
        return frozenset()
    own = () if event.who is None else (event.who,)
    return frozenset((*own, *(who for record in event.records for who in named(record))))


def _aside(document: Document, reason: str) -> Reading:
    return Reading(id=document["_id"], document=document, reasons=(reason,))
