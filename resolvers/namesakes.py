"""Which of all those whose names sound alike are worth comparing with a customer?

Of a common name there are thousands among a million, so that the first ones of them would be anybody. Compared are
those with whom something else agrees: an address, or a day of birth but for a slip. All are, where the names are so
rare that they alone suggest somebody.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from adapters.records import Document
from resolvers.attribute_rules import MatchingRole
from resolvers.matching import DEFAULT, Base, Evidence, Telling, score_of
from resolvers.matching.words import NO_DAYS, Day
from resolvers.search_words import search_words

# So many namesakes are looked at for something else that agrees: some two milliseconds.
_MOST_LOOKED_AT = 300
# Words of an address that two homes seldom share: a street with a number, a postal code with a town.
_ONE_HOME = 2

_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# What stands where no day is known.
_UNTOLD = ["", *sorted(str(Day(*one)) for one in NO_DAYS)]


def is_name_enough(told: Evidence, base: Base) -> bool:
    """Whether somebody who has these names, and of whom nothing else is known, is suggested."""
    names = Evidence(given=told.given, family=told.family)
    return score_of(names, names, base).bits >= DEFAULT.suggest_at


def agreeing(
    same: Document,
    customer: Document,
    attributes: Sequence[Telling],
    days: Mapping[str, str],
    *,
    may_be_folded: bool,
) -> Iterator[list[Document]]:
    """The stages that find, of those who match `same`, who shares an address or a day of birth, but for slips.

    `may_be_folded`: addresses of contact points are compared by the words by which customers are found, which are
    those of other contact points, too; else by what is written.
    """
    agreed: list[Document] = []
    homes = [one.name for one in attributes if one.role is MatchingRole.ADDRESS]
    if words := _home_words(customer, homes):
        # One word of an address is many people's.
        shared = {"$setIntersection": [_words_of_homes(homes, may_be_folded=may_be_folded), words]}
        agreed.append({"$gte": [{"$size": shared}, min(_ONE_HOME, len(words))]})
    agreed += [{"$or": _near(at, day)} for at, day in _readable(days)]
    if agreed:
        # Looked at in each namesake, not along an index.
        yield [{"$match": same}, {"$limit": _MOST_LOOKED_AT}, {"$match": {"$expr": {"$or": agreed}}}]


def of_age(same: Document, days: Mapping[str, str]) -> list[Document]:
    """The stages that find, of those who match `same`, whose day of birth is another by a slip at most, or untold."""
    either = [{"$or": [{"$in": [_said(at), _UNTOLD]}, *_near(at, day)]} for at, day in _readable(days)]
    return [{"$match": {**same, "$expr": {"$and": either}} if either else same}]


def are_readable(days: Mapping[str, str]) -> bool:
    """Whether the database can compare these days of birth, by attribute, with those of others."""
    return len(list(_readable(days))) == len(days)


def _readable(days: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"$attributes.{name}", day) for name, day in days.items() if _ISO_DAY.fullmatch(day))


def _near(at: str, day: str) -> list[Document]:
    """Whether a day of birth shares the year or the day of the year: a slip spares one of them."""
    year, rest = {"$substrCP": [_said(at), 0, 4]}, {"$substrCP": [_said(at), 5, 5]}
    return [{"$eq": [year, day[:4]]}, {"$eq": [rest, day[5:]]}]


def _said(at: str) -> Document:
    return {"$toString": {"$ifNull": [at, ""]}}


def _home_words(customer: Document, homes: Iterable[str]) -> list[str]:
    """The words of the customer's addresses, as they stand in others' `search` and as `_words_of_homes` gives them."""
    values: Mapping[str, Any] = customer.get("attributes") or {}
    written = [" ".join(str(values[name]) for name in homes if values.get(name) is not None)]
    written += [str(point["value"]) for point in customer.get("contact_points") or () if point["type"] == "POSTAL"]
    kept = search_words({}, [{"type": "POSTAL", "value": one} for one in written], ())
    return list(dict.fromkeys([*kept, *" ".join(written).lower().replace(",", " ").split()]))


def _words_of_homes(homes: Sequence[str], *, may_be_folded: bool) -> Document:
    """The words of somebody's addresses: contact points are kept by theirs, attributes are taken apart."""
    written: list[Document] = [{"$concat": [_said(f"$attributes.{name}"), " "]} for name in homes]
    if not may_be_folded:
        postal = {"input": {"$ifNull": ["$contact_points", []]}, "cond": {"$eq": ["$$this.type", "POSTAL"]}}
        joined = {"$concat": ["$$value", " ", {"$toString": "$$this.value"}]}
        written.append({"$reduce": {"input": {"$filter": postal}, "initialValue": "", "in": joined}})
    kept: Document = {"$ifNull": ["$search", []]} if may_be_folded else {"$literal": []}
    if not written:
        return kept
    plain = {"$replaceAll": {"input": {"$toLower": {"$concat": written}}, "find": ",", "replacement": " "}}
    return {"$setUnion": [kept, {"$split": [plain, " "]}]}
