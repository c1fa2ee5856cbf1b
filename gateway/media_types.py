"""In which media type is an answer wanted, and in which did a question come?

RFC 9110, section 12.5.1: each may be weighed, from 0 to 1. What else stands there as a weight is none, and what it is
said of is not taken (as with `q=0`): nobody can know whether more or less of it is meant.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from adapters.quiet import quiet

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"
EVENT_PARTS: Final = f"{PARTS};subscriptionSpec=1.0"
NEWER: Final = "v0.2"
OLDER: Final = "20220824"

_SUBSCRIPTIONS: Final = "subscriptionspec=1.0"
_DRAFTS: Final = {f"incrementalspec={NEWER}", f"deferspec={OLDER}"}

UNGATHERED: Final = {"X-Accel-Buffering": "no"}
"""For what comes piece by piece: nginx gathers what it passes on, unless it is told not to."""

# What stands between two commas, and between two semicolons; inside quotes they part nothing (RFC 9110, section 5.6.4).
_MEMBER: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+', re.DOTALL)
_PARAMETER: Final = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+', re.DOTALL)
# Section 12.4.2, with more digits where a program divided, and without the first where Java's own client leaves it out.
_WEIGHT: Final = re.compile(r"(?:0?\.\d+|0\.?|1(?:\.0*)?)", re.ASCII)


@quiet
class _Range(NamedTuple):
    """One member of `Accept`."""

    name: str
    parameters: frozenset[str]
    weight: float
    place: int
    """The later, the smaller."""


@lru_cache(maxsize=128)
def liked_type(accept: str | None) -> str | None:
    """The media type that the client likes best of ours (RFC 9110, section 12.5.1); None where it takes none.

    Nothing said means the specification's own type (its legacy watershed); "anything" means the older one, because
    who says that has not shown to know the newer. Events are for who takes nothing else: urql names them always.
    """
    if not accept:
        return GRAPHQL
    if liked := _liked_whole(_ranges(accept)):
        return liked[1]
    if liked_draft(accept) or liked_stream(accept) == EVENT_PARTS:
        # Parts are JSON, and what has none is one.
        return JSON
    return liked_stream(accept)


@lru_cache(maxsize=128)
def liked_stream(accept: str | None) -> str | None:
    """In which of our ways a subscription's answers are liked best: EVENTS, EVENT_PARTS, or None where none is named.

    "Anything" names none: it waits for an end.
    """
    named: list[tuple[float, int, str]] = []
    for one in _ranges(accept or ""):
        if one.name == EVENTS and one.weight > 0:
            named.append((one.weight, one.place, EVENTS))
        elif one.name == PARTS and one.weight > 0 and _SUBSCRIPTIONS in one.parameters:
            named.append((one.weight, one.place, EVENT_PARTS))
    return max(named)[2] if named else None


@lru_cache(maxsize=128)
def liked_draft(accept: str | None) -> str | None:
    """In the words of which draft parts are wanted (gateway/dialects.py); None where none are.

    That is where whole answers are liked better. Where they are liked as well, parts come: who names them reads them,
    and asked for them in the question. Who names no draft, as urql, reads the older one; but who takes the answers of a
    subscription so reads none of them.
    """
    ranges = _ranges(accept or "")
    liked = max((one for one in ranges if one.weight > 0 and _names_parts(one)), key=_liked_first, default=None)
    whole = _liked_whole(ranges)
    if liked is None or (whole is not None and whole[0] > liked.weight):
        return None
    return NEWER if f"incrementalspec={NEWER}" in liked.parameters else OLDER


def _names_parts(one: _Range) -> bool:
    return one.name == PARTS and (_SUBSCRIPTIONS not in one.parameters or bool(one.parameters & _DRAFTS))


def _liked_first(one: _Range) -> tuple[float, int]:
    return one.weight, one.place


def _liked_whole(ranges: list[_Range]) -> tuple[float, str] | None:
    """Which type of ours is liked best for a whole answer, and its weight; None where none is taken."""
    liked = [(liking, media_type) for media_type in (JSON, GRAPHQL) if (liking := _liking(ranges, media_type))]
    if not liked:
        return None
    liking, media_type = max(liked, key=lambda one: one[0])
    return liking[0], media_type


def _liking(ranges: list[_Range], media_type: str) -> tuple[float, int, int] | None:
    """How well a type is liked: weight, how exactly it was named, how early. None where it is not taken."""
    exactness = {media_type: 2, "application/*": 1, "*/*": 0}
    fitting = [(exactness[one.name], one.weight, one.place) for one in ranges if one.name in exactness]
    if not fitting:
        return None
    exact, weight, place = max(fitting)
    return (weight, exact, place) if weight > 0 else None


def _ranges(accept: str) -> list[_Range]:
    return [_range(one, place) for place, one in enumerate(_MEMBER.findall(accept))]


def _range(text: str, place: int) -> _Range:
    name, *parameters = _parts(text)
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    is_one = _WEIGHT.fullmatch(weight) is not None
    plain = frozenset(one.replace('"', "") for one in parameters)
    return _Range(name, plain, float(weight) if is_one else 0.0, -place)


def _parts(text: str) -> list[str]:
    """A media type and its parameters, in lower case."""
    return [one.strip().lower() for one in _PARAMETER.findall(text)] or [""]


@lru_cache(maxsize=128)
def content_type(text: str) -> tuple[str, str]:
    """The media type and the charset, in lower case."""
    kind, *parameters = _parts(text)
    charset = next((one.removeprefix("charset=") for one in parameters if one.startswith("charset=")), "")
    return kind, charset.strip('"')
