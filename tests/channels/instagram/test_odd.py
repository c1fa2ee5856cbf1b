"""Deliveries of Instagram's that stand in no sample, and come all the same."""

from typing import Any

import pytest

from adapters.channels.meta_messaging.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import File, Utterance
from tests.channels.instagram.double import ACCOUNT, IGSID, comment, enveloped, item, message
from tests.channels.meta_graph import AT

READER = Reader("instagram", ACCOUNT, "instagram")


def read(*items: Any, name: str = "messaging") -> list[Event]:
    """The events of a delivery that tells of these."""
    return READER.events(enveloped(*items, name=name))


@pytest.mark.parametrize("kind", ["page", "user", None])
def test_other_objects(kind: Any) -> None:
    """What was delivered of another object is none of this channel's."""
    with pytest.raises(BadPayload):
        READER.events({"object": kind, "entry": []})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "id is missing"),
        ({"id": "c"}, "from is missing"),
        ({"id": "c", "from": {}}, "from.id is missing"),
        ({"id": "c", "from": "kerry"}, "from is no object"),
        ({"id": "c", "from": {"id": "1"}, "text": 7}, "text is no text"),
        ("c", "has no object as its value"),
        (None, "has no object as its value"),
    ],
)
def test_odd_comments(value: Any, reason: str) -> None:
    """A comment that cannot be read is set aside, and the one beside it is read."""
    odd, good = read({"field": "comments", "value": value}, comment(), name="changes")
    assert reason in (odd.unread or "")
    assert good.key == "comment:c_1"


@pytest.mark.parametrize("more", [{"media": None}, {"media": {}}, {"text": None}, {"parent_id": "c_0"}])
def test_bare_comments(more: dict[str, Any]) -> None:
    """A comment that lacks a part is one without it."""
    (event,) = read(comment(**more), name="changes")
    assert event.records
    assert event.who is not None
    assert event.who.value == IGSID


@pytest.mark.parametrize("own", [{"id": ACCOUNT}, {"id": "7", "self_ig_scoped_id": ACCOUNT}])
def test_own_comments(own: dict[str, Any]) -> None:
    """What the account itself wrote under a post is no customer's."""
    (event,) = read(comment(**{"from": own}), name="changes")
    assert event.left_alone == "a comment of the company's own"


def test_comment_without_moment() -> None:
    """A comment has the moment of its entry; without one it is set aside."""
    (event,) = READER.events({"object": "instagram", "entry": [{"id": ACCOUNT, "changes": [comment()]}]})
    assert "has no moment" in (event.unread or "")


def test_comment_of_another_account() -> None:
    """A comment under another account's post is set aside."""
    (event,) = READER.events({"object": "instagram", "entry": [{"id": "9", "time": AT, "changes": [comment()]}]})
    assert "also_accounts does not name" in (event.unread or "")


def test_mention_with_author() -> None:
    """A mention that says by whom is heard as a comment."""
    told = {"media_id": "1", "comment_id": "c_9", "from": {"id": IGSID, "username": "kerry"}, "text": "@shop"}
    (event,) = read({"field": "mentions", "value": told}, name="changes")
    assert event.key == "comment:c_9"


@pytest.mark.parametrize("kind", ["share", "ig_reel", "reel", "ig_post", "post", "like_heart", "of_tomorrow"])
def test_shares(kind: str) -> None:
    """Whatever is shared is told in words by its kind, known or not, with or without an address."""
    (event,) = read(message(text=None, attachments=[{"type": kind}]))
    (said,) = (one for one in event.records if isinstance(one, Utterance))
    assert said.text == f"[{kind.replace('_', ' ')}]"


@pytest.mark.parametrize("kind", ["image", "video", "audio", "file", "story_mention", "ig_story", "ephemeral"])
def test_files(kind: str) -> None:
    """Whatever is a file is one, also where its address is not told any more."""
    (event,) = read(message(text=None, attachments=[{"type": kind, "payload": None}]))
    (file,) = (one for one in event.records if isinstance(one, File))
    assert (file.of, file.external_id) == ("m_1", "m_1/0")


def test_self() -> None:
    """What the account writes to itself is set aside: no customer is in it."""
    (event,) = read(item(person=ACCOUNT, message={"mid": "m", "is_echo": True, "is_self": True}))
    assert "names nobody" in (event.unread or "")
