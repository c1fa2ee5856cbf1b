"""A cursor holds a place in one list, and shows nothing of it."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.records import RecordId
from adapters.windows import Position
from resolvers.kit.cursors import STORED, CursorSeal
from resolvers.kit.errors import BadUserInput

SEAL = CursorSeal("a secret")

# MongoDB keeps milliseconds.
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - the zone is given beside it
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
ORDERS = st.one_of(
    MOMENTS,
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.decimals(allow_nan=False),
    st.integers(0, 9),
)
PLACES = st.builds(Position, ORDERS, st.text(), st.binary(min_size=12, max_size=12).map(RecordId))
POSITIONS = st.dictionaries(st.text(min_size=1), PLACES, max_size=4)


@given(st.text(), POSITIONS)
def test_round_trip(name: str, positions: dict[str, Position]) -> None:
    """What a cursor was made of is what it opens to, for every source."""
    assert SEAL.open(name, SEAL.close(name, positions), "after") == positions


@given(POSITIONS)
def test_same_everywhere(positions: dict[str, Position]) -> None:
    """Every process with the same secret makes the same cursor of the same place."""
    assert SEAL.close("notes:1", positions) == CursorSeal("a secret").close("notes:1", positions)


@given(POSITIONS, st.integers(0), st.integers(0, 7))
def test_forged_cursor(positions: dict[str, Position], byte: int, bit: int) -> None:
    """A cursor of which a single bit was changed is refused."""
    sealed = bytearray(_bytes(SEAL.close("notes:1", positions)))
    sealed[byte % len(sealed)] ^= 1 << bit
    with pytest.raises(BadUserInput):
        SEAL.open("notes:1", base64.urlsafe_b64encode(sealed).decode().rstrip("="), "after")


@given(st.text())
def test_junk_cursor(junk: str) -> None:
    """Whatever is not a cursor is refused, by the name of the argument."""
    with pytest.raises(BadUserInput, match="`before` is not a cursor of this list"):
        SEAL.open("notes:1", junk, "before")


@given(st.text(), st.text(), POSITIONS)
def test_other_list(one: str, other: str, positions: dict[str, Position]) -> None:
    """A cursor of one list is refused for another."""
    cursor = SEAL.close(one, positions)
    if one != other:
        with pytest.raises(BadUserInput):
            SEAL.open(other, cursor, "after")


def test_other_secret() -> None:
    """A cursor of another gateway's secret is refused."""
    cursor = CursorSeal("another secret").close("notes:1", {})
    with pytest.raises(BadUserInput):
        SEAL.open("notes:1", cursor, "after")


def test_changed_alphabet() -> None:
    """A cursor with anything added to it is refused: it is to be sent back unchanged."""
    cursor = SEAL.close("notes:1", {})
    for changed in (cursor + "!", f" {cursor}", cursor + "\n", cursor[:5] + "#" + cursor[5:]):
        with pytest.raises(BadUserInput):
            SEAL.open("notes:1", changed, "after")


@given(st.decimals(allow_nan=False))
def test_nothing_readable(amount: Decimal) -> None:
    """A cursor shows neither the value nor the id that it holds."""
    place = Position(f"Ann Lee {amount}", "", RecordId("0123456789abcdef01234567"))
    sealed = _bytes(SEAL.close("customers:NAME", {STORED: place}))
    assert b"Ann" not in sealed
    assert b"0123456789" not in sealed


def _bytes(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
