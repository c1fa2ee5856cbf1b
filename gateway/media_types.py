"""In which media type is an answer wanted, and in which did a question come?"""

from functools import lru_cache
from typing import Final

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


@lru_cache(maxsize=128)
def liked_type(accept: str | None) -> str | None:
    """The media type that the client likes best of ours (RFC 9110, section 12.5.1); None where it takes none.

    Nothing said means the specification's own type (its legacy watershed); "anything" means the older one, because
    who says that has not shown to know the newer. Events are for who takes nothing else: urql names them always.
    """
    if not accept:
        return GRAPHQL
    ranges = [_range(one, place) for place, one in enumerate(accept.split(","))]
    liked = [(liking, media_type) for media_type in (JSON, GRAPHQL) if (liking := _liking(ranges, media_type))]
    if not liked and (liked_draft(accept) or liked_stream(accept) == EVENT_PARTS):
        # Parts are JSON, and what has none is one.
        return JSON
    if not liked:
        return liked_stream(accept)
    return max(liked, key=lambda one: one[0])[1]


@lru_cache(maxsize=128)
def liked_stream(accept: str | None) -> str | None:
    """In which of our ways a subscription's answers are liked best: EVENTS, EVENT_PARTS, or None where none is named.

    "Anything" names none: it waits for an end.
    """
    named: list[tuple[float, int, str]] = []
    for place, one in enumerate((accept or "").split(",")):
        name, weight, _ = _range(one, place)
        if name == EVENTS and weight > 0:
            named.append((weight, -place, EVENTS))
        elif name == PARTS and weight > 0 and _SUBSCRIPTIONS in _parameters(one):
            named.append((weight, -place, EVENT_PARTS))
    return max(named)[2] if named else None


@lru_cache(maxsize=128)
def liked_draft(accept: str | None) -> str | None:
    """In the words of which draft parts are taken (gateway/dialects.py); None where no parts are.

    Who names no draft, as urql, reads the older one; but who takes the answers of a subscription so reads none of them.
    """
    for one in (accept or "").split(","):
        name, weight, _ = _range(one, 0)
        parameters = _parameters(one)
        if name == PARTS and weight > 0 and (_SUBSCRIPTIONS not in parameters or parameters & _DRAFTS):
            return NEWER if f"incrementalspec={NEWER}" in parameters else OLDER
    return None


def _parameters(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower().replace('"', "") for part in text.split(";")[1:])


def _range(text: str, place: int) -> tuple[str, float, int]:
    name, *parameters = (one.strip().lower() for one in text.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return name, float(weight), -place
    except ValueError:
        return name, 0.0, -place


def _liking(ranges: list[tuple[str, float, int]], media_type: str) -> tuple[float, int, int] | None:
    """How well a type is liked: weight, how exactly it was named, how early. None where it is not taken."""
    exactness = {media_type: 2, "application/*": 1, "*/*": 0}
    fitting = [(exactness[name], weight, place) for name, weight, place in ranges if name in exactness]
    if not fitting:
        return None
    exact, weight, place = max(fitting)
    return (weight, exact, place) if weight > 0 else None


@lru_cache(maxsize=128)
def content_type(text: str) -> tuple[str, str]:
    """The media type and the charset, in lower case."""
    kind, *parameters = (one.strip().lower() for one in text.split(";"))
    charset = next((one.removeprefix("charset=") for one in parameters if one.startswith("charset=")), "")
    return kind, charset.strip('"')
