"""An id names one thing for ever, and is opaque."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.records import RecordId
from resolvers.kit.errors import BadUserInput
from resolvers.kit.ids import global_id, key_of, require_key, split_id

KEYS = st.binary(min_size=12, max_size=12).map(RecordId)
TYPES = st.from_regex(r"[A-Z][A-Za-z]{0,30}", fullmatch=True)


@given(TYPES, KEYS)
def test_id_round_trip(type_name: str, key: RecordId) -> None:
    """An id gives back the type and the storage id of which it was made."""
    assert split_id(global_id(type_name, key)) == (type_name, key)


@given(st.text())
def test_junk_id(junk: str) -> None:
    """A text that is no id names nothing and breaks nothing."""
    assert split_id(junk) is None


@given(TYPES, KEYS, st.text(min_size=1))
def test_changed_id(type_name: str, key: RecordId, more: str) -> None:
    """An id with anything added is no id of the same thing."""
    assert split_id(global_id(type_name, key) + more) != (type_name, key)


@given(KEYS)
def test_wrong_type(key: RecordId) -> None:
    """The id of one type is no id of another."""
    assert key_of(global_id("Note", key), "Customer") is None


@pytest.mark.parametrize("text", ["", "Customer:1", base64.urlsafe_b64encode(b"Customer:xyz").decode()])
def test_id_advice(text: str) -> None:
    """A wrong id is told by its argument's name and its length, with what to send."""
    with pytest.raises(
        BadUserInput, match=r"`filter.agentId` is no id of type Agent, .* Send the `id` of one"
    ) as caught:
        require_key(text, "Agent", "filter.agentId")
    assert f"{len(text)} characters" in str(caught.value)


def test_id_not_quoted() -> None:
    """Whatever stands in the place of an id is not quoted: it may be somebody's number or name."""
    for text in ("+573001234567", "Zimmermann", "x" * 5000):
        with pytest.raises(BadUserInput) as caught:
            require_key(text, "Customer", "id")
        assert text not in str(caught.value)
