"""Whatever happens while a tab is away, is each change told once, and is a cursor what was sealed?"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.records import derived_id, new_id
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.errors import BadUserInput
from resolvers.webchat.places import REMEMBERED, Place, cursor_of, place_at, place_of
from tests.makers import BEGIN

SEAL, TALK = CursorSeal("a sample secret for tests"), new_id()


def message(n: int, at: int, text: str = "a") -> dict[str, Any]:
    """A message."""
    return {
        "_id": derived_id("m", str(n)),
        "sent_at": BEGIN + timedelta(milliseconds=at),
        "text": text,
        "status": "SENT",
    }


def told(place: Place, there: list[dict[str, Any]]) -> tuple[Place, list[tuple[Any, str]]]:
    """What is told of what there is to whoever is at the place, and where they are then; by way of their cursors."""
    heard = []
    ordered = sorted(there, key=lambda one: (one["sent_at"], one["_id"]))
    seen = [one for one in ordered if place.floor is None or (one["sent_at"], one["_id"]) >= place.floor]
    for one in [one for one in seen if place.is_changed(one)]:
        place = place.behind(seen, one)
        place = place_of(SEAL, TALK, cursor_of(SEAL, TALK, place))
        heard.append((one["_id"], one["text"]))
    return place, heard


# Of each step: which messages are added, at which moments, and which of the newest are changed.
STEPS = st.lists(
    st.tuples(st.lists(st.integers(0, 500), max_size=12), st.lists(st.integers(1, REMEMBERED), max_size=4)), max_size=8
)


@given(steps=STEPS)
def test_each_change_once(steps: list[tuple[list[int], list[int]]]) -> None:
    """Each new message is told once, and each change of one of the newest once, in whatever order they are stored."""
    there: list[dict[str, Any]] = []
    place, count = place_at([], None, is_whole=True), 0
    for n, (moments, changed) in enumerate(steps):
        newest = sorted(there, key=lambda one: (one["sent_at"], one["_id"]))[-REMEMBERED:]
        wanted = set()
        for one in changed:
            if one <= len(newest):
                newest[-one]["text"] = f"changed {n}"
                wanted.add((newest[-one]["_id"], f"changed {n}"))
        # None so late that it stands behind all that is remembered.
        floor = 500 * n
        for at in moments:
            count += 1
            there.append(message(count, floor + at))
            wanted.add((there[-1]["_id"], "a"))
        place, heard = told(place, there)
        assert (set(heard), len(heard)) == (wanted, len(wanted))
        assert told(place, there)[1] == []


@pytest.mark.parametrize("size", [0, 1, REMEMBERED, REMEMBERED + 1, 3 * REMEMBERED])
def test_cursors_hold(size: int) -> None:
    """What a cursor holds is the place that was sealed, and a cursor has a bounded length."""
    there = [message(n, n // 3) for n in range(size)]
    place = place_at(sorted(there, key=lambda one: (one["sent_at"], one["_id"])), "Berta", is_whole=True)
    cursor = cursor_of(SEAL, TALK, place)
    assert place_of(SEAL, TALK, cursor) == place
    assert len(cursor) < 700
    assert told(place, there)[1] == []


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "A" * 3_000])
def test_no_cursors(cursor: str) -> None:
    """What was not sealed for this chat is refused."""
    with pytest.raises(BadUserInput, match="after"):
        place_of(SEAL, TALK, cursor)
    with pytest.raises(BadUserInput):
        place_of(SEAL, new_id(), cursor_of(SEAL, TALK, place_at([], None, is_whole=True)))
