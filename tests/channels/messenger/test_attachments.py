"""What came with a message is told beside its words, as far as it can be read, and spoils none of them."""

from typing import Any

import pytest

from adapters.contract.records import File
from tests.channels.messenger.double import message
from tests.channels.messenger.test_odd import read, said


@pytest.mark.parametrize("url", ["http://[", "x" * 3000, "", None, "https://cdn.example.com/", "https://a/%00.jpg"])
def test_files_without_a_name(url: Any) -> None:
    """A file whose address shows no name is told by its kind."""
    (event,) = read(message(text=None, attachments=[{"type": "image", "payload": {"url": url}}]))
    assert [one.name for one in event.records if type(one).__name__ == "File"] == ["image"]


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"payload": {"url": "https://x/y.jpg"}}, "\n[attachment: https://x/y.jpg]"),
        ({"type": None, "title": "Lamp"}, "\n[attachment: Lamp]"),
        ({"type": [], "title": 7, "url": {}}, "\n[attachment]"),
        ({"type": "", "payload": None}, "\n[attachment]"),
        ({"type": "template", "payload": []}, "\n[template]"),
        ({"type": "fallback", "payload": "x"}, "\n[fallback]"),
        ({"type": "image", "payload": []}, ""),
        (7, "\n[attachment]"),
        ({}, "\n[attachment]"),
    ],
)
def test_odd_attachments(odd: Any, told: str) -> None:
    """What is odd of an attachment spoils no words: they come in, and what is known of it beside them."""
    picture = {"type": "image", "payload": {"url": "https://x/lamp.png"}}
    (event,) = read(message(text="Look", attachments=[picture, odd]))
    assert (event.unread, said(event).text) == (None, f"Look{told}")
    assert next(one.name for one in event.records if isinstance(one, File)) == "lamp.png"
