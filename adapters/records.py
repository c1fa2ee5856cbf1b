"""What is a declared record: what a slice keeps, said once, for everyone who has to know.

Index creation, history, merge, export, erasure, redaction, live updates and the job runner read these
declarations and nothing else, so a slice appears in all of them without another edit.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from itertools import count
from typing import Any

from bson import Decimal128, ObjectId
from bson.errors import InvalidId
from bson.tz_util import utc

Document = Mapping[str, Any]
RecordId = ObjectId
STORED_ZONE = utc
"""The zone of moments that were read: UTC."""

# A separator that no vendor's id contains, so that ("a", "b:c") and ("a:b", "c") stay two keys.
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Index:
    """An index by its fields in order; a leading minus means descending."""

    fields: tuple[str, ...]
    unique: bool = False
    where: Document | None = field(default=None, hash=False)
    """Only documents that match are indexed (MongoDB's partial index)."""
    only: tuple[str, ...] = ()
    """The paths that the field `$**` stands for (MongoDB's wildcard index): each value below them has its entry."""

    def keys(self) -> list[tuple[str, int]]:
        """The fields as MongoDB writes them: name and direction."""
        return [(name.lstrip("-"), -1 if name.startswith("-") else 1) for name in self.fields]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """How a record stands in the history pivot: under which kind, at which moment, on which channel."""

    kind: str
    """Upper case, as clients read it: `NOTE`."""
    at: str
    """The field that holds the moment. Its value never changes once written."""
    channel: str | None = None
    """The field that holds the channel's name; absent where the record belongs to no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How a record's facts are found in the summary and attributes pivots."""

    at: str
    """The field that holds when the fact was observed."""
    category: str
    """The field that holds the category under which the summary counts it."""
    score: str | None = None
    """The field by which the strongest facts of a category are chosen; without it the newest are."""
    reads: frozenset[str] | None = None
    """Which fields a fact is made of; None: any."""


@dataclass(frozen=True, slots=True)
class Chief:
    """A flag that no two entries of one group have, such as being the primary one."""

    flag: str
    group: str | None = None
    """The field that tells the groups apart; None: all entries are one."""
    is_needed: bool = True
    """Whether one of each group has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """How an entry says that it is proven: of two that are one, it is proven where either is."""

    flag: str
    by: tuple[str, ...]
    """The fields that say who made sure of it, and when."""
    unless: str
    """The flag of an entry that somebody doubts: what is said of another proves nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A bounded list that a slice keeps inside the customer's own document."""

    name: str
    """The field of the customer document."""
    at_most: int
    """How many a customer may have: nothing inside one document grows without bound."""
    personal: frozenset[str] = frozenset()
    """Fields of an entry that only viewers with the right to personal values read."""
    of_staff: frozenset[str] = frozenset()
    """Fields of an entry that say which of the staff did something: no visitor reads them."""
    element: str | None = None
    """Its name among the elements that a merge can bring along."""
    found_by: tuple[str, ...] = ()
    """Fields of an entry by which customers are found."""
    same: tuple[str, ...] = ()
    """Fields by which two entries are one when two customers become one. Empty: each entry is one of its own."""
    has_ids: bool = False
    """Whether each entry has an `id` of its own, which stays when what it says is changed."""
    says: tuple[str, ...] = ()
    """Fields of an entry that say something of the customer: where two that are one differ in them, people are told."""
    newest: str | None = None
    """The field that tells when an entry was said: of two that are one the later word stands, whoever's it is."""
    at_once: tuple[str, tuple[str, ...]] | None = None
    """Which of two that were said at the same moment stands: a field, and its values with the weakest first."""
    chief: Chief | None = None
    """The flag that one entry has and the others have not: what a merge brings along loses it where one has it."""
    kind: str | None = None
    """The field that says which kind of number or address an entry is: not every viewer sees every kind."""
    verifying: Verifying | None = None
    """By what an entry is proven; None: none ever is."""
    naming: str | None = None
    """The name of the record of which an entry names one by its id, and which people know by its `name`."""

    def place_in_time(self, entry: Document) -> tuple[Any, int]:
        """By this entries that are one compare where the last word stands."""
        field, values = self.at_once or ("", ())
        said = entry.get(field)
        return entry.get(self.newest or ""), values.index(said) if said in values else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A record that is a piece of another one, and goes with it: an attachment of its ticket."""

    field: str
    """The field that holds the other one's id."""
    to: tuple[str, ...]
    """The names of the records of which it may be a piece."""


@dataclass(frozen=True, slots=True)
class Staying:
    """By which field documents name customers and yet stay as they are when one is erased, and why."""

    field: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A record that names customers whose it is not: whom somebody is related to."""

    fields: tuple[str, ...]
    """The fields that hold their ids."""
    emptied: Document | None = field(default=None, hash=False)
    """What is written into it when one of them is erased; None: it goes as a whole."""
    identities: str | None = None
    """The field that holds primary keys of identities, by which it names also those who were no customers yet; beside
    these UNTOLD, where something in it is of nobody who can be told."""
    shared: frozenset[str] = frozenset()
    """Fields that hold something of everyone whom it names: exported where that is the customer alone."""
    untold: str | None = None
    """Why nobody finds what is UNTOLD in it, and when it ends; for whoever asks for an erasure or an export."""


UNTOLD = "untold"
"""Stands for somebody whom nothing tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """A record that was concluded from customers' values, and tells from values of which roles in matching.

    It goes with the role of an attribute from which it may have been: who may not see that is told nothing of it.
    """

    roles: str
    """The path where the roles stand."""
    stays: str
    """The flag of one that stays all the same, for what people said of it."""
    emptied: Document = field(hash=False)
    """What is written into one that stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A record that several customers may have: others say whose it is, and it goes with its last holder."""

    record: str
    """The name of the record whose documents say so."""
    field: str
    """Their field with this one's id."""
    written: str
    """This one's number that everyone raises who gives or takes it, so that they follow one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A collection: what one document is, to whom it belongs, what makes it one, and who hears of it."""

    name: str
    """The collection's name: plural, lower case."""
    customer: str | None = "customer_id"
    """The field that holds the customer's id; None for what belongs to no customer (products, agents)."""
    key: tuple[str, ...] = ()
    """The fields whose values make it one record wherever it was seen; its id is derived from them.
    Empty: ids are random."""
    folds_key: bool = False
    """Whether case does not count in the key: `vip` is `VIP`."""
    indexes: tuple[Index, ...] = ()
    personal: frozenset[str] = frozenset()
    """Fields that only viewers with the right to personal values read."""
    of_staff: frozenset[str] = frozenset()
    """Fields that say which of the staff did something: no visitor reads them."""
    element: str | None = None
    """Its name among the elements that a merge can bring along."""
    timeline: Timeline | None = None
    facts: Facts | None = None
    news: frozenset[str] = frozenset()
    """Fields whose change subscribers are told of."""
    jobs: tuple[str, ...] = ()
    """Names of the leased jobs that it needs."""
    belongs: Belonging | None = None
    mentions: Mention | None = None
    stays: Staying | None = None
    held_by: Holding | None = None
    file: str | None = None
    """The field that holds the id of a file's bytes, which go with the document."""
    aged_by: str | None = None
    """The field that holds the moment from which retention counts; without it the timeline's."""
    is_held: bool = False
    """Small and slowly changing: every process keeps a fresh copy of the whole collection."""
    watched: frozenset[str] = frozenset()
    """Fields whose change every process hears of, as it does of what is added and removed; empty: of nothing."""
    at_most: int | None = None
    """How many of them a customer may have, with those of everyone who went into it: such as are read all at once.
    None: any number, and the list of them has pages."""
    found_by: tuple[str, ...] = ()
    """Paths whose every value finds the document, such as the values of a configurable schema."""
    arrives: bool = False
    """Whether it comes in from outside by somebody's identity; which one, its field `came_by` tells."""
    concluded: Concluded | None = None
    copies: str | None = None
    """The field that holds changes of customers' values, each with its `path`: what leaves the schema leaves it, too,
    and is named under `left_schema`."""
    parts: tuple[Part, ...] = field(default=())
    """Filled for the customer's own collection when the house is put together."""

    @property
    def moment(self) -> str | None:
        """The field from which retention counts; None where nothing of the kind ages."""
        return self.aged_by or (self.timeline.at if self.timeline else None)

    def id_of(self, document: Document) -> RecordId:
        """The id that this document has wherever it is seen first: derived from the key, or random without one."""
        if not self.key:
            return ObjectId()
        words = [str(document[name]) for name in self.key]
        return derived_id(self.name, *(map(str.casefold, words) if self.folds_key else words))

    def all_indexes(self) -> Iterable[Index]:
        """Every index to create: the declared ones and those that the declared timeline and facts read by."""
        yield from self.indexes
        # By these, what belongs to a customer who is erased is found, and what names one.
        mentioned = self.mentions.fields if self.mentions else ()
        if self.mentions and self.mentions.identities:
            mentioned = (*mentioned, self.mentions.identities)
        begun = {index.fields[0] for index in self.indexes}
        yield from (Index((name,)) for name in mentioned if name not in begun)
        if self.copies:
            # By it, what leaves the schema is found.
            yield Index((f"{self.copies}.path",))
        if self.concluded:
            yield Index((self.concluded.roles,))
        found_by = [f"{part.name}.{field}" for part in self.parts for field in part.found_by]
        if found_by or self.found_by:
            # One index for all of them: each further one makes every update of an indexed field a tenth dearer.
            yield Index(("$**",), only=(*self.found_by, *found_by))
        if self.customer is None:
            return
        orders: dict[tuple[str, ...], None] = {}
        if self.timeline:
            orders[self.customer, self.timeline.at, "_id"] = None
            if self.timeline.channel:
                orders[self.customer, self.timeline.channel, self.timeline.at, "_id"] = None
        if self.facts:
            orders[self.customer, self.facts.at, "_id"] = None
        yield from (Index(order) for order in orders)
        if not orders and self.customer != "_id" and self.customer not in begun:
            yield Index((self.customer,))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Observation:
    """Where a value was seen, when, and whether someone verified it; stored beside the value."""

    observed_from: str
    observed_at: datetime
    is_verified: bool = False
    observed_by: str | None = None
    """The person of the staff who says so; None where a source does. No source replaces a person's word."""

    def document(self) -> dict[str, Any]:
        """The observation as it is stored."""
        seen = {"observed_from": self.observed_from, "observed_at": self.observed_at, "is_verified": self.is_verified}
        return seen if self.observed_by is None else seen | {"observed_by": self.observed_by}


def derived_id(*words: str) -> RecordId:
    """The id that the same words give at every time and in every process."""
    digest = hashlib.sha256(_SEPARATOR.join(words).encode()).digest()
    return ObjectId(digest[:12])


def key_hash(*words: str) -> str:
    """The primary key of an identity: 32 bytes in hex that show nothing of the words."""
    return hashlib.sha256(_SEPARATOR.join(words).encode()).hexdigest()


CAME_BY = "came_by"
"""The field of what arrives that tells by which identity it came."""


def key_mark(digest: str) -> RecordId:
    """An identity as records name it by which they came: a short form of its primary key."""
    return ObjectId(digest[:24])


class _NewIds:
    """Ids as the driver makes them, at a third of its cost: the second, the process, a count.

    Those of one process climb, so that the database writes them side by side.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begins anew, as every process does, and one that was forked from another."""
        drawn = os.urandom(8)
        self._process = int.from_bytes(drawn[:5], "big") << 24
        self._next = count(int.from_bytes(drawn[5:], "big")).__next__

    def __call__(self) -> RecordId:
        """An id that no other call has given."""
        number = int(time.time()) << 64 | self._process | self._next() & 0xFFFFFF
        return ObjectId(number.to_bytes(12, "big"))


new_id = _NewIds()
"""Gives a new id."""
os.register_at_fork(after_in_child=new_id.renew)


def parse_id(text: str) -> RecordId | None:
    """The id that the text spells, or None where it spells none."""
    try:
        return ObjectId(text)
    except (InvalidId, TypeError):
        return None


def is_decimal(value: Any) -> bool:
    """Whether a stored value is an exact decimal."""
    return isinstance(value, Decimal128)


def decimal_of(value: Any) -> Decimal:
    """A stored number as an exact decimal."""
    if isinstance(value, Decimal128):
        return _decimal_of_bits(value)
    return Decimal(str(value))


# The parts of IEEE 754's decimal128 as BSON stores it: sign, combination, 14 bits of exponent, 113 of significand.
_SIGNIFICAND, _BIAS, _EXACT = (1 << 113) - 1, 6176, Context(prec=34, Emax=6144, Emin=-6143)


def _decimal_of_bits(value: Decimal128) -> Decimal:
    """The same as bson's own conversion, which takes the number apart digit by digit, at a third of its cost."""
    bits = int.from_bytes(value.bid, "little")
    if (bits >> 125) & 3 == 3:  # noqa: PLR2004  infinite, no number, or a form that nobody writes
        return value.to_decimal()
    number = _EXACT.scaleb(Decimal(bits & _SIGNIFICAND), ((bits >> 113) & 0x3FFF) - _BIAS)
    return number.copy_negate() if bits >> 127 else number


def stored_decimal(value: Decimal) -> Decimal128:
    """An exact decimal as it is stored; raises decimal.Inexact beyond 34 digits."""
    return Decimal128(value)
