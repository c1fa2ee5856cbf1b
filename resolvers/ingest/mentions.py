"""Whom and what do the records of a batch name, and which of them must be taken in before others?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeGuard

from adapters.contract.company import Class, Colleague, Effort, Place, Team
from adapters.contract.records import (
    Case,
    Departure,
    File,
    HandedOver,
    Leaning,
    Listing,
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
    Who,
    Withdrawal,
)
from adapters.records import Record, RecordId
from resolvers.agents import AGENTS, GROUPS
from resolvers.campaigns import CAMPAIGNS
from resolvers.ingest.company import company_id, topic_id
from resolvers.interests import TOPICS
from resolvers.labels import LABELS

_COMPANY = (Team, Class, Effort, Place, Listing, Colleague)
# What others name comes first: groups before colleagues, the company's own before people, people before what is theirs.
_THEIRS = (Say, Talk, Utterance, Progress, Watermark, Withdrawal, Order, Case, Leaning, Remark, File)
RANKS: Final[Mapping[type[Any], int]] = {
    kind: n for n, kind in enumerate((Renaming, *_COMPANY, Person, *_THEIRS, Removal, Departure))
}
"""In which order the kinds of records are taken in."""
NAMELESS: Final = frozenset(
    {Order, Utterance, File, Progress, Watermark, Withdrawal, Removal, Say, Renaming, Departure}
)
"""These name nothing of the company's, and are many."""
TOLD: Final = frozenset({Progress, Watermark, Withdrawal, Removal, Say, Renaming, Departure})
"""These say something of what is there, or comes."""
_OF_COMPANY = frozenset(_COMPANY)
# What stands on a channel account of its own, beside that of its person.
PLACED: Final = frozenset({Listing, Case, Talk, Utterance, File, Progress, Watermark, Withdrawal, Removal})
"""What stands on a channel account of its own."""
Placed = Listing | Case | Talk | Utterance | File | Progress | Watermark | Withdrawal | Removal


def whos(record: HandedOver) -> Iterable[Who]:
    """The people whom the record is about, by whose accounts it is taken in."""
    kind = type(record)
    if kind in _OF_COMPANY or kind in TOLD:
        return (record.who,) if isinstance(record, Say | Watermark | Departure) else ()
    one: Any = record
    return (one.who, *one.also) if kind is Person else (one.who,)


def has_place(record: HandedOver) -> TypeGuard[Placed]:
    """Whether the record stands on a channel account of its own."""
    return type(record) in PLACED


def named_by(record: HandedOver) -> Iterator[tuple[Record, RecordId]]:
    """What belongs to the company and is brought or named by the record."""
    subjects: tuple[str | None, ...] = ()
    match record:
        case Person():
            yield from ((LABELS, LABELS.id_of({"name": name})) for name in record.labels)
            subjects = (record.assigned_agent,)
        case Case():
            subjects = (record.agent,)
            if record.campaign:
                yield CAMPAIGNS, CAMPAIGNS.id_of({"name": record.campaign})
        case Talk():
            subjects = (record.agent,)
        case Remark():
            subjects = (record.author,)
        case Leaning():
            yield TOPICS, topic_id(record.taxonomy, record.topic)
        case Colleague():
            yield from ((GROUPS, GROUPS.id_of({"name": name})) for name in record.teams)
            yield company_id(record)
        case Team() | Effort() | Class() | Place() | Listing():
            yield company_id(record)
        case _:
            pass
    yield from ((AGENTS, AGENTS.id_of({"subject": one})) for one in subjects if one)
