"""In which media type is an answer wanted, and in which did a question come?"""

from functools import lru_cache
from typing import Final

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
PARTS: Final = "multipart/mixed"
NEWER: Final = "v0.2"
OLDER: Final = "20220824"


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
    if not liked and liked_draft(accept):
        # Parts are JSON, and what has none is one.
        return JSON
    if not liked:
        return EVENTS if takes_events(accept) else None
    return max(liked, key=lambda one: one[0])[1]


@lru_cache(maxsize=128)
def takes_events(accept: str | None) -> bool:
    """Whether events are named among what is accepted. "Anything" does not name them: it waits for an end."""
    ranges = [_range(one, place) for place, one in enumerate((accept or "").split(","))]
    return any(name == EVENTS and weight > 0 for name, weight, _ in ranges)


@lru_cache(maxsize=128)
def liked_draft(accept: str | None) -> str | None:
    """In the words of which draft parts are taken (gateway/dialects.py); None where no parts are.

    Who names no draft, as urql, reads the older one.
    """
    for one in (accept or "").split(","):
        name, weight, _ = _range(one, 0)
        if name == PARTS and weight > 0:
            parameters = {part.strip().lower().replace('"', "") for part in one.split(";")}
            return NEWER if f"incrementalspec={NEWER}" in parameters else OLDER
    return None


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
