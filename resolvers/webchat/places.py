"""How far has a tab seen its chat, so that what comes since is told once?

A tab's place is no moment but what it has seen: the newest messages by a mark of each as it then was. So a message that
was stored late is told, and so is one that was changed, in whichever order they come. A cursor holds the place.
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.records import STORED_ZONE, Document, RecordId, parse_id
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.errors import BadUserInput

REMEMBERED: Final = 40
"""Messages of whose changes a tab is told that was away: what is older has long been read."""

# Of a message its id's end and its state's beginning: together ten bytes, so that a cursor has some six hundred signs.
_KEY, _STATE, _ID = 6, 4, 12
_MARK = _KEY + _STATE
_HEAD: Final = struct.Struct(">q12s4s")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=STORED_ZONE)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NOBODY: Final = bytes(_STATE)
_BEGINNING: Final = -1


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """What a tab has seen."""

    floor: tuple[datetime, RecordId] | None = None
    """The oldest message of which it remembers how it was; None: it remembers all there were."""
    marks: Mapping[bytes, bytes] = field(default_factory=dict)
    agent: bytes = _NOBODY
    """A mark of the agent's name."""

    @property
    def where(self) -> dict[str, Any]:
        """What the messages match that are to be looked at."""
        if self.floor is None:
            return {}
        at, key = self.floor
        return {"sent_at": {"$gte": at}, "$or": [{"sent_at": {"$gt": at}}, {"_id": {"$gte": key}}]}

    def has(self, message: Document) -> bool:
        """Whether the tab has seen the message, however it was then."""
        return _key(message) in self.marks

    def is_changed(self, message: Document) -> bool:
        """Whether the message is another than when the tab saw it."""
        return self.marks.get(_key(message)) != _state(message)

    def behind(self, messages: Sequence[Document], told: Document | None = None) -> "Place":
        """The place of one who has seen of these what this one had, and the one that was told.

        `messages`: all behind the floor, the oldest first.
        """
        seen = [one for one in messages if one is told or self.has(one)]
        kept = seen[-REMEMBERED:]
        # Of one that it saw before and that is changed since it remembers how it was.
        marks = {_key(one): _state(one) if one is told else self.marks[_key(one)] for one in kept}
        floor = (kept[0]["sent_at"], kept[0]["_id"]) if len(seen) > REMEMBERED else self.floor
        return Place(floor, marks, self.agent)

    def knowing(self, agent: str | None) -> "Place":
        """The place of one who knows that this is the agent, too."""
        return Place(self.floor, self.marks, mark_of_agent(agent))


def place_at(messages: Sequence[Document], agent: str | None, *, is_whole: bool) -> Place:
    """The place of one who has seen these, the oldest first. `is_whole`: there are no earlier ones."""
    kept = messages[-REMEMBERED:]
    is_all = is_whole and len(kept) == len(messages)
    floor = None if is_all or not kept else (kept[0]["sent_at"], kept[0]["_id"])
    return Place(floor, {_key(one): _state(one) for one in kept}, mark_of_agent(agent))


def mark_of_agent(name: str | None) -> bytes:
    """By what a tab remembers who served it."""
    return _NOBODY if name is None else _digest("agent", name)


def cursor_of(seal: CursorSeal, talk: RecordId, place: Place) -> str:
    """The cursor of a place in the conversation."""
    at, key = place.floor or (None, None)
    moment = _BEGINNING if at is None else (at - _EPOCH) // _MILLISECOND
    head = _HEAD.pack(moment, key.binary if key else bytes(_ID), place.agent)
    return seal.sealed(_list(talk), head + b"".join(one + state for one, state in place.marks.items()))


def place_of(seal: CursorSeal, talk: RecordId, cursor: str) -> Place:
    """The place that a cursor of this conversation holds; raises BadUserInput for anything else."""
    plain = seal.opened(_list(talk), cursor)
    if plain is None or len(plain) < _HEAD.size:
        raise BadUserInput(
            "`after` is no cursor of this chat. Send the `cursor` of the last change that you were told, unchanged; or "
            "leave it out, and ask `chat` for what there is."
        )
    moment, key, agent = _HEAD.unpack_from(plain)
    rest = plain[_HEAD.size :]
    marks = {rest[n : n + _KEY]: rest[n + _KEY : n + _MARK] for n in range(0, len(rest), _MARK)}
    oldest = parse_id(key.hex())
    if moment == _BEGINNING or oldest is None:
        return Place(None, marks, agent)
    return Place((datetime.fromtimestamp(moment / 1000, UTC), oldest), marks, agent)


def _list(talk: RecordId) -> str:
    return f"chat {talk}"


def _key(message: Document) -> bytes:
    key: bytes = message["_id"].binary[-_KEY:]
    return key


def _state(message: Document) -> bytes:
    return _digest(*(str(message.get(name)) for name in ("status", "text", "withdrawn_at")))


def _digest(*words: str) -> bytes:
    return hashlib.blake2b("\x1f".join(words).encode("utf-8", "replace"), digest_size=_STATE).digest()
