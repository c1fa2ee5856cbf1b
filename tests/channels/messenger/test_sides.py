"""Who said something to whom, and what led them there, as it stands beside what was said."""

from typing import Any

import pytest

from adapters.contract.records import Talk
from tests.channels.messenger.double import item
from tests.channels.messenger.test_odd import read
from tests.channels.meta_graph import AT


def test_between_others() -> None:
    """What is told as said between two others is nobody's word to us, and is set aside for none of them."""
    for body in ({"message": {"mid": "m", "text": "Hello"}}, {"message": {"mid": "m", "text": "x", "is_echo": True}}):
        (event,) = read({"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": AT, **body})
        assert (event.records, event.who) == ((), None)
        assert "is between two others" in (event.unread or "")


@pytest.mark.parametrize("kind", [{"message": {"mid": "m", "text": "Hello"}}, {"postback": {"title": "Begin"}}])
def test_referral_beside(kind: dict[str, Any]) -> None:
    """How somebody came is their entry point, too, where it stands beside what they said and not in it."""
    (event,) = read(item(**kind, referral={"ref": "spring"}))
    (talk,) = (one for one in event.records if isinstance(one, Talk))
    assert talk.entry_point == {"channel": "messenger", "page": None, "referrer": "spring"}
    (odd,) = read(item(**kind, referral={"ref": 5}))
    assert (odd.unread, odd.records) == ("entry[0].messaging[0].referral.ref is no text", ())
