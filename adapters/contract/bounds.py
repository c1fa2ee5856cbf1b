"""How much of a record is kept, as far as the record alone says it?

What lies beyond is not taken in: a delivery stands aside, of an answer the record is left out, of a file the row is
rejected. `resolvers/ingest/` refuses by these, and `check-channel` tells an adapter's author of them beforehand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Inexact
from typing import Any, Final

from adapters.contract.company import Place
from adapters.contract.records import (
    Amount,
    Case,
    File,
    Item,
    Leaning,
    Listing,
    Order,
    Person,
    Progress,
    Remark,
    Talk,
    Utterance,
)
from adapters.records import stored_decimal

LONGEST_WORD: Final = 2_000
"""Characters of an id, a name, a title or an address: what stands in a line of a list, and in an index."""
LONGEST_TEXT: Final = 100_000
"""Characters of what is read by itself: a message, a description. A document holds several and takes 16 MB."""
LONGEST_NOTE: Final = 10_000
"""Characters of a note: a remark. What is longer is a document and belongs into an attachment."""
LARGEST_INT: Final = 2**31 - 1
"""The largest number that GraphQL's Int answers."""
LARGEST_EXACT: Final = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""
MOST_LINES: Final = 1_000
"""Lines and parcels of an order: one of more is a warehouse's, and nothing inside one document grows without bound."""

LONGEST_DATUM_NAME: Final = 100
"""Characters of a name under which something is noted on an order."""
MOST_DATA: Final = 50
"""How much is noted on one order."""

# One document holds all of them: 16 MB, of which a sign takes up to 4 bytes, and parcels some more.
_MOST_SIGNS: Final = 2_000_000

_PLACE: Final = ("channel", "account", "external_id")
REQUIRED: Final[Mapping[type, tuple[str, ...]]] = {
    Order: ("external_id",),
    Item: ("title",),
    Case: (*_PLACE, "number"),
    Talk: _PLACE,
    Utterance: (*_PLACE, "talk"),
    Progress: _PLACE,
    Remark: ("external_id", "text"),
    File: ("external_id", "name", "media_type", "of"),
    Listing: (*_PLACE, "name"),
    Place: ("taxonomy", "external_id", "name"),
}
"""Texts of which something must stand there."""
LONGEST: Final[Mapping[type, Mapping[str, int]]] = {
    Order: dict.fromkeys(("external_id", "number"), LONGEST_WORD),
    Item: dict.fromkeys(("line", "title", "sku"), LONGEST_WORD),
    Case: dict.fromkeys((*_PLACE, "number", "subject"), LONGEST_WORD),
    Talk: dict.fromkeys((*_PLACE, "subject"), LONGEST_WORD),
    Utterance: {**dict.fromkeys((*_PLACE, "talk"), LONGEST_WORD), "text": LONGEST_TEXT},
    Progress: dict.fromkeys((*_PLACE, "reason"), LONGEST_WORD),
    Remark: {"external_id": LONGEST_WORD, "text": LONGEST_NOTE},
    File: dict.fromkeys(("external_id", "name", "media_type", "of", "url"), LONGEST_WORD),
    Listing: {
        **dict.fromkeys((*_PLACE, "name", "sku", "category", "image_url"), LONGEST_WORD),
        "description": LONGEST_TEXT,
    },
    Place: dict.fromkeys(("taxonomy", "external_id", "name"), LONGEST_WORD),
}
"""Characters of each text at most."""
QUANTITY: Final = (1, LARGEST_INT)
"""Nothing sold is no line, and goods that come back are no sale."""
SIZE: Final = (0, LARGEST_EXACT)
"""Bytes of a file."""
EDITION: Final = (0, LARGEST_EXACT)
"""By what a channel counts its own news."""

_PARCEL: Final = ("company", "number", "url", "status")
_ENTRY_POINT: Final = ("channel", "page", "referrer")


def beyond(record: Any) -> str | None:
    """What of the record is beyond what is kept, in words for its author that quote no personal value; else None."""
    return next(_beyond(record), None)


def _beyond(record: Any) -> Iterator[str]:
    kind = type(record)
    for name, longest in LONGEST.get(kind, {}).items():
        text = getattr(record, name)
        if name in REQUIRED[kind]:
            # Blanks around it are not kept.
            text = text.strip()
            yield from _told(empty(text, name))
        yield from _told(too_long(text, name, longest))
    if (who := getattr(record, "who", None)) is not None:
        yield from _told(too_long(who.value, "who"))
    if kind in _MORE:
        yield from _MORE[kind](record)


def _order(one: Order) -> Iterator[str]:
    yield from _told(unfit_lines(one))
    for item in one.items:
        yield from _beyond(item)
        yield from _told(not_whole(item.quantity, "quantity", *QUANTITY))
        yield from _told(unfit_amount(item.total, "line total"))
        yield from _told(unfit_amount(item.unit_price, "unit_price"))
    yield from _told(unfit_signs(one))
    for parcel in one.parcels:
        yield from _too_long_among(((name, getattr(parcel, name)) for name in _PARCEL), "parcel.")
    yield from _told(unfit_data(one.custom_data))
    yield from _told(unfit_amount(one.total, "total"))
    if one.total is None:
        yield from _told(unsummable([item.total for item in one.items], "total"))


def _person(one: Person) -> Iterator[str]:
    yield from _entry_point(one)
    yield from _too_long_among(one.profile.items(), "profile.")
    for reach in one.reaches:
        yield from _told(too_long(reach.value, reach.type.lower()))


def _entry_point(one: Talk | Person) -> Iterator[str]:
    said = one.entry_point or {}
    yield from _too_long_among(((name, said.get(name)) for name in _ENTRY_POINT), "entry_point.")


def _utterance(one: Utterance) -> Iterator[str]:
    # That of a customer is not kept here.
    if one.direction == "OUT":
        yield from _told(too_long(one.author_name, "author_name"))
    if one.edition is not None:
        yield from _told(not_whole(one.edition, "edition", *EDITION))


def _leaning(one: Leaning) -> Iterator[str]:
    yield from _told(unfit_score(one.score))


def _file(one: File) -> Iterator[str]:
    if one.size_bytes is not None:
        yield from _told(not_whole(one.size_bytes, "size_bytes", *SIZE))


def _place(one: Place) -> Iterator[str]:
    yield from _too_long_among((("path", step) for step in one.path), "")


def _listing(one: Listing) -> Iterator[str]:
    yield from _told(unfit_amount(one.price, "price"))


_MORE: Final[Mapping[type, Callable[[Any], Iterator[str]]]] = {
    Order: _order,
    Talk: _entry_point,
    Person: _person,
    Utterance: _utterance,
    Leaning: _leaning,
    File: _file,
    Place: _place,
    Listing: _listing,
}


def _told(words: str | None) -> Iterable[str]:
    return () if words is None else (words,)


def _too_long_among(texts: Iterable[tuple[str, str | None]], prefix: str) -> Iterator[str]:
    for name, text in texts:
        yield from _told(too_long(text, prefix + name))


def too_long(text: str | None, field: str, longest: int = LONGEST_WORD) -> str | None:
    """What is wrong with a text that is longer than is kept."""
    if text is None or len(text) <= longest:
        return None
    return f"`{field}` has {len(text)} characters; at most {longest} are kept. Shorten it in the source."


def empty(text: str, field: str) -> str | None:
    """What is wrong with a text in which nothing stands."""
    return None if text.strip() else f"`{field}` is empty. A record without it cannot be told from others."


def not_whole(value: Any, field: str, least: int, most: int) -> str | None:
    """What is wrong with a number that is no whole one, or lies outside."""
    if not isinstance(value, int):
        return f"`{field}` is no whole number. Correct it in the source."
    if not least <= value <= most:
        return f"`{field}` is {value}; it lies between {least} and {most}. Correct it in the source."
    return None


def unfit_score(score: float) -> str | None:
    """What is wrong with a likelihood that is none."""
    return None if 0 <= score <= 1 else f"`score` is {score}; it lies between 0 and 1."


def unfit_lines(one: Order) -> str | None:
    """What is wrong with the lines and parcels of an order as a whole."""
    if len(one.items) > MOST_LINES:
        return f"The order has {len(one.items)} lines; at most {MOST_LINES} are kept. Split it in the source."
    if len(one.items) > 1 and len({item.line for item in one.items}) < len(one.items):
        return "Two lines of the order have the same number. Number them apart in the source."
    if len(one.parcels) > MOST_LINES:
        return f"The order has {len(one.parcels)} parcels; at most {MOST_LINES} are kept. Leave out those that arrived."
    return None


def unfit_signs(one: Order) -> str | None:
    """What is wrong with lines of an order each of which is kept, and not all of them together."""
    signs = sum(len(item.line) + len(item.title) + len(item.sku or "") for item in one.items)
    if signs > _MOST_SIGNS:
        return (
            f"The lines of the order have {signs} characters together; at most {_MOST_SIGNS} are kept. Shorten their "
            "titles in the source."
        )
    return None


def unfit_data(data: Mapping[str, str] | None) -> str | None:
    """What is wrong with what is noted on an order."""
    if len(data or ()) > MOST_DATA:
        return f"`custom_data` has {len(data or ())} entries; at most {MOST_DATA} are kept. Leave some out."
    for name, value in (data or {}).items():
        told = empty(name, "custom_data") or too_long(name, "custom_data", LONGEST_DATUM_NAME)
        if told := told or too_long(value, "custom_data"):
            return told
    return None


def unsummable(amounts: Sequence[Amount], field: str) -> str | None:
    """What is wrong with amounts that cannot be added up: there is none, or they are of different currencies."""
    currencies = {one.currency.strip().upper() for one in amounts}
    if len(currencies) == 1:
        return None
    told = ", ".join(sorted(currencies)) or "no currency, for there are no items"
    return f"`{field}` is not given and cannot be added up: the items are in {told}. Give the total."


def unfit_amount(money: Amount | None, field: str) -> str | None:
    """What is wrong with an amount that is not kept exactly."""
    if money is None:
        return None
    if not money.amount.is_finite():
        return f"`{field}` is no finite number."
    try:
        stored_decimal(money.amount)
    except Inexact:
        return too_many_digits(field)
    return None


def too_many_digits(field: str) -> str:
    """What is wrong with an amount of more digits than are kept."""
    return f"`{field}` has more than 34 digits, the most that are kept exactly."
