"""What of a vendor's JSON can be kept?"""

import json
from typing import Any

import pytest

from adapters.contract.legible import read_json


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\ude00b"', "\ufffdb"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (b'"\xed\xa0\xbd\xed\xb8\x80 \xed\xa0\xbd"', "\U0001f600 \ufffd"),
        (rb'"a\u0000b"', "a\ufffdb"),
        (rb'"\u001B[31m\u007f"', "\ufffd[31m\ufffd"),
        (rb'"a\tb\r\nc\u000ad"', "a\tb\r\nc\nd"),
        ('"é\x7f"'.encode(), "é\ufffd"),
        (json.dumps("a\0").encode("utf-16"), "a\ufffd"),
        (rb'"\\u0000"', "\\u0000"),
        ('"plain é \U0001f600"'.encode(), "plain é \U0001f600"),
    ],
)
def test_legible(body: bytes, text: str) -> None:
    """What no text can keep becomes a sign that something stood there, and the rest is as it was."""
    assert read_json(body) == text


def test_names_and_depths() -> None:
    """Names are mended as values are, however deep they stand; other values stay as they are."""
    body = rb'{"a\u0000": {"b": [{"c\ud800": null, "d": 1.5, "e": true}]}}'
    expected: Any = {"a\ufffd": {"b": [{"c\ufffd": None, "d": 1.5, "e": True}]}}
    assert read_json(body) == expected
