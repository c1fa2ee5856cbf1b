"""Is what an adapter hands over of the types that the contract names, of its own channel account, and in its words?

A partner's adapter need not pass a type checker, and JSON gives numbers where texts are expected. What is wrong here
is told in words for whoever wrote the adapter, by its place; no value is quoted.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from adapters.contract.channel import PaymentAsked
from adapters.contract.company import Colleague
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.found import Found
from adapters.contract.records import (
    Amount,
    Case,
    File,
    HandedOver,
    Order,
    Progress,
    Reach,
    Removal,
    Say,
    Talk,
    Utterance,
    Watermark,
    Withdrawal,
)
from adapters.contract.sending import Sent

ALLOWED: Final[Mapping[tuple[type, str], tuple[str, ...]]] = {
    (Reach, "type"): ("PHONE", "EMAIL", "POSTAL"),
    (Order, "status"): ("PLACED", "PAID", "FULFILLED", "CANCELLED", "REFUNDED"),
    (Case, "status"): ("NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "CLOSED"),
    (Talk, "status"): ("OPEN", "FOLLOW_UP", "RESOLVED"),
    (Utterance, "direction"): ("IN", "OUT"),
    (Utterance, "status"): ("RECEIVED", "QUEUED", "SENT", "DELIVERED", "READ", "FAILED", "UNKNOWN"),
    (Withdrawal, "direction"): ("IN", "OUT"),
    (Progress, "status"): ("SENT", "DELIVERED", "READ", "FAILED"),
    (Watermark, "status"): ("DELIVERED", "READ"),
    (Say, "status"): ("GRANTED", "DENIED", "WITHDRAWN"),
    (Say, "means"): ("MESSAGE", "FLOW", "AGENT", "IMPORT", "FORM"),
    (File, "of_kind"): ("message", "ticket"),
    (Removal, "kind"): ("ticket", "order", "message", "conversation"),
    (Colleague, "role"): ("administrator", "supervisor", "agent"),
}
"""The words of each field that takes only some."""

# One wrong element of a call's answer must not take the others along, so records are looked at one by one.
_ONE_BY_ONE: Final = frozenset({(Found, "records"), (Event, "records")})
_FILLED: Final = frozenset({(Event, "key"), (Event, "order_by")})
# Things are found by digests of these, which half a character has none of.
_IDS: Final = frozenset({"channel", "account", "value", "external_id", "key", "order_by", "talk", "of", "product"})
_KINDS: Final[tuple[type, ...]] = get_args(HandedOver)
_CURRENCY: Final = re.compile(r"\s*[A-Za-z]{3}\s*")
_HALF: Final = re.compile("[\ud800-\udfff]")
_IN_WORDS: Final[Mapping[type, str]] = {
    str: "a text (str)",
    int: "a whole number (int)",
    bool: "True or False",
    float: "a number (float)",
    Decimal: "an exact number (Decimal)",
    datetime: "a moment (datetime)",
}
# As the customer schema reads values.
_VALUES: Final = (str, int, float, Decimal, date, NoneType)

T = TypeVar("T")

Check = Callable[[Any], str | None]
"""What is wrong with a value, beginning with the place inside it; None where nothing is."""


def unsound(told: Any, place: tuple[str, str] | None = None) -> str | None:
    """What is wrong with a record, Event, Found, Sent or PaymentAsked, in words for its author; None where nothing is.

    `place` is the channel account whose adapter hands it over: nobody speaks of the people of another one. Of an Event
    and a Found the records are not looked into.
    """
    kind: Any = type(told)
    if kind not in _KINDS and kind not in {Event, Found, Sent, PaymentAsked}:
        return f"{kind.__name__} is no record. Hand over those of adapters/contract/records.py."
    wrong = _check_of(kind)(told)
    if wrong is not None:
        return f"{kind.__name__}{wrong}"
    if place is not None and (where := next((name for name, one in _places(told) if one != place), None)):
        return (
            f"{kind.__name__}.{where} is of another channel account. An adapter speaks of its own alone: give "
            "`self.name` and `self.account`."
        )
    return None


def unsound_among(told: Any, places: Iterable[tuple[str, str]]) -> str | None:
    """As `unsound`, where an adapter may speak of any of several channel accounts (`Channel.accounts`)."""
    wrong = [unsound(told, place) for place in places]
    return None if None in wrong else next(iter(wrong), unsound(told))


def required(told: T) -> T:
    """The same, where it is sound; raises BadPayload, which says what is wrong with it."""
    if (wrong := unsound(told)) is not None:
        raise BadPayload(f"The adapter's answer is not as the contract says: {wrong}")
    return told


def sifted(records: Iterable[Any], place: tuple[str, str]) -> tuple[list[HandedOver], list[str]]:
    """Those of the records that are sound, and of each other one what is wrong with it."""
    wrong = [(one, unsound(one, place)) for one in records]
    return [one for one, words in wrong if words is None], [words for _, words in wrong if words is not None]


def _places(told: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """The channel accounts of which a record speaks. What a person is `also`, is only stated, of others too."""
    for name in ("who", "was"):
        if (who := getattr(told, name, None)) is not None:
            yield name, (who.channel, who.account)
    if hasattr(told, "channel"):
        yield "channel", (told.channel, told.account)


@cache
def _check_of(hint: Any) -> Check:
    """The check of a type as it stands in the contract."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _maybe(*inner)
    if origin is tuple:
        return _several(_check_of(inner[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(_value if inner[1] is Any else _check_of(inner[1]))
    if is_dataclass(hint) or issubclass(hint, tuple):
        return _fields(hint)
    return {datetime: _moment, Decimal: _amount}.get(hint) or _plain(hint)


def _plain(kind: type) -> Check:
    words = _IN_WORDS.get(kind, kind.__name__)
    accepted = (int, float) if kind is float else kind

    def check(value: Any) -> str | None:
        # To Python, True is a whole number.
        if isinstance(value, accepted) and (kind is bool or not isinstance(value, bool)):
            return None
        return _is_not(value, words)

    return check


def _is_not(value: object, words: str) -> str:
    told = "None" if value is None else f"of type {type(value).__name__}"
    return f" is {told}; it is {words}."


def _moment(value: Any) -> str | None:
    if not isinstance(value, datetime):
        return _is_not(value, _IN_WORDS[datetime])
    return None if value.utcoffset() is not None else " has no time zone. Give it the channel's, best UTC."


def _amount(value: Any) -> str | None:
    if not isinstance(value, Decimal):
        return _is_not(value, _IN_WORDS[Decimal])
    return None if value.is_finite() else " is no finite number."


def _value(value: Any) -> str | None:
    return None if isinstance(value, _VALUES) else _is_not(value, "a text, a number, a date, True or False")


def _maybe(*kinds: Any) -> Check:
    (inner,) = (_check_of(kind) for kind in kinds if kind is not NoneType)
    return lambda value: None if value is None else inner(value)


def _several(each: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, tuple | list):
            return _is_not(value, "a tuple")
        return next((f"[{n}]{wrong}" for n, one in enumerate(value) if (wrong := each(one)) is not None), None)

    return check


def _mapping(each: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return _is_not(value, "a mapping (dict)")
        for name, one in value.items():
            if not isinstance(name, str):
                return f" has a key of type {type(name).__name__}; keys are texts (str)."
            if (wrong := each(one)) is not None:
                # A key may be the vendor's word for the person.
                return f"'s value of a key{wrong}"
        return None

    return check


def _fields(kind: type) -> Check:
    """The check of a record of several fields, each by its own."""
    checks = [(name, _field(kind, name, hint)) for name, hint in get_type_hints(kind).items()]

    def check(value: Any) -> str | None:
        if type(value) is not kind:
            return _is_not(value, f"one of {kind.__name__}")
        return next(
            (f".{name}{wrong}" for name, one in checks if (wrong := one(getattr(value, name))) is not None), None
        )

    return check


def _field(kind: type, name: str, hint: Any) -> Check:
    if (kind, name) in _ONE_BY_ONE:
        return _several(lambda _: None)
    check = _check_of(hint)
    if words := ALLOWED.get((kind, name)):
        return _also(
            check, lambda value: value is None or value in words, f" is none of its words: {', '.join(words)}."
        )
    if name in _IDS:
        check = _also(check, _is_whole, " holds half a character (a lone surrogate).")
    if (kind, name) in _FILLED:
        return _also(check, bool, " is empty.")
    if kind is Amount and name == "currency":
        return _also(check, _CURRENCY.fullmatch, " is no currency code: three letters of ISO 4217.")
    return check


def _is_whole(value: str | None) -> bool:
    return value is None or value.isascii() or not _HALF.search(value)


def _also(first: Check, holds: Callable[[Any], object], words: str) -> Check:
    def check(value: Any) -> str | None:
        return first(value) or (None if holds(value) else words)

    return check
